"""Numbers of what is stored once: names of sources and types, sets of attributes."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Mapping
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update

from hub.history import tables as t
from hub.history.rows import attributes_json

LONGEST = 65_536
"""Longer sets of attributes and payloads (as JSON, in bytes) are not stored."""
REMEMBERED = 10_000
"""So many numbers of a kind are remembered; the rest is looked up."""


class Names:
    """Gives each name its number, in the writer's thread. What is given out in a transaction counts
    only after `keep`: the transaction may be undone."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}
        self._fresh: dict[Hashable, int] = {}

    def keep(self) -> None:
        """What was given out was committed."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
        self._known |= self._fresh
        self._fresh.clear()

    def forget(self) -> None:
        """What was given out was undone."""
        self._fresh.clear()

    def _get(self, key: Hashable) -> int | None:
        found = self._known.get(key)
        return found if found is not None else self._fresh.get(key)

    def sources(
        self, connection: Connection, pairs: Iterable[tuple[str, str | None]]
    ) -> dict[tuple[str, str | None], int]:
        """The numbers of entities (or plugins), each at its place; of those that have a name that
        can be stored."""
        wanted = {
            (name, area): self._get(("source", name, area))
            for name, area in pairs
            if is_text(name) and is_text(area or "")
        }
        missing = [pair for pair, number in wanted.items() if number is None]
        if missing:
            same = t.sources.c.name.in_({name for name, _ in missing})
            rows = connection.execute(select(t.sources).where(same)).all()
            known = {(row.name, row.area or None): row.id for row in rows}
            fresh = [pair for pair in missing if pair not in known]
            known |= _insert_sources(connection, fresh)
            self._fresh |= {("source", *pair): known[pair] for pair in missing}
        return {pair: number or self._fresh[("source", *pair)] for pair, number in wanted.items()}

    def type(self, connection: Connection, name: str, durable: bool) -> int:
        """The number of a type of event."""
        key = ("type", name)
        found = self._get(key)
        if found is None:
            same = t.types.c.name == name
            found = connection.execute(select(t.types.c.id).where(same)).scalar()
            if found is None:
                found = _insert(connection, t.types, name=name, durable=durable)
            self._fresh[key] = found
        return found

    def attributes(
        self, connection: Connection, attributes: Mapping[str, Any], day: int
    ) -> int | None:
        """The number of a set of attributes that is used on a day (since 1970). None where there
        are none, or more than is stored. Raises ValueError, TypeError for what is no JSON."""
        text = attributes_json(attributes)
        if text is None or len(text.encode()) > LONGEST:
            return None
        digest = blake2b(text.encode(), digest_size=16).digest()
        key = ("attributes", digest, day)
        found = self._get(key)
        if found is None:
            found = self._fresh[key] = _attributes(connection, text, digest, day)
        return found


def is_text(text: str) -> bool:
    """Whether a database takes it; half a surrogate pair, which a device may send, is no text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _insert_sources(
    connection: Connection, pairs: list[tuple[str, str | None]]
) -> dict[tuple[str, str | None], int]:
    if not pairs:
        return {}
    numbers = dict(zip(pairs, itertools.count(_free(connection, t.sources)), strict=False))
    rows = [
        {"id": number, "name": name, "area": area or ""} for (name, area), number in numbers.items()
    ]
    connection.execute(insert(t.sources), rows)
    return numbers


def _attributes(connection: Connection, text: str, digest: bytes, day: int) -> int:
    half = int.from_bytes(digest[:8], "big", signed=True)
    alike = select(t.attributes).where(t.attributes.c.hash == half)
    for row in connection.execute(alike).all():
        if row.json == text:
            if row.used_day < day:
                same = t.attributes.c.id == row.id
                connection.execute(update(t.attributes).where(same).values(used_day=day))
            return int(row.id)
    return _insert(connection, t.attributes, hash=half, json=text, used_day=day)


def _insert(connection: Connection, table: Table, **values: Any) -> int:
    number = _free(connection, table)
    connection.execute(insert(table).values(id=number, **values))
    return number


def _free(connection: Connection, table: Table) -> int:
    highest = connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    return int(highest) + 1
