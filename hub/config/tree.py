"""What a configuration file says, with the place of every key and value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hub.model.problem import Position

Scalar = str | int | float | bool | None
SHORTEST_WORD = 4  # shorter secrets are hidden where they stand, not wherever they occur

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Node:
    """One value: a scalar, a list of nodes, or a mapping of entries.

    - `end`: line and column just behind the value, so that it can be masked.
    - `secret`: it came from `!secret` or `!env`, or stands in a secret field; never echoed.
    - `broken`: a problem at it was told already; what it should have been is not known.
    - `size`: the number of values in it, aliases counted as often as they are used.
    """

    position: Position
    end: tuple[int, int]
    value: Scalar | list[Node] | dict[str, Entry]
    secret: bool = False
    broken: bool = False
    size: int = 1

    @property
    def entries(self) -> dict[str, Entry]:
        """The entries of a mapping; none for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The items of a list; none for anything else."""
        return self.value if isinstance(self.value, list) else []

    @property
    def is_block(self) -> bool:
        """Whether there may be more values in it."""
        return isinstance(self.value, dict | list)

    def child(self, part: str | int) -> Node | None:
        if isinstance(part, str):
            entry = self.entries.get(part)
            return entry.node if entry else None
        return self.items[part] if 0 <= part < len(self.items) else None


@dataclass(slots=True)
class Entry:
    """One key of a mapping with its place, and its value."""

    key: Position
    node: Node


@dataclass(frozen=True, slots=True)
class Excerpts:
    """The lines of the files that were read, and what of them must not be shown.

    `masks` are spans (first line and column, last line and column behind it). Files in `hidden`
    are not shown at all; in `unparsed` ones, masks are guessed. `words` are secrets wherever they
    stand.
    """

    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    masks: dict[str, list[tuple[tuple[int, int], tuple[int, int]]]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    unparsed: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    def hide(self, node: Node) -> None:
        """Never show this value where it stands."""
        span = (node.position.line, node.position.column), node.end
        self.masks.setdefault(node.position.file, []).append(span)

    def mask(self, node: Node) -> None:
        """Never show this secret, nor its text anywhere. (What came by `!secret` shows by its
        name.)"""
        for _, leaf in leaf_paths(node):
            if leaf.secret:
                continue
            leaf.secret = True
            self.hide(leaf)
            text = "" if leaf.value is None else str(leaf.value)
            if len(text) >= SHORTEST_WORD:
                self.words.add(text)


def plain(node: Node) -> Any:
    """The node as plain Python values."""
    value = node.value
    if isinstance(value, dict):
        return {key: plain(entry.node) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def leaf_paths(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """All scalars in a node, each with its path."""
    for key, entry in node.entries.items():
        yield from leaf_paths(entry.node, (*path, key))
    for index, item in enumerate(node.items):
        yield from leaf_paths(item, (*path, index))
    if not isinstance(node.value, (dict, list)):
        yield path, node


def at(node: Node, path: Sequence[str | int]) -> tuple[Node, Position]:
    """The value at a path, or the nearest one above it; and the place to show for it: of the
    value itself, or of its key where the value is a block."""
    shown = node.position
    for part in path:
        if isinstance(part, int) and not isinstance(node.value, list):
            continue  # the only item of a list whose brackets were left out
        child = node.child(part)
        if child is None:
            break
        node, shown = child, _shown(node, part, child)
    return node, shown


def _shown(parent: Node, part: str | int, child: Node) -> Position:
    block = isinstance(child.value, (dict, list)) and child.end[0] > child.position.line
    if isinstance(part, str) and (block or child.value is None):
        return parent.entries[part].key
    return child.position


def without(node: Node, paths: Sequence[Path]) -> Node:
    """A copy of the node without the values at these paths; the node itself where () is among
    them is not cut."""
    heads: dict[str | int, list[Path]] = {}
    for path in paths:
        if path:
            heads.setdefault(path[0], []).append(path[1:])
    if not heads:
        return node
    if isinstance(node.value, dict):
        kept = {
            key: Entry(entry.key, without(entry.node, heads.get(key, [])))
            for key, entry in node.value.items()
            if () not in heads.get(key, [])
        }
        return replace(node, value=kept)
    if isinstance(node.value, list):
        items = [
            without(item, heads.get(index, []))
            for index, item in enumerate(node.value)
            if () not in heads.get(index, [])
        ]
        return replace(node, value=items)
    return node


def words_of(node: Node) -> set[str]:
    """Every key and every text in a node, without secrets."""
    found = {part for path, _ in leaf_paths(node) for part in path if isinstance(part, str)}
    return found | {
        leaf.value
        for _, leaf in leaf_paths(node)
        if isinstance(leaf.value, str) and not leaf.secret
    }
