"""What was recorded, given again as the events it was: for replay, also while a hub runs beside.

In the order of time; what carries the same microsecond, in the order of arrival.
"""

from __future__ import annotations

import heapq
import json
import logging
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Select, and_, create_engine, or_, select

from hub.history import tables as t
from hub.history.rows import Recorded, instant, micros
from hub.model.core_events import StateChanged
from hub.model.entity import State
from hub.model.event import Event, from_plain
from hub.store.store import Store

log = logging.getLogger("hub.history")

PAGE = 2_000
"""Rows that are read at a time."""

COLUMNS = (
    t.states.c.id, t.states.c.at, t.sources.c.name, t.sources.c.area, t.states.c.kind,
    t.states.c.number, t.states.c.text, t.attributes.c.json, t.states.c.cause,
)  # fmt: skip
STATES = (
    select(*COLUMNS)
    .join(t.sources, t.sources.c.id == t.states.c.source)
    .outerjoin(t.attributes, t.attributes.c.id == t.states.c.attributes)
)
"""All columns of `Recorded`, in its order."""

Place = tuple[int, int]
"""Where a row stands: its instant and its number."""


def open_for_reading(data_dir: Path) -> Store:
    """bulk.db of a data folder, never written to; a hub may be running beside. Close it when done.

    Raises OSError where there is no such file.
    """
    path = data_dir.resolve() / "bulk.db"
    if not path.is_file():
        raise FileNotFoundError(f"no history in {data_dir}: there is no bulk.db")
    return _ReadOnly("bulk", f"sqlite:///file:{path}?mode=ro&uri=true")


class _ReadOnly(Store):
    """A store without a writer."""

    def _make_engine(self) -> Any:
        return create_engine(self.url, hide_parameters=True)


async def recorded(
    store: Store, since: datetime, until: datetime, types: Mapping[str, type[Event]]
) -> AsyncIterator[Event]:
    """All that was recorded from `since` (included) to `until` (excluded), as events.

    A change of state has its `old` and `new`; its id tells its row, not the id that it once had. An
    event whose type is not in `types`, or does not fit it any more, comes as an OtherEvent.
    """
    end = micros(until)
    place: Place = (micros(since), -1)
    known: dict[str, State] = {}
    while True:
        page, place, more = await store.read(
            lambda connection, place=place: _page(connection, place, end, known, types)  # type: ignore[misc]
        )
        for event in page:
            yield event
        if not more:
            return


def _page(
    connection: Connection,
    place: Place,
    end: int,
    known: dict[str, State],
    types: Mapping[str, type[Event]],
) -> tuple[list[Event], Place, bool]:
    """The next events, where they end, and whether there may be more."""
    states = [Recorded(*row) for row in connection.execute(_next(STATES, t.states, place, end))]
    query = (
        select(t.events.c.id, t.events.c.at, t.sources.c.name, t.sources.c.area,
               t.types.c.name.label("type"), t.events.c.data)
        .join(t.sources, t.sources.c.id == t.events.c.source)
        .join(t.types, t.types.c.id == t.events.c.type)
    )  # fmt: skip
    events = connection.execute(_next(query, t.events, place, end)).all()
    full = [(rows[-1].at, rows[-1].id) for rows in (states, events) if len(rows) == PAGE]
    limit = min(full) if full else (end, 0)
    fresh = {row.entity_id for row in states} - known.keys()
    known |= {name: row.state(None) for name, row in rows_before(connection, fresh, place).items()}
    found: list[tuple[Place, Event]] = []
    for row in states:
        if (row.at, row.id) <= limit:
            change = _change(row, known)
            if change is not None:
                found.append(((row.at, row.id), change))
    others = (((e.at, e.id), _event(e, types)) for e in events if (e.at, e.id) <= limit)
    merged = heapq.merge(found, others, key=lambda pair: pair[0])
    return [event for _, event in merged], limit, bool(full)


def _next(query: Select[Any], table: Any, place: Place, end: int) -> Select[Any]:
    at, number = place
    after = or_(table.c.at > at, and_(table.c.at == at, table.c.id > number))
    return (
        query.where(table.c.at >= at, table.c.at < end, after)
        .order_by(table.c.at, table.c.id)
        .limit(PAGE)
    )


def rows_before(
    connection: Connection, entities: Collection[str], place: Place
) -> dict[str, Recorded]:
    """The last row of each entity before a place in the history, as far as there is one."""
    if not entities:
        return {}
    at, number = place
    row = t.states.alias()
    last = (
        select(row.c.id)
        .where(
            row.c.source == t.sources.c.id,
            row.c.at <= at,
            or_(row.c.at < at, row.c.id <= number),
        )
        .order_by(row.c.at.desc(), row.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    places = select(last).where(t.sources.c.name.in_(entities))
    numbers = [found for found in connection.execute(places).scalars() if found is not None]
    found: dict[str, Recorded] = {}
    for columns in connection.execute(STATES.where(t.states.c.id.in_(numbers))):
        one = Recorded(*columns)
        other = found.get(one.entity_id)  # the same entity at another place
        if other is None or (one.at, one.id) > (other.at, other.id):
            found[one.entity_id] = one
    return found


def _change(row: Recorded, known: dict[str, State]) -> StateChanged | None:
    old = known.get(row.entity_id)
    new = known[row.entity_id] = row.state(old)
    if row.is_base:
        return None
    return StateChanged(
        id=f"{row.id:032x}", source=row.entity_id, area=row.area or None,
        received_at=new.updated_at, cause=row.cause, entity_id=row.entity_id, old=old, new=new,
    )  # fmt: skip


def _event(row: Any, types: Mapping[str, type[Event]]) -> Event:
    plain = plain_event(row.type, row.name, row.area, row.at, row.data)
    try:
        return from_plain(plain, types)
    except ValidationError:
        log.debug("%s does not fit its type any more", row.type)
        return from_plain(plain, {})


def plain_event(event_type: str, source: str, area: str, at: int, data: str) -> dict[str, Any]:
    """The columns of an event as `hub.model.event.to_plain` gave them."""
    return {
        **json.loads(data), "type": event_type, "source": source, "area": area or None,
        "received_at": instant(at).isoformat(),
    }  # fmt: skip
