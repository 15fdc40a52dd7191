"""Questions to the history, and what they are answered with. Pages go by place, not by number, so
the last one costs what the first does."""

from __future__ import annotations

import heapq
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Select, and_, or_, select

from hub.history import tables as t
from hub.history.reader import STATES, Place
from hub.history.rows import Recorded, instant, micros
from hub.model.entity import State, StateValue
from hub.model.event import ENVELOPE

MOST = 1_000
"""Rows of a page, at most."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for: `since` is included, `until` is not. An empty filter lets all through.

    `types` are names of events; `panic_button.*` stands for all that begin so. `after` is where an
    earlier page ended. `newest_first` is the order.
    """

    since: datetime
    until: datetime
    sources: Sequence[str] = ()
    areas: Sequence[str] = ()
    types: Sequence[str] = ()
    newest_first: bool = True
    limit: int = 100
    after: Place | None = None

    def from_place(self, place: Place | None) -> Query:
        return replace(self, after=place)


@dataclass(frozen=True, slots=True)
class StateRow:
    """A change of state. `first`: no change, but what the entity was when the history met it."""

    id: int
    at: datetime
    entity_id: str
    area: str | None
    value: StateValue
    available: bool
    attributes: Mapping[str, Any]
    cause: str | None
    first: bool

    @property
    def state(self) -> State:
        return State(
            entity_id=self.entity_id, value=self.value, available=self.available,
            attributes=self.attributes, changed_at=self.at, updated_at=self.at,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event. `data` is its payload; `event_id` its own id."""

    id: int
    event_id: str
    at: datetime
    type: str
    durable: bool
    source: str
    area: str | None
    cause: str | None
    observed_at: str | None
    drill: bool
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, and the place to go on from; None where there are no more."""

    rows: Sequence[Row]
    more: Place | None


def states(connection: Connection, query: Query) -> Page[StateRow]:
    """Changes of state."""
    found, more = _rows(connection, STATES, t.states, query, ())
    return Page([_state_row(Recorded(*row)) for row in found], more)


def events(connection: Connection, query: Query) -> Page[EventRow]:
    """Events that are no change of state."""
    own = t.events.c
    columns = (
        select(own.id, own.at, t.sources.c.name, t.sources.c.area, t.types.c.name.label("type"),
               t.types.c.durable, own.data)
        .join(t.sources, t.sources.c.id == own.source)
        .join(t.types, t.types.c.id == own.type)
    )  # fmt: skip
    conditions: tuple[Any, ...] = ()
    if query.types:
        kinds = [*connection.execute(select(t.types.c.id).where(_named(query.types))).scalars()]
        conditions = (own.type.in_(kinds),)
    found, more = _rows(connection, columns, t.events, query, conditions)
    return Page([_event_row(row) for row in found], more)


def event_types(connection: Connection) -> list[str]:
    """All types that were ever recorded."""
    return list(connection.execute(select(t.types.c.name).order_by(t.types.c.name)).scalars())


def sources_of(
    connection: Connection, names: Sequence[str], areas: Sequence[str]
) -> list[int] | None:
    """Numbers of the sources that pass both filters; None where neither filters."""
    if not names and not areas:
        return None
    query = select(t.sources.c.id)
    if names:
        query = query.where(t.sources.c.name.in_(names))
    if areas:
        query = query.where(t.sources.c.area.in_(areas))
    return list(connection.execute(query).scalars())


def _named(types: Sequence[str]) -> Any:
    name = t.types.c.name
    return or_(
        *(
            name.startswith(one[:-1], autoescape=True) if one.endswith(".*") else name == one
            for one in types
        )
    )


def _rows(
    connection: Connection, columns: Select[Any], table: Any, query: Query, conditions: Any
) -> tuple[list[Any], Place | None]:
    """Each source is asked by itself, through the index that has its rows in order; asked
    together, all rows of the window would have to be sorted."""
    limit = max(1, min(query.limit, MOST))
    window = _ordered(columns.where(*conditions), table, query).limit(limit + 1)
    sources = sources_of(connection, query.sources, query.areas)
    if sources is None:
        found = list(connection.execute(window))
    else:
        found = _merged(connection, window, table, sources, query.newest_first, limit + 1)
    if len(found) <= limit:
        return found, None
    return found[:limit], (found[limit - 1].at, found[limit - 1].id)


def _merged(
    connection: Connection,
    window: Select[Any],
    table: Any,
    sources: Sequence[int],
    newest_first: bool,
    limit: int,
) -> list[Any]:
    """The first rows of all sources; each is read only as far as it is needed, so that an area of
    a thousand entities needs no more memory than one."""
    with ExitStack() as under_way:
        parts = [
            under_way.enter_context(connection.execute(window.where(table.c.source == one)))
            for one in sources
        ]
        merged = heapq.merge(*parts, key=lambda row: (row.at, row.id), reverse=newest_first)
        return list(islice(merged, limit))


def _ordered(rows: Select[Any], table: Any, query: Query) -> Select[Any]:
    at, number = table.c.at, table.c.id
    rows = rows.where(at >= micros(query.since), at < micros(query.until))
    if query.newest_first:
        rows = rows.order_by(at.desc(), number.desc())
    else:
        rows = rows.order_by(at, number)
    if query.after is None:
        return rows
    when, last = query.after
    if query.newest_first:
        return rows.where(at <= when, or_(at < when, and_(at == when, number < last)))
    return rows.where(at >= when, or_(at > when, and_(at == when, number > last)))


def _state_row(row: Recorded) -> StateRow:
    return StateRow(
        id=row.id, at=instant(row.at), entity_id=row.entity_id, area=row.area or None,
        value=row.value, available=row.available, cause=row.cause, first=row.is_base,
        attributes=json.loads(row.attributes) if row.attributes else {},
    )  # fmt: skip


def _event_row(row: Any) -> EventRow:
    plain = json.loads(row.data)
    data = {name: value for name, value in plain.items() if name not in ENVELOPE}
    if data.keys() == {"data"} and isinstance(data["data"], dict):  # an OtherEvent
        data = data["data"]
    return EventRow(
        id=row.id, event_id=plain["id"], at=instant(row.at), type=row.type, durable=row.durable,
        source=row.name, area=row.area or None, cause=plain.get("cause"),
        observed_at=plain.get("observed_at"), drill=plain.get("drill", False), data=data,
    )  # fmt: skip
