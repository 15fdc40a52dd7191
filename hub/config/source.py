"""Reads YAML into a tree that knows the place of everything, and follows what it includes.

Beyond YAML there are four tags, and no others:

- `!secret NAME`: the value of NAME in `secrets.yaml` beside the file, else beside the main one;
- `!env NAME`: a variable of the hub's environment;
- `!include FILE`: what stands in another file, its path seen from this one;
- `!include_dir FOLDER`: all `*.yaml` files of a folder in the order of their names: their lists
  joined to one list, or their mappings to one mapping in which no key may come twice.

Anchors, aliases and `<<` work as YAML 1.1 has them. Nothing outside the folder of the main file is
read. Secrets and variables of the environment are always text.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

import yaml

from hub.config.files import SECRETS, Files, Unreadable
from hub.config.parse import Parser, TooMuch
from hub.config.syntax import LINE_END, is_utf16, undecodable, unreadable
from hub.config.tree import SHORTEST_WORD, Entry, Excerpts, Node
from hub.config.words import close_match, shorten
from hub.model.problem import Position, Problem
from hub.model.said import said

MAX_FILES = 50  # included files, counted as often as they are included
MAX_VALUES = 500_000  # in all, aliases counted as often as they are used; 20,000 automations


@dataclass(slots=True)
class Source:
    """A configuration as it was written; `root` is None where the main file is not YAML."""

    root: Node | None
    problems: list[Problem]
    excerpts: Excerpts = field(repr=False)


def read(files: Files, folder: str = "") -> Source:
    """Read the main file and all that it includes; `folder` stands before the names of files in
    positions. Never raises: what is wrong is in `problems`."""
    reader = _Reader(files, folder)
    root = reader.file(files.main, None)
    if root is not None and root.value is None and not root.broken and not reader.problems:
        reader.tell(
            said("the file is empty"),
            root.position,
            said("begin with: hub: {name: NAME OF THE TOWN}"),
        )
        root = None
    if root is None:  # so no model will tell what is secret
        reader.excerpts.unparsed.update(reader.excerpts.lines)
    return Source(root, reader.problems, reader.excerpts)


class _Reader:
    """One reading: follows tags, counts, and collects problems."""

    def __init__(self, files: Files, folder: str) -> None:
        self.problems: list[Problem] = []
        self.excerpts = Excerpts()
        self._files = files
        self._folder = folder
        self._stack: list[str] = []
        self._included = 0
        self._values = 0
        self._secrets: dict[str, Node | None] = {}

    def tell(self, message: str, position: Position, hint: str | None = None) -> None:
        self.problems.append(Problem(message, position, hint))

    def count(self, values: int, position: Position) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            raise TooMuch(
                said(
                    "here the configuration grows beyond %(number)s values",
                    number=f"{MAX_VALUES:,}",
                ),
                position,
                said("an alias counts as all that it repeats"),
            )

    def shown(self, name: str) -> str:
        return str(PurePosixPath(self._folder) / name)

    def file(self, name: str, asked: Node | None) -> Node | None:
        """The tree of a file; None, and a problem, where there is none."""
        shown = self.shown(name)
        here = Position(shown, 1, 1)
        try:
            content = self._files.read(name)
        except Unreadable as why:
            position = asked.position if asked else here
            self.tell(
                said("cannot read %(name)s: %(why)s", name=shorten(name), why=why.args[0]), position
            )
            return None
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.problems.append(undecodable(shown, content, error))
            if not is_utf16(content):
                self._remember(name, shown, content.decode("utf-8-sig", "replace"))
                self.excerpts.unparsed.add(shown)
            return None
        self._remember(name, shown, text)
        return self._parse(name, shown, text)

    def _remember(self, name: str, shown: str, text: str) -> None:
        self.excerpts.lines[shown] = tuple(LINE_END.split(text))
        if PurePosixPath(name).name == SECRETS:
            self.excerpts.hidden.add(shown)

    def _parse(self, name: str, shown: str, text: str) -> Node | None:
        self._stack.append(name)
        try:
            secrets = PurePosixPath(name).name == SECRETS
            return Parser(self, shown, text, only_text=secrets).document()
        except TooMuch as too_much:
            if len(self._stack) > 1:
                raise
            self.problems.append(too_much.problem)
            return None
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            self.problems.append(unreadable(shown, text, error))
            self.excerpts.unparsed.add(shown)
            return None
        finally:
            self._stack.pop()

    def tag(self, tag: str, node: Node) -> Node:
        """What a tagged scalar stands for."""
        follow = {
            "!secret": self._secret,
            "!env": self._env,
            "!include": self._include,
            "!include_dir": self._include_dir,
        }.get(tag)
        if follow is None:
            close = close_match(tag, ["!secret", "!env", "!include", "!include_dir"])
            hint = close or said("there are !secret, !env, !include and !include_dir")
            self.tell(said("unknown tag"), node.position, hint)
            return replace(node, broken=True)
        if not isinstance(node.value, str) or not node.value.strip() or "\0" in node.value:
            self.tell(said("a name must follow %(tag)s", tag=tag), node.position)
            return replace(node, broken=True)
        return follow(node, node.value.strip())

    def _env(self, node: Node, name: str) -> Node:
        try:
            value = self._files.env(name)
        except Unreadable as why:
            self.tell(
                said("no variable %(name)s: %(why)s", name=shorten(name), why=why.args[0]),
                node.position,
            )
            return _lacking(node)
        return self._hidden(node, value)

    def _hidden(self, node: Node, value: str) -> Node:
        if len(value) >= SHORTEST_WORD:
            self.excerpts.words.add(value)
        return replace(node, value=value, secret=True)

    def _secret(self, node: Node, name: str) -> Node:
        here = PurePosixPath(self._stack[-1]).parent / SECRETS
        known: list[str] = []
        found = False
        for place in dict.fromkeys((str(here), SECRETS)):
            secrets = self._secrets_of(place)
            if secrets is None:
                continue
            if secrets.broken:
                return _lacking(node)
            found = True
            entry = secrets.entries.get(name)
            if entry is not None:
                return self._secret_value(node, name, entry)
            known += secrets.entries
        if not found:
            self.tell(
                said("no secret %(name)s: there is no %(file)s", name=shorten(name), file=SECRETS),
                node.position,
                said(
                    "write %(what)s into %(file)s (mode 600)",
                    what=shorten(f"{name}: ..."),
                    file=self.shown(SECRETS),
                ),
            )
        else:
            hint = close_match(name, known) or said("add it to %(file)s", file=self.shown(SECRETS))
            self.tell(
                said("no secret %(name)s in %(file)s", name=shorten(name), file=SECRETS),
                node.position,
                hint,
            )
        return _lacking(node)

    def _secret_value(self, node: Node, name: str, entry: Entry) -> Node:
        value = entry.node.value
        if entry.node.broken:
            return _lacking(node)
        if not isinstance(value, str) or not value:
            self.tell(
                said("the secret %(name)s is no text", name=shorten(name)),
                node.position,
                said("write one value behind its ':'"),
            )
            return _lacking(node)
        return self._hidden(node, value)

    def _secrets_of(self, name: str) -> Node | None:
        if name not in self._secrets:
            try:
                self._files.read(name)
            except Unreadable:
                self._secrets[name] = None
            else:
                broken = Node(Position(self.shown(name), 1, 1), (1, 1), None, broken=True)
                self._secrets[name] = self.file(name, None) or broken
        return self._secrets[name]

    def _include(self, node: Node, name: str) -> Node:
        path = self._path(name)
        if PurePosixPath(path).name == SECRETS:
            self.tell(
                said("%(file)s is not included", file=SECRETS),
                node.position,
                said("use !secret NAME for each value"),
            )
            return _lacking(node)
        return self._included_file(node, path) or _lacking(node)

    def _path(self, name: str) -> str:
        parts: list[str] = []
        for part in (PurePosixPath(self._stack[-1]).parent / name).parts:
            if part == ".." and parts and parts[-1] not in ("..", "/"):
                parts.pop()
            else:
                parts.append(part)
        return str(PurePosixPath(*parts))

    def _included_file(self, node: Node, path: str) -> Node | None:
        if path in self._stack:
            way = " -> ".join([*self._stack[self._stack.index(path) :], path])
            self.tell(said("files include each other without end: %(way)s", way=way), node.position)
            return None
        self._included += 1
        if self._included > MAX_FILES:
            if self._included == MAX_FILES + 1:
                self.tell(
                    said("more than %(number)s files are included", number=MAX_FILES), node.position
                )
            return None
        return self.file(path, node)

    def _include_dir(self, node: Node, name: str) -> Node:
        path = self._path(name)
        try:
            names = self._files.list(path)
        except Unreadable as why:
            self.tell(
                said(
                    "cannot read the folder %(name)s: %(why)s", name=shorten(name), why=why.args[0]
                ),
                node.position,
            )
            return _lacking(node)
        trees = [self._included_file(node, each) for each in names]
        whole = [tree for tree in trees if tree is not None]
        broken = len(whole) < len(trees)
        filled = [tree for tree in whole if tree.value is not None]
        if all(isinstance(tree.value, list) for tree in filled) and filled:
            items = [item for tree in filled for item in tree.items]
            return replace(node, value=items, broken=broken)
        if all(isinstance(tree.value, dict) for tree in filled) and filled:
            return replace(node, value=self._merged(filled), broken=broken)
        if not broken:
            self.tell(
                said(
                    "the files of the folder %(name)s are not all lists, or all mappings",
                    name=shorten(name),
                )
                if filled
                else said(
                    "the folder %(name)s has no .yaml file with anything in it", name=shorten(name)
                ),
                node.position,
            )
        return _lacking(node)

    def _merged(self, trees: list[Node]) -> dict[str, Entry]:
        merged: dict[str, Entry] = {}
        for tree in trees:
            for key, entry in tree.entries.items():
                if key in merged:
                    self.repeated(key, merged[key].key, entry.key)
                    self.drop(entry.node)
                else:
                    merged[key] = entry
        return merged

    def drop(self, node: Node) -> None:
        """Hide a value that is in no tree: nobody will know whether it is a secret."""
        self.excerpts.hide(node)

    def repeated(self, key: str, first: Position, second: Position) -> None:
        """Tell of a key that comes twice, with both places."""
        where = f"{first.file}:{first.line}"
        if first.file == second.file:
            where = said("line %(number)s", number=first.line)
        self.tell(
            said("the key %(key)s was used before, in %(where)s", key=shorten(key), where=where),
            second,
            said("keep one of the two"),
        )


def _lacking(node: Node) -> Node:
    """A tag's place whose value could not be had; its text is a name, which may be shown."""
    return replace(node, broken=True, secret=True)
