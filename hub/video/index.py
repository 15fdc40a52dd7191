"""The index of what is on disk, and of what was ordered. Functions of a connection, for Store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Row, insert, or_, select, update

from hub.video.tables import recordings, segments
from hub.video.wire import SegmentReport

GAP_S = 1.0
"""A recording with no hole longer than this is complete."""
_LONGEST = timedelta(hours=1)
"""No file is longer; it bounds the search for those that began before a window."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A window of a camera that somebody ordered."""

    id: str
    camera: str
    start: datetime
    end: datetime
    incident: int | None
    state: str


@dataclass(frozen=True, slots=True)
class File:
    """A file of the archive; `end` None while it is being written."""

    path: str
    start: datetime
    end: datetime | None
    epoch: str


def instant(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, UTC)


def put_recording(
    connection: Connection, asked: Recording, made_at: datetime
) -> tuple[Recording, bool]:
    """Store an order, or lengthen the one of the same id; returns it, and whether it changed."""
    known = recording(connection, asked.id)
    if known is None:
        row = {
            "id": asked.id,
            "camera": asked.camera,
            "start": asked.start,
            "end": asked.end,
            "incident": asked.incident,
            "state": asked.state,
            "made_at": made_at,
        }
        connection.execute(insert(recordings).values(row))
        return asked, True
    if known.state != "open" or asked.end <= known.end:
        return known, False
    change = update(recordings).where(recordings.c.id == asked.id)
    connection.execute(change.values(end=asked.end))
    return Recording(known.id, known.camera, known.start, asked.end, known.incident, "open"), True


def recording(connection: Connection, id: str) -> Recording | None:
    row = connection.execute(select(recordings).where(recordings.c.id == id)).first()
    return None if row is None else _recording(row)


def recordings_of(connection: Connection, incident: int) -> list[Recording]:
    """What was ordered for an incident, in order of time."""
    query = select(recordings).where(recordings.c.incident == incident)
    ordered = query.order_by(recordings.c.start, recordings.c.camera)
    return [_recording(row) for row in connection.execute(ordered)]


def open_recordings(connection: Connection) -> list[Recording]:
    query = select(recordings).where(recordings.c.state == "open").order_by(recordings.c.start)
    return [_recording(row) for row in connection.execute(query)]


def _recording(row: Row[tuple[object, ...]]) -> Recording:
    return Recording(row.id, row.camera, row.start, row.end, row.incident, row.state)


def finish_recording(
    connection: Connection, id: str, until: datetime | None
) -> tuple[Recording, datetime, datetime] | None:
    """Close an order by what is on disk: returns it with the start and end of what there is; None
    where it is unknown or was closed before. `until`: how far files still written have come."""
    known = recording(connection, id)
    if known is None or known.state != "open":
        return None
    held = covered(connection, known, until)
    whole = _is_whole(held, known)
    state = "finished" if whole else "incomplete"
    connection.execute(update(recordings).where(recordings.c.id == id).values(state=state))
    start = held[0][0] if held else known.start
    end = held[-1][1] if held else known.start
    done = Recording(known.id, known.camera, known.start, known.end, known.incident, state)
    return done, start, end


def covered(
    connection: Connection, asked: Recording, until: datetime | None
) -> list[tuple[datetime, datetime]]:
    """The spans on disk that lie in a window, in order."""
    spans = []
    for file in files(connection, asked.camera, asked.start, asked.end):
        end = file.end or until
        if end is not None and end > asked.start:
            spans.append((file.start, end))
    return spans


def _is_whole(spans: Sequence[tuple[datetime, datetime]], asked: Recording) -> bool:
    reached = asked.start
    for start, end in spans:
        if (start - reached).total_seconds() > GAP_S:
            return False
        reached = max(reached, end)
    return (asked.end - reached).total_seconds() <= GAP_S


def files(connection: Connection, camera: str, start: datetime, end: datetime) -> list[File]:
    """Files that hold something between two instants, in order of time."""
    table = segments.c
    query = (
        select(table.path, table.start, table.end, table.epoch)
        .where(table.camera == camera, table.state != "missing")
        .where(table.start < end, table.start > start - _LONGEST)
        .where(or_(table.end.is_(None), table.end > start))
        .order_by(table.start)
    )
    return [File(*row) for row in connection.execute(query)]


def put_segments(connection: Connection, reports: Iterable[SegmentReport]) -> None:
    """Store what capture told; the same file told again takes the place of what was known."""
    for report in reports:
        values = {
            "camera": report.camera,
            "stream": report.stream,
            "path": report.path,
            "start": instant(report.start),
            "end": None if report.end is None else instant(report.end),
            "bytes": report.bytes,
            "epoch": report.epoch,
            "codec": report.codec,
            "width": report.width,
            "height": report.height,
            "state": "open" if report.end is None else "finished",
        }
        change = update(segments).where(segments.c.path == report.path).values(values)
        if report.end is None:  # never back from finished to open
            change = change.where(segments.c.state == "open")
        if connection.execute(change).rowcount:
            continue
        if report.end is None and _known(connection, report.path):
            continue
        connection.execute(insert(segments).values(values))


def _known(connection: Connection, path: str) -> bool:
    query = select(segments.c.id).where(segments.c.path == path)
    return connection.execute(query).first() is not None


def settled(folder: str) -> Callable[[Connection], dict[str, str]]:
    """Path and state of all rows of one folder (a day of a camera)."""

    def run(connection: Connection) -> dict[str, str]:
        query = select(segments.c.path, segments.c.state).where(
            segments.c.path.startswith(folder + "/", autoescape=True)
        )
        return {row.path: row.state for row in connection.execute(query)}

    return run


def folders(connection: Connection) -> set[str]:
    """Folders that rows stand for, without those whose files are known to be missing."""
    query = select(segments.c.path).where(segments.c.state != "missing")
    return {row.path.rpartition("/")[0] for row in connection.execute(query)}


def corrected(
    found: Collection[SegmentReport], gone: Collection[str]
) -> Callable[[Connection], None]:
    """Store files that were found, and mark those that are not there."""

    def run(connection: Connection) -> None:
        put_segments(connection, found)
        for path in gone:
            change = update(segments).where(segments.c.path == path)
            connection.execute(change.values(state="missing"))

    return run
