"""The index of what is on disk, and of what was ordered. Functions of a connection, for Store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update
from sqlalchemy import Row as Found

from hub.video import tables
from hub.video.indexing import classes, rollup
from hub.video.instants import LONGEST_MS, instant, millis
from hub.video.tables import recordings, segments
from hub.video.talk.messages import SegmentReport

GAP_S = 1.0
"""A recording with no hole longer than this is complete."""
READABLE = ("open", "finished")
"""States of the files that may be read: one that is being deleted is as good as gone."""


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
    """A file of the archive; `path` is relative to the root of its tier, `end` None while it is
    being written. Files of one `epoch` can be joined."""

    id: int
    tier: str
    path: str
    start: datetime
    end: datetime | None
    epoch: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Row:
    """What the index says of a file, for those who look at the disk."""

    state: str
    tier: str
    bytes: int
    sha256: str | None


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
        _raise_classes(connection, asked)
        return asked, True
    if known.state != "open" or asked.end <= known.end:
        return known, False
    change = update(recordings).where(recordings.c.id == asked.id)
    connection.execute(change.values(end=asked.end))
    longer = Recording(known.id, known.camera, known.start, asked.end, known.incident, "open")
    _raise_classes(connection, longer)
    return longer, True


def _raise_classes(connection: Connection, order: Recording) -> None:
    cls = classes.of_order(order.incident)
    classes.raised(connection, order.camera, order.start, order.end, cls)


def recording(connection: Connection, id: str) -> Recording | None:
    row = connection.execute(select(recordings).where(recordings.c.id == id)).first()
    return None if row is None else _recording(row)


def recordings_of(connection: Connection, incident: int) -> list[Recording]:
    """What was ordered for an incident, in order of time."""
    query = select(recordings).where(recordings.c.incident == incident)
    ordered = query.order_by(recordings.c.start, recordings.c.camera)
    return [_recording(row) for row in connection.execute(ordered)]


def recordings_between(
    connection: Connection, cameras: Collection[str], start: datetime, end: datetime, most: int
) -> list[Recording]:
    """Windows of some cameras that reach into a stretch of time, in order; of very many the last
    ones."""
    table = recordings.c
    query = select(recordings).where(table.camera.in_(cameras), table.end > start)
    newest = query.where(table.start < end).order_by(table.end.desc()).limit(most)
    found = [_recording(row) for row in connection.execute(newest)]
    return sorted(found, key=lambda one: one.start)


def open_recordings(connection: Connection) -> list[Recording]:
    query = select(recordings).where(recordings.c.state == "open").order_by(recordings.c.start)
    return [_recording(row) for row in connection.execute(query)]


def _recording(row: Found[tuple[object, ...]]) -> Recording:
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
    """The spans on disk that lie in a window, in order; of `main`, or else of another stream."""
    for stream in _streams(connection, asked.camera):
        spans = []
        for file in files(connection, asked.camera, stream, asked.start, asked.end):
            end = file.end or until
            if end is not None and end > asked.start:
                spans.append((file.start, end))
        if spans:
            return spans
    return []


def _streams(connection: Connection, camera: str) -> list[str]:
    """Streams of a camera that may have files, the best first."""
    table = tables.coverage.c
    known = connection.execute(select(table.stream).where(table.camera == camera).distinct())
    return ["main", *(stream for stream in known.scalars() if stream != "main")]


def _is_whole(spans: Sequence[tuple[datetime, datetime]], asked: Recording) -> bool:
    reached = asked.start
    for start, end in spans:
        if (start - reached).total_seconds() > GAP_S:
            return False
        reached = max(reached, end)
    return (asked.end - reached).total_seconds() <= GAP_S


def put_segments(connection: Connection, reports: Iterable[SegmentReport]) -> None:
    """Store what capture told; the same file told again takes the place of what was known. A file
    that was finished is never open again, and one that is being deleted stays so."""
    gone: dict[tuple[str, str], list[rollup.Span]] = {}
    come: dict[tuple[str, str], list[rollup.Span]] = {}
    for report in reports:
        known = _known(connection, report.path)
        if known is not None and not _may_follow(known, report):
            continue
        values = _values(connection, report)
        key = (report.camera, report.stream)
        if known is None:
            connection.execute(insert(segments).values(values))
        else:
            values["cls"] = max(values["cls"], known.cls)
            if report.sha256 is None and report.bytes == known.bytes:
                del values["sha256"]  # the digest is the proof, not the file that lies there now
            connection.execute(update(segments).where(segments.c.id == known.id).values(values))
            if known.state == "finished":
                gone.setdefault(key, []).append((known.start, known.end, known.bytes))
        if report.end is not None:
            come.setdefault(key, []).append((values["start"], values["end"], values["bytes"]))
    for key, spans in come.items():  # first, for one of them may be gone again
        rollup.added(connection, *key, spans)
    for key, spans in gone.items():
        rollup.removed(connection, *key, spans)


def _known(connection: Connection, path: str) -> Found[*tuple[Any, ...]] | None:
    table = segments.c
    query = select(table.id, table.start, table.end, table.bytes, table.cls, table.state)
    return connection.execute(query.where(table.path == path)).first()


def _may_follow(known: Found[*tuple[Any, ...]], report: SegmentReport) -> bool:
    if report.end is None:
        return known.state in ("open", "missing")
    return bool(known.state != "purging")


def _values(connection: Connection, report: SegmentReport) -> dict[str, Any]:
    start = millis(report.start)
    end = None if report.end is None else min(millis(report.end), start + LONGEST_MS)
    cls = classes.of_window(connection, report.camera, start, start if end is None else end)
    return {
        "camera": report.camera,
        "stream": report.stream,
        "tier": report.tier,
        "path": report.path,
        "start": start,
        "end": end,
        "bytes": report.bytes,
        "epoch": report.epoch,
        "codec": report.codec,
        "audio": report.audio,
        "width": report.width,
        "height": report.height,
        "keyframes": report.keyframes,
        "masked": report.masked,
        "cls": int(cls),
        "sha256": report.sha256,
        "state": "open" if end is None else "finished",
    }


def put_missing(
    connection: Connection, places: Iterable[tuple[str, str]]
) -> list[tuple[str, str, int, int]]:
    """Files (tier and path) are gone from the disk, and nobody knows why. Returns camera, stream,
    start and end of those that were finished. One that was moved or deleted meanwhile is left."""
    gone: dict[tuple[str, str], list[rollup.Span]] = {}
    table = segments.c
    for tier, path in places:
        query = select(table.camera, table.stream, table.start, table.end, table.bytes, table.state)
        is_there = (table.path == path, table.tier == tier, table.state.in_(READABLE))
        row = connection.execute(query.where(*is_there)).first()
        if row is None:
            continue
        change = update(segments).where(table.path == path)
        connection.execute(change.values(state="missing"))
        if row.state == "finished":
            gone.setdefault((row.camera, row.stream), []).append((row.start, row.end, row.bytes))
    for key, spans in gone.items():
        rollup.removed(connection, *key, spans)
    return [(*key, start, end) for key, spans in gone.items() for start, end, _ in spans]


def files(
    connection: Connection, camera: str, stream: str, start: datetime, end: datetime
) -> list[File]:
    """Files of a stream that hold something between two instants, in order of time."""
    table, low = segments.c, millis(start)
    query = (
        select(table.id, table.tier, table.path, table.start, table.end, table.epoch, table.bytes)
        .where(table.camera == camera, table.stream == stream, table.state.in_(READABLE))
        .where(table.start < millis(end), table.start > low - LONGEST_MS)
        .where(or_(table.end.is_(None), table.end > low))
        .order_by(table.start)
    )
    return [_file(row) for row in connection.execute(query)]


def tier_of(connection: Connection, file: int) -> str | None:
    """Where a file is now, by the number of its row; None where it is no more."""
    query = select(segments.c.tier).where(segments.c.id == file, segments.c.state.in_(READABLE))
    return connection.execute(query).scalar()


def _file(row: Found[*tuple[Any, ...]]) -> File:
    end = None if row.end is None else instant(row.end / 1000)
    return File(row.id, row.tier, row.path, instant(row.start / 1000), end, row.epoch, row.bytes)


def coverage(
    connection: Connection, camera: str, stream: str, start: int, end: int
) -> list[tuple[int, int]]:
    """Where something of a stream is recorded between two instants (milliseconds), in order; spans
    may begin before and end behind them. Files that are being written do not count."""
    return rollup.near(connection, camera, stream, start, end)


def rows_of(folder: str) -> Callable[[Connection], dict[str, Row]]:
    """All rows of one folder (a day of a camera), by their paths."""

    def run(connection: Connection) -> dict[str, Row]:
        table = segments.c
        query = select(table.path, table.state, table.tier, table.bytes, table.sha256)
        inside = (table.path >= f"{folder}/", table.path < f"{folder}0")  # "0" follows "/"
        return {path: Row(*row) for path, *row in connection.execute(query.where(*inside))}

    return run


def folders_after(after: str, count: int = 500) -> Callable[[Connection], list[str]]:
    """The next folders that rows stand for, in order; each takes one look into the index."""

    def run(connection: Connection) -> list[str]:
        found: list[str] = []
        path, last = segments.c.path, after
        while len(found) < count:
            query = select(func.min(path)).where(path >= f"{last}0")
            first = connection.execute(query).scalar()
            if first is None:
                break
            last = str(first).rpartition("/")[0]
            found.append(last)
        return found

    return run


def recent_folders(days: Collection[str]) -> Callable[[Connection], set[str]]:
    """Folders of some days (`2027/01/15`) of all cameras, and those with files that are open."""

    def run(connection: Connection) -> set[str]:
        open_ = select(segments.c.path).where(segments.c.state == "open", tables.NOT_FINISHED)
        found = {path.rpartition("/")[0] for path in connection.execute(open_).scalars()}
        for camera in {camera for camera, _ in rollup.streams(connection)}:
            found |= {f"archive/{camera.partition('.')[2]}/{day}" for day in days}
        return found

    return run
