"""One stream's part of the ledger of gaps, judged from the tables: functions of a connection.

All times are milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    delete,
    func,
    insert,
    select,
    union_all,
    update,
)

from hub.video import tables
from hub.video.indexing import index
from hub.video.instants import LONGEST_MS, instant, millis
from hub.video.missing.gaps import Due, Gap, Span, Trouble, gaps, loose_end, merged
from hub.video.reasons import Reason
from hub.video.tables import gap_marks, outages, record_modes, recordings, segments

LAG_MS = 90_000
"""What is younger is not judged: files are still being written and told of."""
STEP_MS = 6 * 3_600_000
"""So much of a stream is judged at once."""
BACK_MS = 24 * 3_600_000
"""A gap that goes on is judged again as a whole, up to this length."""

Stream = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a step. `more`: there is another to take; `ongoing`: the gap that reaches up to
    where the stream is judged now."""

    more: bool
    ongoing: Gap | None


def streams(connection: Connection) -> list[Stream]:
    """All streams that were ever to be recorded."""
    table = record_modes.c
    query = select(table.camera, table.stream).distinct()
    return [(row.camera, row.stream) for row in connection.execute(query)]


def steps(
    connection: Connection, written: Mapping[Stream, int | None], now: int
) -> dict[Stream, Judged]:
    """Judge the next part of each of these streams; those of which there is none are left out."""
    judged = {s: step(connection, s, now, until) for s, until in written.items()}
    return {stream: each for stream, each in judged.items() if each is not None}


def step(connection: Connection, stream: Stream, now: int, written: int | None) -> Judged | None:
    """Judge the next part of a stream; None where there is none. `written`: how far it was in its
    files when it was last heard of."""
    mark = _mark(connection, stream, now)
    if mark is None:
        return None
    writing, settled = _being_written(connection, stream, written, now)
    horizon = min(now - LAG_MS, settled)
    end = min(horizon, mark + STEP_MS)
    if end <= mark:
        return None
    begin = _begin_of_last(connection, stream, mark)
    due = list(_due(connection, stream, begin, end))
    covered = merged([*index.coverage(connection, *stream, begin, end), *writing])
    found = gaps(due, covered, ())
    if found:
        found = gaps(due, covered, _troubles(connection, stream, begin, end))
    if found or begin < mark:
        _replace(connection, stream, begin, found)
    _settle(connection, stream, loose_end(due, covered, end))
    ongoing = found[-1] if found and found[-1].end == end else None
    return Judged(end < horizon, ongoing)


def look_again(connection: Connection, stream: Stream, start: int, end: int) -> None:
    """Judge again what files that came to light, or are gone, have changed in a window. What was
    deleted by the rules is neither."""
    _take_back(connection, stream, start, end)
    mark = connection.execute(select(gap_marks.c.settled).where(_is(gap_marks, stream))).scalar()
    lost = _lost_files(connection, stream, start, min(end, start if mark is None else mark))
    table = tables.gaps.c
    near = (_is(tables.gaps, stream), table.start < end, table.end > start)
    known = connection.execute(select(table.start, table.end).where(*near)).all()
    covered = [*index.coverage(connection, *stream, start, end), *((a, b) for a, b in known)]
    due = [Due(*span) for span in merged((file.start, file.end or end) for file in lost)]
    _insert(connection, stream, gaps(due, merged(covered), lost))


def _lost_files(connection: Connection, stream: Stream, start: int, end: int) -> list[Trouble]:
    """Files that were recorded, and are not on the disk."""
    table = segments.c
    query = select(table.start, table.end).where(
        _is(segments, stream), table.start < end, table.start > start - LONGEST_MS,
        table.end > start, table.state == "missing",
    )  # fmt: skip
    return [
        Trouble(max(row.start, start), min(row.end, end), Reason.FILE_MISSING.value)
        for row in connection.execute(query)
    ]


def _take_back(connection: Connection, stream: Stream, start: int, end: int) -> None:
    """Shrink the gaps of a window by what is recorded there by now."""
    table = tables.gaps.c
    near = (_is(tables.gaps, stream), table.start < end, table.end > start)
    for row in connection.execute(select(tables.gaps).where(*near)).all():
        covered = merged(index.coverage(connection, *stream, row.start, row.end))
        trouble = Trouble(row.start, row.end, row.cause, row.detail)
        left = gaps([Due(row.start, row.end)], covered, [trouble])
        if [(gap.start, gap.end) for gap in left] != [(row.start, row.end)]:
            connection.execute(delete(tables.gaps).where(table.id == row.id))
            _insert(connection, stream, [replace(gap, by=row.by) for gap in left])


def _is(table: Table, stream: Stream) -> ColumnElement[bool]:
    return and_(table.c.camera == stream[0], table.c.stream == stream[1])


def _mark(connection: Connection, stream: Stream, now: int) -> int | None:
    """How far the stream is judged. Where the clock was ahead, what was judged beyond the present
    goes, with the gap that reaches into it, and the mark comes back to where that began."""
    query = select(gap_marks.c.settled).where(_is(gap_marks, stream))
    mark: int | None = connection.execute(query).scalar()
    if mark is None:
        first = select(func.min(record_modes.c.at)).where(_is(record_modes, stream))
        mark = connection.execute(first).scalar()
    elif mark > now:
        ahead = (_is(tables.gaps, stream), tables.gaps.c.end > now)
        begun = connection.execute(select(func.min(tables.gaps.c.start)).where(*ahead)).scalar()
        connection.execute(delete(tables.gaps).where(*ahead))
        mark = now if begun is None else min(begun, now)
        _settle(connection, stream, mark)
    return mark


def _settle(connection: Connection, stream: Stream, mark: int) -> None:
    here = _is(gap_marks, stream)
    if not connection.execute(update(gap_marks).where(here).values(settled=mark)).rowcount:
        row = {"camera": stream[0], "stream": stream[1], "settled": mark}
        connection.execute(insert(gap_marks).values(row))


def _being_written(
    connection: Connection, stream: Stream, written: int | None, now: int
) -> tuple[list[Span], int]:
    """What is known of the files that are being written, and up to where all is known."""
    table = segments.c
    query = select(table.start).where(
        _is(segments, stream), table.start > now - LONGEST_MS, table.end.is_(None)
    )
    starts = (
        connection.execute(query.where(table.state == "open").order_by(table.start)).scalars().all()
    )
    if not starts:
        return [], now
    last = starts[-1]
    if written is None or written <= last:
        return [], starts[0]
    return [(last, written)], min(starts[0] if len(starts) > 1 else written, written)


def _begin_of_last(connection: Connection, stream: Stream, mark: int) -> int:
    """Where the gap began that reaches up to the mark: it may go on, and its cause be known now."""
    last = _last_before(connection, stream, mark)
    return mark if last is None or last.end != mark else max(last.start, mark - BACK_MS)


def _last_before(connection: Connection, stream: Stream, at: int) -> Row[Any] | None:
    """The last gap that begins before an instant."""
    table = tables.gaps.c
    query = select(tables.gaps).where(_is(tables.gaps, stream), table.start < at)
    return connection.execute(query.order_by(table.start.desc()).limit(1)).first()


def _due(connection: Connection, stream: Stream, begin: int, end: int) -> Iterator[Due]:
    """What should have been recorded between two instants."""
    table = record_modes.c
    newest = select(record_modes).where(_is(record_modes, stream))
    before = newest.where(table.at <= begin).order_by(table.at.desc(), table.id.desc()).limit(1)
    after = newest.where(table.at > begin, table.at < end).order_by(table.at, table.id)
    rows = [*connection.execute(before), *connection.execute(after)]
    borders = [*(max(row.at, begin) for row in rows), end]
    ordered: list[Span] | None = None
    for row, (start, until) in zip(rows, pairwise(borders), strict=True):
        if start == until:
            continue
        if row.mode == "continuous":
            yield Due(start, until)
        elif row.why == "switched_off":
            yield Due(start, until, row.by)
        elif row.mode == "events":
            if ordered is None:
                ordered = _ordered(connection, stream[0], begin, end)
            for low, high in ordered:
                if low < until and high > start:
                    yield Due(max(low, start), min(high, until))


def _ordered(connection: Connection, camera: str, begin: int, end: int) -> list[Span]:
    """The windows in which somebody wanted a recording."""
    table = recordings.c
    query = select(table.start, table.end).where(
        table.camera == camera,
        table.end > instant(begin / 1000),
        table.start < instant(end / 1000),
    )
    return merged((millis(row.start), millis(row.end)) for row in connection.execute(query))


def _troubles(connection: Connection, stream: Stream, begin: int, end: int) -> list[Trouble]:
    table = outages.c
    said = select(table.start, table.end, table.cause, table.detail).where(table.start + 0 < end)
    query = union_all(
        *(
            said.where(_same(table.camera, camera), _same(table.stream, name), lasted)
            for camera, name in ((None, None), (stream[0], None), stream)
            for lasted in (table.end > begin, table.end.is_(None))
        )
    )  # each is a short stretch of the index by ends; the sum keeps it from that by beginnings
    told = [Trouble(*row) for row in connection.execute(query)]
    return [*told, *_lost_files(connection, stream, begin, end)]


def _same(column: ColumnElement[str], value: str | None) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def _replace(connection: Connection, stream: Stream, begin: int, found: Sequence[Gap]) -> None:
    """Have these gaps from `begin` on. The part of a long one that lies before stays, and is
    lengthened where it goes on for the same cause."""
    table = tables.gaps.c
    beyond = (_is(tables.gaps, stream), table.start >= begin)
    connection.execute(delete(tables.gaps).where(*beyond))
    before = _last_before(connection, stream, begin)
    if before is not None and before.end > begin:
        connection.execute(update(tables.gaps).where(table.id == before.id).values(end=begin))
    first = found[0] if found and found[0].start == begin else None
    told = None if before is None else (before.cause, before.detail, before.by)
    if before is not None and before.end >= begin and first is not None and first.why == told:
        longer = update(tables.gaps).where(table.id == before.id)
        connection.execute(longer.values(end=first.end))
        found = found[1:]
    _insert(connection, stream, found)


def _insert(connection: Connection, stream: Stream, found: Sequence[Gap]) -> None:
    rows = [
        {
            "camera": stream[0],
            "stream": stream[1],
            "start": gap.start,
            "end": gap.end,
            "cause": gap.cause,
            "detail": gap.detail,
            "by": gap.by,
        }
        for gap in found
    ]
    if rows:
        connection.execute(insert(tables.gaps), rows)
