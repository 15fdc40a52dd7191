"""What the archive holds of a stretch of time, for a page that draws it: one query a kind of row,
whatever number of cameras is asked for. All times are milliseconds since 1970."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    and_,
    column,
    func,
    select,
    values,
)

from hub.video.messages import key_of
from hub.video.rollup import HOUR_MS
from hub.video.tables import NOT_FINISHED, archive_hours, coverage, gap_marks, gaps, segments

MINUTE_MS = 60_000
BY_FILES_H = 1_200
"""Up to so many hours (of all streams together) are counted file by file: 25 streams, two days."""
MOST_GAPS = 2_000
"""Of a stream; the last ones."""


@dataclass(frozen=True, slots=True)
class GapSpan:
    """A stretch of the ledger of gaps."""

    start: int
    end: int
    cause: str
    detail: str
    by: str


@dataclass(slots=True)
class Timeline:
    """One stream. `spans`: (start, end) of what is recorded, cut to what was asked; where there
    are more than can be drawn, holes of less than a point are closed. `density`: (start, bytes) of
    stretches of `step`. `open`: since when a file is being written, which is not in `spans`.
    `settled`: how far the ledger of gaps is written."""

    step: int
    spans: list[tuple[int, int]] = field(default_factory=list)
    density: list[tuple[int, int]] = field(default_factory=list)
    gaps: list[GapSpan] = field(default_factory=list)
    open: int | None = None
    settled: int | None = None


def timeline(
    connection: Connection, keys: Collection[str], start: int, end: int, points: int
) -> dict[str, Timeline]:
    """The streams of some keys (`camera.x/main`) from `start` to `end`, drawn `points` wide."""
    wanted = sorted(set(keys))
    if not wanted or end <= start:
        return {key: Timeline(HOUR_MS) for key in wanted}
    asked = _Asked(connection, wanted, start, end, max(1, points))
    by_files = len(wanted) * (end - start) <= BY_FILES_H * HOUR_MS
    step = asked.step(MINUTE_MS if by_files else HOUR_MS)
    found = {key: Timeline(step) for key in wanted}
    for key, low, high in asked.spans():
        found[key].spans.append((max(start, low), min(end, high)))
    for each in found.values():
        if len(each.spans) > points:
            each.spans = _drawn(each.spans, (end - start) // points)
    for key, at, size in asked.files(step) if by_files else asked.hours(step):
        found[key].density.append((at, size))
    for key, *gap in asked.gaps():
        found[key].gaps.append(GapSpan(*gap))
        del found[key].gaps[:-MOST_GAPS]
    for key, begun in asked.open():
        found[key].open = begun
    for key, settled in asked.settled():
        found[key].settled = settled
    return found


def _drawn(spans: list[tuple[int, int]], least: int) -> list[tuple[int, int]]:
    drawn = spans[:1]
    for low, high in spans[1:]:
        if low - drawn[-1][1] < least:
            drawn[-1] = (drawn[-1][0], high)
        else:
            drawn.append((low, high))
    return drawn


class _Asked:
    """Streams and a stretch of time. The streams are the outer loop of each query, so that every
    table is entered by its index, once a stream."""

    def __init__(
        self, connection: Connection, keys: list[str], start: int, end: int, points: int
    ) -> None:
        self._connection = connection
        self._start, self._end, self._points = start, end, points
        self._wanted = frozenset(keys)
        pairs = [key.rpartition("/")[::2] for key in keys]
        shape = values(column("camera", String), column("stream", String), name="asked")
        self._keys: CTE = shape.data(pairs).cte("asked")

    def step(self, least: int) -> int:
        """Whole stretches of `least` that make at most as many points as were asked for."""
        whole = -(-(self._end - self._start) // self._points)
        return max(least, -(-whole // least) * least)

    def spans(self) -> Iterator[tuple[str, int, int]]:
        columns = (coverage.c.start, coverage.c.end)
        yield from self._rows(self._touching(coverage, columns).order_by(coverage.c.start))

    def gaps(self) -> Iterator[Any]:
        table = gaps.c
        columns = (table.start, table.end, table.cause, table.detail, table.by)
        yield from self._rows(self._touching(gaps, columns).order_by(table.start))

    def files(self, step: int) -> Iterator[tuple[str, int, int]]:
        """Bytes of files that begin in each stretch."""
        table = segments.c
        stretch = (table.start - self._start) // step
        query = self._of(segments, (stretch, func.sum(table.bytes)))
        query = query.where(table.start >= self._start, table.start < self._end)
        yield from self._grouped(query, stretch, self._start, step)

    def hours(self, step: int) -> Iterator[tuple[str, int, int]]:
        """Bytes of the hours of each stretch."""
        first, last = self._start // HOUR_MS, (self._end - 1) // HOUR_MS
        table = archive_hours.c
        stretch = (table.hour - first) // (step // HOUR_MS)
        query = self._of(archive_hours, (stretch, func.sum(table.bytes)))
        query = query.where(table.hour.between(first, last))
        yield from self._grouped(query, stretch, first * HOUR_MS, step)

    def open(self) -> Iterator[tuple[str, int]]:
        table = segments.c
        query = select(table.camera, table.stream, func.min(table.start))
        query = query.where(table.state == "open", NOT_FINISHED, table.start < self._end)
        for key, begun in self._rows(query.group_by(table.camera, table.stream)):
            if key in self._wanted:
                yield key, begun

    def settled(self) -> Iterator[tuple[str, int]]:
        yield from self._rows(self._of(gap_marks, (gap_marks.c.settled,)))

    def _grouped(
        self, query: Select[Any], stretch: ColumnElement[Any], zero: int, step: int
    ) -> Iterator[tuple[str, int, int]]:
        grouped = query.group_by(*self._keys.c, stretch).order_by(stretch)
        for key, number, size in self._rows(grouped):
            yield key, zero + number * step, size

    def _of(self, table: Table, columns: tuple[ColumnElement[Any], ...]) -> Select[Any]:
        keys = self._keys.c
        same = and_(table.c.camera == keys.camera, table.c.stream == keys.stream)
        return select(keys.camera, keys.stream, *columns).select_from(self._keys.join(table, same))

    def _touching(self, table: Table, columns: tuple[ColumnElement[Any], ...]) -> Select[Any]:
        """Rows that never overlap each other, and reach into the stretch: of those that begin
        before it only the last one can."""
        keys = self._keys.c
        before = table.alias("before")
        last = (
            select(func.max(before.c.start))
            .where(before.c.camera == keys.camera, before.c.stream == keys.stream)
            .where(before.c.start <= self._start)
            .correlate(self._keys)
            .scalar_subquery()
        )
        query = self._of(table, columns).where(table.c.end > self._start)
        first = func.coalesce(last, self._start)
        return query.where(table.c.start >= first, table.c.start < self._end)

    def _rows(self, query: Select[Any]) -> Iterator[Any]:
        for camera, stream, *rest in self._connection.execute(query):
            yield key_of(camera, stream), *rest
