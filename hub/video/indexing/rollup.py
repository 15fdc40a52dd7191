"""What is derived from the index, so that a month is read as fast as an hour: `coverage`, where
something is recorded, and `archive_hours`, how much of each hour.

Both are brought up to date in the transaction that changes `segments`, and are at each moment what
`derive` makes of the finished files alone, whatever came and went in which order. Files may overlap
(the machine's clock was set back), so what is covered cannot be subtracted: it is looked at again.
All times are milliseconds since 1970; a span is (start, end, bytes).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, select, tuple_

from hub.video.instants import LONGEST_MS
from hub.video.tables import archive_hours, coverage, segments

HOUR_MS = 3_600_000
PAUSE_MS = 1000
"""A shorter pause between two files is none."""
COUNTED = ("finished", "purging")
"""States of the files that count. One that is being deleted is there until it is gone."""

Span = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Derived:
    """`covered`: (start, end), in order. `hours`: hour -> [recorded ms, bytes]."""

    covered: list[tuple[int, int]]
    hours: dict[int, list[int]]


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, with those that touch (pauses up to PAUSE_MS are none) joined."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1] + PAUSE_MS:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def derive(spans: Iterable[Span]) -> Derived:
    """What the files of a stream come to."""
    real = [span for span in spans if span[1] > span[0]]
    covered = merged((start, end) for start, end, _ in real)
    hours: dict[int, list[int]] = {}
    for start, end in covered:
        for hour, low, high in _hours(start, end):
            hours.setdefault(hour, [0, 0])[0] += high - low
    for hour, size in _shares(real).items():
        hours[hour][1] += size
    return Derived(covered, hours)


def added(connection: Connection, camera: str, stream: str, spans: Iterable[Span]) -> None:
    """Files were finished; their rows are there."""
    real = [span for span in spans if span[1] > span[0]]
    of_stream = _Stream(connection, camera, stream)
    joined = merged((start, end) for start, end, _ in real)
    for start, end in joined:
        of_stream.cover(start, end)
    of_stream.count(_widened(joined), _shares(real), 1)


def removed(connection: Connection, camera: str, stream: str, spans: Iterable[Span]) -> None:
    """Files are gone; so are their rows, or these are in a state that does not count."""
    real = [span for span in spans if span[1] > span[0]]
    of_stream = _Stream(connection, camera, stream)
    windows = merged(_widened([(start, end) for start, end, _ in real]))
    for low, high in windows:
        of_stream.uncover(low, high)
    for low, high in windows:
        for start, end in merged(of_stream.left(low, high)):
            of_stream.cover(start, end)
    of_stream.count(windows, _shares(real), -1)


def stored(connection: Connection, camera: str, stream: str) -> Derived:
    """What is kept of a stream."""
    rows = connection.execute(
        select(coverage.c.start, coverage.c.end)
        .where(_is(coverage, camera, stream))
        .order_by(coverage.c.start)
    )
    table = archive_hours.c
    hours = connection.execute(
        select(table.hour, table.recorded_ms, table.bytes).where(_is(archive_hours, camera, stream))
    )
    return Derived(
        [(start, end) for start, end in rows], {hour: [ms, size] for hour, ms, size in hours}
    )


def derived(connection: Connection, camera: str, stream: str) -> Derived:
    """What should be kept of a stream."""
    table = segments.c
    query = select(table.start, table.end, table.bytes).where(
        _is(segments, camera, stream), table.state.in_(COUNTED), table.end.is_not(None)
    )
    return derive((start, end, size) for start, end, size in connection.execute(query))


def rebuild(connection: Connection, camera: str, stream: str) -> None:
    """Derive all of a stream anew."""
    fresh = derived(connection, camera, stream)
    for table in (coverage, archive_hours):
        connection.execute(delete(table).where(_is(table, camera, stream)))
    of_stream = {"camera": camera, "stream": stream}
    _insert(connection, coverage, [of_stream | {"start": a, "end": b} for a, b in fresh.covered])
    _insert(
        connection,
        archive_hours,
        [
            of_stream | {"hour": hour, "recorded_ms": ms, "bytes": size}
            for hour, (ms, size) in fresh.hours.items()
        ],
    )


def streams(connection: Connection) -> list[tuple[str, str]]:
    """Camera and stream of all that was ever recorded or is derived."""
    found: set[tuple[str, str]] = set()
    for table in (segments, coverage, archive_hours):
        found.update(_streams_in(connection, table))
    return sorted(found)


def _streams_in(connection: Connection, table: Table) -> Iterator[tuple[str, str]]:
    """From one stream to the next by the index: a DISTINCT would read all of it."""
    pair = tuple_(table.c.camera, table.c.stream)
    query = select(table.c.camera, table.c.stream).order_by(table.c.camera, table.c.stream)
    last = ("", "")
    while (row := connection.execute(query.where(pair > last).limit(1)).first()) is not None:
        last = (row.camera, row.stream)
        yield last


def near(
    connection: Connection, camera: str, stream: str, low: int, high: int
) -> list[tuple[int, int]]:
    """Stored spans of the coverage that touch a window, in order."""
    return _Stream(connection, camera, stream).near(low, high)


class _Stream:
    """The derived rows of one stream."""

    def __init__(self, connection: Connection, camera: str, stream: str) -> None:
        self._connection = connection
        self._camera = camera
        self._name = stream

    def cover(self, start: int, end: int) -> None:
        """Add a span to the coverage, joined with those that it touches."""
        near = self.near(start - PAUSE_MS, end + PAUSE_MS)
        if len(near) == 1 and near[0][0] <= start and end <= near[0][1]:
            return
        self._replace(
            near,
            [(min(start, *(a for a, _ in near)), max(end, *(b for _, b in near)))]
            if near
            else [(start, end)],
        )

    def uncover(self, low: int, high: int) -> None:
        """Take a span out of the coverage."""
        near = self.near(low, high)
        left = [(start, low) for start, _ in near if start < low]
        right = [(high, end) for _, end in near if end > high]
        self._replace(near, left + right)

    def left(self, low: int, high: int) -> list[tuple[int, int]]:
        """The files that reach into a span."""
        table = segments.c
        query = select(table.start, table.end).where(
            _is(segments, self._camera, self._name),
            table.state.in_(COUNTED),
            table.start <= high,
            table.start > low - LONGEST_MS,
            table.end >= low,
            table.end > table.start,
        )
        return [(start, end) for start, end in self._connection.execute(query)]

    def count(self, windows: Sequence[tuple[int, int]], shares: dict[int, int], sign: int) -> None:
        """Bring the hours that windows touch up to the coverage, and add to their bytes."""
        for first, last in _hour_ranges(windows):
            self._count(first, last, shares, sign)

    def _count(self, first: int, last: int, shares: dict[int, int], sign: int) -> None:
        table = archive_hours.c
        of_range = and_(
            _is(archive_hours, self._camera, self._name), table.hour.between(first, last)
        )
        known = self._connection.execute(select(table.hour, table.bytes).where(of_range))
        sizes = {row.hour: row.bytes for row in known}
        self._connection.execute(delete(archive_hours).where(of_range))
        recorded: dict[int, int] = {}
        for start, end in self.near(first * HOUR_MS, (last + 1) * HOUR_MS):
            for hour, low, high in _hours(start, end, first, last):
                recorded[hour] = recorded.get(hour, 0) + high - low
        rows = []
        for hour in range(first, last + 1):
            size = max(0, sizes.get(hour, 0) + sign * shares.get(hour, 0))
            ms = recorded.get(hour, 0)
            if ms:
                rows.append(
                    {
                        "camera": self._camera,
                        "stream": self._name,
                        "hour": hour,
                        "recorded_ms": ms,
                        "bytes": size,
                    }
                )
        _insert(self._connection, archive_hours, rows)

    def near(self, low: int, high: int) -> list[tuple[int, int]]:
        """Stored spans that touch a span. They never overlap, so that of those that begin before
        it only the last one can."""
        table = coverage.c
        chosen = select(table.start, table.end).where(_is(coverage, self._camera, self._name))
        before = chosen.where(table.start < low).order_by(table.start.desc()).limit(1)
        inside = chosen.where(table.start.between(low, high)).order_by(table.start)
        rows = [*self._connection.execute(before), *self._connection.execute(inside)]
        return [(start, end) for start, end in rows if end >= low]

    def _replace(self, old: list[tuple[int, int]], new: list[tuple[int, int]]) -> None:
        if old:
            starts = [start for start, _ in old]
            of_stream = _is(coverage, self._camera, self._name)
            # they stand next to each other: a range needs no list of any length
            between = coverage.c.start.between(min(starts), max(starts))
            self._connection.execute(delete(coverage).where(of_stream, between))
        of_stream_ = {"camera": self._camera, "stream": self._name}
        _insert(self._connection, coverage, [of_stream_ | {"start": a, "end": b} for a, b in new])


def _is(table: Table, camera: str, stream: str) -> ColumnElement[bool]:
    return and_(table.c.camera == camera, table.c.stream == stream)


def _insert(connection: Connection, table: Table, rows: list[dict[str, object]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _widened(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(start - PAUSE_MS, end + PAUSE_MS) for start, end in spans]


def _hours(
    start: int, end: int, first: int | None = None, last: int | None = None
) -> Iterator[tuple[int, int, int]]:
    """(hour, from, to) of the hours of a span, from the `first` to the `last` of interest."""
    low = start // HOUR_MS if first is None else max(first, start // HOUR_MS)
    high = (end - 1) // HOUR_MS if last is None else min(last, (end - 1) // HOUR_MS)
    for hour in range(low, high + 1):
        yield hour, max(start, hour * HOUR_MS), min(end, (hour + 1) * HOUR_MS)


def _hour_ranges(windows: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """First and last hour of what windows touch; ranges that touch are one."""
    ranges: list[tuple[int, int]] = []
    for start, end in sorted(windows):
        first, last = start // HOUR_MS, end // HOUR_MS
        if ranges and first <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], last))
        else:
            ranges.append((first, last))
    return ranges


def _shares(spans: Iterable[Span]) -> dict[int, int]:
    """Bytes of each hour, each file's by its time; their sum is exact."""
    shares: dict[int, int] = {}
    for start, end, size in spans:
        length = end - start
        for hour, low, high in _hours(start, end):
            share = size * (high - start) // length - size * (low - start) // length
            shares[hour] = shares.get(hour, 0) + share
    return shares
