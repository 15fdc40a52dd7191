"""What the archive holds of a stretch of time, for a page that draws it: one query a kind of row,
whatever number of cameras is asked for. All times are milliseconds since 1970."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select, text

from hub.video.indexing.rollup import HOUR_MS
from hub.video.tables import NOT_FINISHED, segments
from hub.video.talk.messages import key_of

MINUTE_MS = 60_000
BY_FILES_H = 100
"""Up to so many hours, of all streams together, are counted file by file."""
MOST_POINTS = 5_000
"""Of the density of all streams together: the more streams, the coarser."""
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
    points = max(1, points)
    asked = _Asked(connection, wanted, start, end)
    by_files = len(wanted) * (end - start) <= BY_FILES_H * HOUR_MS
    each = max(1, min(points, MOST_POINTS // len(wanted)))
    step = _step(end - start, each, MINUTE_MS if by_files else HOUR_MS)
    found = {key: Timeline(step) for key in wanted}
    for key, low, high in asked.spans():
        found[key].spans.append((max(start, low), min(end, high)))
    for one in found.values():
        if len(one.spans) > points:
            one.spans = _drawn(one.spans, (end - start) // points)
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


def _step(length: int, points: int, least: int) -> int:
    """Whole stretches of `least` of which no more than so many make the length."""
    whole = -(-length // points)
    return -(-whole // least) * least


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
    table is entered by its index, once a stream. The queries are texts: composing them would take
    longer than to run them."""

    def __init__(self, connection: Connection, keys: list[str], start: int, end: int) -> None:
        self._connection = connection
        self._start, self._end = start, end
        self._wanted = frozenset(keys)
        self._values: dict[str, str] = {}
        for number, key in enumerate(keys):
            camera, _, stream = key.rpartition("/")
            self._values |= {f"c{number}": camera, f"s{number}": stream}
        pairs = ", ".join(f"(:c{number}, :s{number})" for number in range(len(keys)))
        self._asked = f"WITH asked(camera, stream) AS (VALUES {pairs}) "

    def spans(self) -> Iterator[tuple[str, int, int]]:
        columns = 'coverage.start, coverage."end"'
        return self._rows(_TOUCHING.format(table="coverage", columns=columns))

    def gaps(self) -> Iterator[Any]:
        columns = 'gaps.start, gaps."end", gaps.cause, gaps.detail, gaps."by"'
        return self._rows(_TOUCHING.format(table="gaps", columns=columns))

    def files(self, step: int) -> Iterator[tuple[str, int, int]]:
        """Bytes of files that begin in each stretch."""
        return self._rows(_FILES, step=step)

    def hours(self, step: int) -> Iterator[tuple[str, int, int]]:
        """Bytes of the hours of each stretch."""
        first, last = self._start // HOUR_MS, (self._end - 1) // HOUR_MS
        return self._rows(_HOURS, first=first, last=last, step=step, hours=step // HOUR_MS)

    def open(self) -> Iterator[tuple[str, int]]:
        table = segments.c
        query = select(table.camera, table.stream, func.min(table.start))
        query = query.where(table.state == "open", NOT_FINISHED, table.start < self._end)
        for camera, stream, begun in self._connection.execute(
            query.group_by(table.camera, table.stream)
        ):
            if (key := key_of(camera, stream)) in self._wanted:
                yield key, begun

    def settled(self) -> Iterator[tuple[str, int]]:
        return self._rows(_SETTLED)

    def _rows(self, query: str, **more: int) -> Iterator[Any]:
        given = {"start": self._start, "end": self._end} | more | self._values
        for camera, stream, *rest in self._connection.execute(text(self._asked + query), given):
            yield key_of(camera, stream), *rest


_TOUCHING = """
SELECT asked.camera, asked.stream, {columns} FROM asked JOIN {table}
    ON {table}.camera = asked.camera AND {table}.stream = asked.stream
WHERE {table}."end" > :start AND {table}.start < :end AND {table}.start >= coalesce(
    (SELECT max(past.start) FROM {table} AS past
     WHERE past.camera = asked.camera AND past.stream = asked.stream AND past.start <= :start),
    :start)
ORDER BY {table}.start
"""
"""Rows that never overlap each other, and reach into the stretch: of those that begin before it
only the last one can."""

_FILES = """
SELECT asked.camera, asked.stream, :start + (segments.start - :start) / :step * :step AS at,
    sum(segments.bytes)
FROM asked JOIN segments
    ON segments.camera = asked.camera AND segments.stream = asked.stream
WHERE segments.start >= :start AND segments.start < :end
    AND segments.state IN ('finished', 'purging')
GROUP BY asked.camera, asked.stream, at ORDER BY at
"""

_HOURS = """
SELECT asked.camera, asked.stream,
    (:first + (hour - :first) / :hours * :hours) * 3600000 AS at, sum(bytes)
FROM asked JOIN archive_hours
    ON archive_hours.camera = asked.camera AND archive_hours.stream = asked.stream
WHERE hour BETWEEN :first AND :last
GROUP BY asked.camera, asked.stream, at ORDER BY at
"""

_SETTLED = """
SELECT asked.camera, asked.stream, settled FROM asked JOIN gap_marks
    ON gap_marks.camera = asked.camera AND gap_marks.stream = asked.stream
"""
