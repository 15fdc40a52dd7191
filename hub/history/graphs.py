"""What a page draws: numbers as points with their least and greatest value, so that a spike is seen
however long the span is; everything else as bands. Both are bounded, whatever was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import Connection, select

from hub.history import tables as t
from hub.history.queries import sources_of
from hub.history.reader import STATES, rows_before
from hub.history.rows import Recorded, instant, micros, real, span
from hub.history.runs import Span, gaps_within
from hub.history.statistics import HOUR
from hub.model.entity import spell

POINTS = 600
"""Parts that a span is divided into."""
HOURLY = timedelta(days=3)
"""Longer spans are drawn from the statistics by hour."""
GAP = timedelta(minutes=3)
"""Shorter pauses of the hub are not shown."""


@dataclass(frozen=True, slots=True)
class Point:
    """From `at` on: least, greatest and mean or last value; None where nothing is known."""

    at: datetime
    low: float | None
    high: float | None
    value: float | None


@dataclass(frozen=True, slots=True)
class Band:
    """What an entity was from `since` to `until`. `state` is None where nothing is known.
    `changes`: so many states that were too short to be drawn are in this one."""

    since: datetime
    until: datetime
    state: str | None
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Graph:
    """`numbers` has points, `states` has bands, `nothing` has neither. `hourly`: the points are
    statistics by hour, whose value is the mean."""

    entity_id: str
    kind: Literal["numbers", "states", "nothing"]
    points: list[Point]
    bands: list[Band]
    hourly: bool = False

    @property
    def begins(self) -> datetime | None:
        """From when on anything is known; None where nothing is."""
        known = (
            *(point.at for point in self.points if point.value is not None),
            *(band.since for band in self.bands if band.state is not None or band.changes),
        )
        return min(known, default=None)


Step = tuple[int, Recorded | None]
"""From this microsecond on the entity was so; None: nothing is known."""


def graph(connection: Connection, entity_id: str, since: datetime, until: datetime) -> Graph:
    """What to draw of an entity; `until` is not later than now."""
    begin, end = micros(since), micros(until)
    sources = sources_of(connection, [entity_id], ()) or []
    if not sources or end <= begin:
        return Graph(entity_id, "nothing", [], [])
    width = max(1, (end - begin) // POINTS)
    if not _is_number(connection, entity_id, sources, begin, end):
        steps = _steps(connection, entity_id, sources, begin, end)
        bands = list(_bands(steps, end, width))
        return Graph(entity_id, "states" if bands else "nothing", [], bands)
    hourly: list[Point] = []
    if until - since > HOURLY:
        hourly, begin = _hourly(connection, sources, begin, end)
    points = list(_points(_steps(connection, entity_id, sources, begin, end), end, width))
    return Graph(entity_id, "numbers", [*hourly, *points], [], bool(hourly))


def _is_number(
    connection: Connection, entity_id: str, sources: list[int], begin: int, end: int
) -> bool:
    """Whether it was ever a number in the window; what is on or off has a number too."""
    own, on_off = t.states.c, 1
    window = own.source.in_(sources), own.at >= begin, own.at < end
    last = rows_before(connection, [entity_id], (begin, -1)).get(entity_id)
    if last is not None and type(last.value) in (int, float):
        return True
    hours = select(t.hours.c.hour).where(
        t.hours.c.source.in_(sources), t.hours.c.low.is_not(None),
        t.hours.c.hour >= begin // HOUR, t.hours.c.hour < -(-end // HOUR),
    )  # fmt: skip
    numbers = select(own.id).where(*window, own.number.is_not(None), own.kind % 8 != on_off)
    return any(connection.execute(one.limit(1)).first() for one in (hours, numbers))


def _steps(
    connection: Connection, entity_id: str, sources: list[int], begin: int, end: int
) -> Iterator[Step]:
    """What the entity was, step by step, from the beginning of the window; where the hub did not
    run, nothing is known."""
    last = rows_before(connection, [entity_id], (begin, -1)).get(entity_id)
    query = (
        STATES.where(t.states.c.source.in_(sources), t.states.c.at >= begin, t.states.c.at < end)
        .order_by(t.states.c.at, t.states.c.id)
        .execution_options(yield_per=2_000)
    )
    rows = (Recorded(*columns) for columns in connection.execute(query))
    gaps = gaps_within(connection, begin, end, GAP)
    if last is not None and not (gaps and gaps[0][0] == begin):
        yield begin, last
    yield from _with_gaps(rows, gaps, last, end)


def _with_gaps(
    rows: Iterable[Recorded], gaps: list[Span], last: Recorded | None, end: int
) -> Iterator[Step]:
    waiting = iter(gaps)
    gap = next(waiting, None)
    for row in rows:
        while gap is not None and gap[1] <= row.at:
            yield gap[0], None
            if gap[1] < row.at and last is not None:
                yield gap[1], last
            gap = next(waiting, None)
        last = row
        yield row.at, row
    while gap is not None:
        yield gap[0], None
        if gap[1] < end and last is not None:
            yield gap[1], last
        gap = next(waiting, None)


@dataclass(slots=True)
class _Bucket:
    """What came within one width. Whatever comes, it makes two points at most."""

    at: int
    last: int
    low: float | None = None
    high: float | None = None
    value: float | None = None
    is_known: bool = False

    def take(self, at: int, value: float | None) -> None:
        self.last, self.is_known = at, value is not None
        if value is not None:
            self.low = value if self.low is None else min(self.low, value)
            self.high = value if self.high is None else max(self.high, value)
            self.value = value

    def points(self) -> Iterator[Point]:
        yield Point(instant(self.at), self.low, self.high, self.value)
        if self.value is not None and not self.is_known:
            yield Point(instant(max(self.last, self.at + 1)), None, None, None)


def _points(steps: Iterable[Step], end: int, width: int) -> Iterator[Point]:
    bucket: _Bucket | None = None
    for at, row in steps:
        if bucket is None or at >= bucket.at + width:
            if bucket is not None:
                yield from bucket.points()
            bucket = _Bucket(at, at)
        bucket.take(at, _number(row))
    if bucket is not None:
        yield from bucket.points()
        if bucket.is_known:
            yield Point(instant(end), bucket.value, bucket.value, bucket.value)


def _number(row: Recorded | None) -> float | None:
    if row is None or not row.available:
        return None
    return real(row.value)


def _bands(steps: Iterable[Step], end: int, width: int) -> Iterator[Band]:
    """Bands in a row; those shorter than `width` are joined until there is something to see."""
    joined: Band | None = None
    for since, until, state in _spans(steps, end):
        if joined is not None and _length(joined) < width:
            joined = replace(joined, until=instant(until), changes=joined.changes + 1)
            if until - since >= width:  # a long one stands for itself
                joined = replace(joined, until=instant(since), changes=joined.changes - 1)
                yield joined
                joined = Band(instant(since), instant(until), state)
            continue
        if joined is not None:
            yield joined
        short = until - since < width
        joined = Band(instant(since), instant(until), state, 1 if short else 0)
    if joined is not None:
        yield joined


def _length(band: Band) -> int:
    return span(band.until - band.since)


def _spans(steps: Iterable[Step], end: int) -> Iterator[tuple[int, int, str | None]]:
    """Begin, end and state; equal ones in a row are one."""
    current: tuple[int, str | None] | None = None
    for at, row in steps:
        state = _spelt(row)
        if current is None:
            current = at, state
        elif current[1] != state:
            yield current[0], at, current[1]
            current = at, state
    if current is not None:
        yield current[0], end, current[1]


def _spelt(row: Recorded | None) -> str | None:
    if row is None:
        return None
    return spell(row.value) if row.available else "unavailable"


def _hourly(
    connection: Connection, sources: list[int], begin: int, end: int
) -> tuple[list[Point], int]:
    """Points from the statistics, and where they end."""
    own = t.hours.c
    query = (
        select(own.hour, own.low, own.high, own.mean, own.known_s)
        .where(own.source.in_(sources), own.low.is_not(None))
        .where(own.hour >= begin // HOUR, own.hour < end // HOUR)
        .order_by(own.hour)
    )
    rows = connection.execute(query).all()
    if not rows:
        return [], begin
    together = max(1, -(-(end - begin) // HOUR // POINTS))
    points: list[Point] = []
    after = rows[0].hour // together
    for number, some in groupby(rows, key=lambda row: row.hour // together):
        if number > after + 1:
            points.append(Point(instant((after + 1) * together * HOUR), None, None, None))
        points.append(_joined(number * together, list(some)))
        after = number
    return points, (rows[-1].hour + 1) * HOUR


def _joined(first: int, rows: list[Any]) -> Point:
    weight = sum(row.known_s for row in rows)
    mean = sum(row.mean * row.known_s for row in rows) / weight if weight else rows[-1].mean
    return Point(
        instant(first * HOUR), min(row.low for row in rows), max(row.high for row in rows), mean
    )
