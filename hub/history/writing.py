"""Turns events into rows, in the writer's thread of bulk.db."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from hub.history import tables as t
from hub.history.names import LONGEST, Names
from hub.history.reader import last_before
from hub.history.rows import BASE, UNAVAILABLE, encode, micros
from hub.model.core_events import StateChanged
from hub.model.entity import State
from hub.model.event import Event, to_plain

STEP = 2
"""Arrivals are numbered in steps of two: the number before each is for what the entity was."""
FAR = 2**62
DAY = 86_400_000_000

_OWN_COLUMNS = ("source", "area", "received_at", "type")
_USUAL = {"observed_at": None, "cause": None, "redelivered": False, "drill": False}


@dataclass(frozen=True, slots=True)
class Item:
    """An event on its way to the database. `id` is its place in the order of arrival (see STEP),
    `at` the instant of its arrival in microseconds."""

    id: int
    at: int
    event: Event


@dataclass(frozen=True, slots=True)
class _Last:
    """What was last written of an entity."""

    state: State
    at: int
    day: int
    attributes: int | None


class Writer:
    """Writes batches, one at a time: `write` in the store's thread, then `keep` or `forget` by
    whether it was committed."""

    def __init__(self) -> None:
        self._names = Names()
        self._last: dict[str, _Last] = {}
        self._fresh: dict[str, _Last] = {}
        self._refused: dict[str, str] = {}
        self._first: int | None = None  # what numbers of arrival are counted from in the database

    def write(self, connection: Connection, batch: Iterable[Item]) -> None:
        """Store a batch; what an event carries that cannot be written as JSON loses that event."""
        self._names.forget()
        self._fresh, self._refused = {}, {}
        if self._first is None:
            self._first = _highest(connection)
        states: list[dict[str, Any]] = []
        events: list[dict[str, Any]] = []
        for arrived in batch:
            item = replace(arrived, id=self._first + arrived.id)
            try:
                if isinstance(item.event, StateChanged):
                    states += self._state_rows(connection, item, item.event)
                else:
                    events.append(self._event_row(connection, item))
            except SQLAlchemyError:
                raise  # the database, not the event
            except Exception as error:  # noqa: BLE001 - it is told by `keep`, and costs one event
                self._refused.setdefault(item.event.type, f"{type(error).__name__}: {error}")
        if states:
            connection.execute(insert(t.states), states)
        if events:
            connection.execute(insert(t.events), events)

    def keep(self) -> dict[str, str]:
        """The last batch was committed; returns types of events that it lost, with the reason."""
        self._names.keep()
        self._last |= self._fresh
        refused, self._fresh, self._refused = self._refused, {}, {}
        return refused

    def forget(self) -> None:
        """The last batch was undone."""
        self._names.forget()
        self._fresh, self._refused, self._first = {}, {}, None

    def _state_rows(
        self, connection: Connection, item: Item, event: StateChanged
    ) -> list[dict[str, Any]]:
        source = self._names.source(connection, event.entity_id, event.area)
        last = self._last_of(connection, event.entity_id)
        rows = []
        if event.old is not None and not _tells(last, event.old):
            since = max(micros(event.old.changed_at), last.at if last is not None else 0)
            base = Item(item.id - 1, min(since, item.at), event)
            rows.append(self._row(connection, base, event.old, source) | {"cause": None})
            rows[0]["kind"] |= BASE
        rows.append(self._row(connection, item, event.new, source))
        return rows

    def _row(self, connection: Connection, item: Item, state: State, source: int) -> dict[str, Any]:
        kind, number, text = encode(state.value)
        if text is not None:
            text.encode()  # half a surrogate pair is no text for the database either
        if not state.available:
            kind |= UNAVAILABLE
        last, day = self._last_of(connection, state.entity_id), item.at // DAY
        if last is not None and last.day == day and last.state.attributes is state.attributes:
            attributes = last.attributes
        else:
            attributes = self._names.attributes(connection, state.attributes, day)
        self._fresh[state.entity_id] = _Last(state, item.at, day, attributes)
        return {
            "id": item.id, "at": item.at, "source": source, "kind": kind, "number": number,
            "text": text, "attributes": attributes, "cause": item.event.cause,
        }  # fmt: skip

    def _last_of(self, connection: Connection, entity_id: str) -> _Last | None:
        last = self._fresh.get(entity_id) or self._last.get(entity_id)
        if last is None and (row := last_before(connection, entity_id, (FAR, FAR))) is not None:
            last = self._fresh[entity_id] = _Last(row.state(None), row.at, -1, None)
        return last

    def _event_row(self, connection: Connection, item: Item) -> dict[str, Any]:
        event = item.event
        plain = to_plain(event)
        for name in _OWN_COLUMNS:
            del plain[name]
        for name, usual in _USUAL.items():
            if plain[name] == usual:
                del plain[name]
        data = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
        if len(data.encode()) > LONGEST:
            raise ValueError(f"its payload is longer than {LONGEST:,} bytes")
        return {
            "id": item.id,
            "at": item.at,
            "source": self._names.source(connection, event.source, event.area),
            "type": self._names.type(connection, event.type, event.durable),
            "data": data,
        }


def _highest(connection: Connection) -> int:
    """The highest number of a row, made even."""
    numbers = (
        connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
        for table in (t.states, t.events)
    )
    return -(-max(numbers) // STEP) * STEP


def _tells(last: _Last | None, state: State) -> bool:
    """Whether what was last written is this state."""
    if last is None:
        return False
    was = last.state
    if was is state:
        return True
    same = was.value is state.value or (
        was.value == state.value and type(was.value) is type(state.value)
    )
    return same and was.available == state.available and was.attributes == state.attributes
