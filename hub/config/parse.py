"""From PyYAML's events to a tree with places."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

import yaml

from hub.config.scalars import read_plain
from hub.config.tree import Entry, Node
from hub.config.words import shorten
from hub.model.problem import Position, Problem
from hub.model.said import said

Event = Any  # PyYAML's types take every mark and tag for possibly absent

MAX_DEPTH = 40  # blocks in blocks; a town needs about ten

_QUICK: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # where PyYAML was built without it

_STANDARD = {
    "!",
    "tag:yaml.org,2002:str",
    "tag:yaml.org,2002:map",
    "tag:yaml.org,2002:seq",
}


class TooMuch(Exception):
    """More than any configuration has, as in an alias bomb: reading ends here."""

    def __init__(self, message: str, position: Position, hint: str | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(message, position, hint)


class Reading(Protocol):
    """What a parser asks of the reading that it is part of."""

    def tell(self, message: str, position: Position, hint: str | None = None) -> None: ...

    def count(self, values: int, position: Position) -> None:
        """Raises TooMuch."""
        ...

    def repeated(self, key: str, first: Position, second: Position) -> None: ...

    def drop(self, node: Node) -> None:
        """A value that is in no tree: nobody will know whether it is a secret."""
        ...

    def tag(self, tag: str, node: Node) -> Node: ...


def _events(text: str) -> Iterator[Event]:
    """What stands in the text, piece by piece. Raises as Parser does.

    libyaml is ten times as quick, and PyYAML's own parser says better what is wrong: so what the
    one has refused is read by the other, and so is a text with tabs or byte order marks, which they
    may read as different values. (To go through it beforehand costs little time, and to keep all
    pieces would cost much memory.)
    """
    if "\t" in text or "\ufeff" in text:
        return yaml.parse(text, Loader=yaml.SafeLoader)
    try:
        deque(yaml.parse(text, Loader=_QUICK), maxlen=0)
    except (yaml.YAMLError, ValueError):
        return yaml.parse(text, Loader=yaml.SafeLoader)
    return yaml.parse(text, Loader=_QUICK)


class Parser:
    """Parses one file; with `only_text`, every scalar is text. Raises yaml.YAMLError, TooMuch,
    and, at an escape beyond the end of Unicode, ValueError or OverflowError."""

    def __init__(self, reading: Reading, file: str, text: str, *, only_text: bool) -> None:
        self._reading = reading
        self._file = file
        self._events = _events(text)
        self._anchors: dict[str, Node | None] = {}
        self._only_text = only_text

    def document(self) -> Node:
        """The file's one document; a null where the file is empty."""
        next(self._events)  # the start of the stream
        event = next(self._events)
        if not isinstance(event, yaml.DocumentStartEvent):
            return Node(Position(self._file, 1, 1), (1, 1), None)
        root = self._node(next(self._events), 0)
        next(self._events)  # the end of the document
        event = next(self._events)
        if isinstance(event, yaml.DocumentStartEvent):
            self._reading.tell(
                said("a second document begins here"),
                self._at(event),
                said("one file holds one: delete the '---'"),
            )
        return root

    def _at(self, event: Event) -> Position:
        start, end = event.start_mark, event.end_mark
        length = end.column - start.column if end.line == start.line else 1
        return Position(self._file, start.line + 1, start.column + 1, max(1, length))

    def _node(self, event: Event, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        anchor: str | None = event.anchor
        if anchor is not None:
            self._anchors[anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif depth >= MAX_DEPTH:
            raise TooMuch(
                said("more than %(number)s blocks stand in each other", number=MAX_DEPTH),
                self._at(event),
            )
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._list(event, depth)
        else:
            node = self._mapping(event, depth)
        self._reading.count(1, node.position)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _alias(self, event: Event) -> Node:
        position = self._at(event)
        target = self._anchors.get(event.anchor)
        if target is not None:
            self._reading.count(target.size, position)
            return target
        if event.anchor in self._anchors:
            message = said("an alias stands inside of what it repeats")
        else:
            message = said("an alias '*' without its anchor '&'")
        self._reading.tell(message, position, said("put quotes around a text that begins with '*'"))
        return Node(position, _end(event), None, broken=True)

    def _scalar(self, event: Event) -> Node:
        node = Node(self._at(event), _end(event), event.value)
        if not _is_text(event.value):
            self._reading.tell(said("an escape that is no character"), node.position)
            return replace(node, value="", broken=True)
        if event.tag is None:
            if event.implicit[0] and not self._only_text:
                node.value = read_plain(event.value)
            return node
        if event.tag in _STANDARD:
            return node
        return self._reading.tag(event.tag, node)

    def _list(self, event: Event, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(inner, depth + 1))
        return self._closed(event, inner, items, sum(item.size for item in items))

    def _mapping(self, event: Event, depth: int) -> Node:
        entries: dict[str, Entry] = {}
        merges: list[Node] = []
        while not isinstance(inner := next(self._events), yaml.MappingEndEvent):
            key = self._key(inner, depth)
            value = self._node(next(self._events), depth + 1)
            if key is None:
                self._reading.drop(value)
                continue
            name, position, plain = key
            if name == "<<" and plain:
                merges += value.items or [value]
            elif name in entries:
                self._reading.repeated(name, entries[name].key, position)
                self._reading.drop(value)
            else:
                entries[name] = Entry(position, value)
        for source in merges:
            self._merge(source, entries)
        size = sum(entry.node.size for entry in entries.values())
        return self._closed(event, inner, entries, size)

    def _merge(self, source: Node, entries: dict[str, Entry]) -> None:
        if not isinstance(source.value, dict) and not source.broken:
            self._reading.tell(
                said("'<<' takes a mapping"), source.position, said("as in '<<: *name'")
            )
            self._reading.drop(source)
        self._reading.count(source.size, source.position)
        for name, entry in source.entries.items():
            entries.setdefault(name, entry)

    def _key(self, event: Event, depth: int) -> tuple[str, Position, bool] | None:
        """A key is the text that stands there, whatever YAML would make of it."""
        position = self._at(event)
        if isinstance(event, yaml.ScalarEvent) and event.tag in (None, *_STANDARD):
            if event.anchor is not None:
                self._anchors[event.anchor] = Node(position, _end(event), event.value)
            self._reading.count(1, position)
            if _is_text(event.value):
                return event.value, position, event.implicit[0]
        elif isinstance(event, yaml.AliasEvent):
            node = self._alias(event)
            if isinstance(node.value, str):
                return node.value, position, False
            if node.broken:
                return None
        elif isinstance(event, yaml.CollectionStartEvent):
            self._node(event, depth + 1)
        braces = isinstance(event, yaml.MappingStartEvent) and event.flow_style
        hint = said('a template stands in quotes: "{{ ... }}"') if braces else None
        self._reading.tell(said("a key is one word or text"), position, hint)
        return None

    def _closed(
        self, start: Event, end: Event, value: list[Node] | dict[str, Entry], size: int
    ) -> Node:
        tag: str | None = start.tag
        position = self._at(start)
        if start.flow_style and end.end_mark.line == start.start_mark.line:
            position = _of_length(position, end.end_mark.column - start.start_mark.column)
        elif isinstance(value, dict) and value and not start.flow_style:
            position = _of_length(position, next(iter(value.values())).key.length)
        node = Node(position, _end(end), value, size=size + 1)
        if tag is not None and tag not in _STANDARD:
            self._reading.tell(
                said("the tag %(tag)s stands before a single word only", tag=shorten(tag)), position
            )
            node.broken = True
        return node


def _of_length(position: Position, length: int) -> Position:
    return Position(position.file, position.line, position.column, length)


def _is_text(value: str) -> bool:
    """Whether it has no halves of characters, which an escape can write and no file can hold."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _end(event: Event) -> tuple[int, int]:
    return event.end_mark.line + 1, event.end_mark.column + 1
