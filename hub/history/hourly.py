"""Statistics by hour, as they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from hub.history import tables as t
from hub.history.rows import instant, micros
from hub.history.statistics import HOUR


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of one entity. `known` is for how long its value was known. Numbers have `low`,
    `high` and `mean`; what is on or off has `on`."""

    at: datetime
    area: str | None
    count: int
    known: timedelta
    on: timedelta | None
    low: float | None
    high: float | None
    mean: float | None


def hours(connection: Connection, entity_id: str, since: datetime, until: datetime) -> list[Hour]:
    """The hours that begin in the window, in order. An hour in which nothing changed, of a thing
    that was off, has none."""
    own = t.hours.c
    query = (
        select(
            own.hour,
            own["count"].label("changes"),
            own.known_s,
            own.on_s,
            own.low,
            own.high,
            own.mean,
            t.sources.c.area,
        )
        .join(t.sources, t.sources.c.id == own.source)
        .where(t.sources.c.name == entity_id)
        .where(own.hour >= -(-micros(since) // HOUR), own.hour < -(-micros(until) // HOUR))
        .order_by(own.hour)
    )
    return [
        Hour(
            at=instant(row.hour * HOUR), area=row.area or None, count=row.changes,
            known=timedelta(seconds=row.known_s),
            on=None if row.on_s is None else timedelta(seconds=row.on_s),
            low=row.low, high=row.high, mean=row.mean,
        )
        for row in connection.execute(query)
    ]  # fmt: skip
