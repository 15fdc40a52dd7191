"""Turns events into rows, in the writer's thread of bulk.db."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from hub.history import tables as t
from hub.history.names import LONGEST, Names, is_text
from hub.history.reader import rows_before
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


class StateMet(Event, type="history.state_met"):
    """What an entity is when it is met: when the hub has started, or entities may have come. Only
    the recorder's queue has it, no bus."""

    state: State


@dataclass(frozen=True, slots=True)
class Item:
    """An event on its way to the database. `id` is its place in the order of arrival (see STEP)."""

    id: int
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

    def write(self, connection: Connection, batch: Sequence[Item]) -> None:
        """Store a batch; what an event carries that cannot be written costs that event alone."""
        self._names.forget()
        self._fresh, self._refused = {}, {}
        if self._first is None:
            self._first = _highest(connection)
        sources = self._names.sources(
            connection, {(item.event.source, item.event.area) for item in batch}
        )
        self._recall(connection, batch)
        states: list[dict[str, Any]] = []
        events: list[dict[str, Any]] = []
        for item in batch:
            event, number = item.event, self._first + item.id
            try:
                at = micros(event.received_at)
                source = sources[event.source, event.area]
                if isinstance(event, StateMet):
                    states += self._base_row(connection, event.state, number, at, source)
                elif isinstance(event, StateChanged):
                    states += self._state_rows(connection, event, number, at, source)
                else:
                    kind = self._names.type(connection, event.type, event.durable)
                    row = {"id": number, "at": at, "source": source, "type": kind}
                    events.append(row | {"data": _data(event)})
            except SQLAlchemyError:
                raise  # the database, not the event
            except Exception as error:  # noqa: BLE001 - it is told by `keep`, and costs one event
                self._refused.setdefault(event.type, f"{type(error).__name__}: {error}")
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

    def _recall(self, connection: Connection, batch: Iterable[Item]) -> None:
        """Look up what was last written of entities that are met for the first time."""
        changes = StateChanged | StateMet
        met = {item.event.source for item in batch if isinstance(item.event, changes)}
        for name, row in rows_before(connection, met - self._last.keys(), (FAR, FAR)).items():
            self._fresh[name] = _Last(row.state(None), row.at, -1, None)

    def _state_rows(
        self, connection: Connection, event: StateChanged, number: int, at: int, source: int
    ) -> list[dict[str, Any]]:
        rows = []
        if event.old is not None:
            rows += self._base_row(connection, event.old, number - 1, at, source)
        rows.append(self._row(connection, event.new, number, at, source) | {"cause": event.cause})
        return rows

    def _base_row(
        self, connection: Connection, state: State, number: int, at: int, source: int
    ) -> list[dict[str, Any]]:
        """A row that tells what an entity was, where the last row does not."""
        last = self._last_of(state.entity_id)
        if _tells(last, state):
            return []
        since = max(micros(state.changed_at), last.at if last is not None else 0)
        row = self._row(connection, state, number, min(since, at), source)
        return [row | {"kind": row["kind"] | BASE}]

    def _row(
        self, connection: Connection, state: State, number: int, at: int, source: int
    ) -> dict[str, Any]:
        kind, real, text = encode(state.value)
        if not state.available:
            kind |= UNAVAILABLE
        if text is not None and not is_text(text):
            raise ValueError("its state is no text that can be stored")
        last, day = self._last_of(state.entity_id), at // DAY
        if last is not None and last.day == day and last.state.attributes is state.attributes:
            attributes = last.attributes
        else:
            attributes = self._names.attributes(connection, state.attributes, day)
        self._fresh[state.entity_id] = _Last(state, at, day, attributes)
        return {
            "id": number, "at": at, "source": source, "kind": kind, "number": real,
            "text": text, "attributes": attributes, "cause": None,
        }  # fmt: skip

    def _last_of(self, entity_id: str) -> _Last | None:
        return self._fresh.get(entity_id) or self._last.get(entity_id)


def _data(event: Event) -> str:
    """What no column holds of an event, as JSON."""
    plain = to_plain(event)
    for name in _OWN_COLUMNS:
        del plain[name]
    for name, usual in _USUAL.items():
        if plain[name] == usual:
            del plain[name]
    data = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    if len(data.encode()) > LONGEST:
        raise ValueError(f"its payload is longer than {LONGEST:,} bytes")
    return data


def _highest(connection: Connection) -> int:
    """The highest number of a row, made even."""
    numbers = (
        connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
        for table in (t.states, t.events)
    )
    return -(-int(max(numbers)) // STEP) * STEP


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
