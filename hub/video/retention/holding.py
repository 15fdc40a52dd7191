"""What holds keep: how many files, and how many bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from hub import holds
from hub.holds import Hold
from hub.video import rollup
from hub.video.instants import LONGEST_MS, millis
from hub.video.tables import segments


@dataclass(frozen=True, slots=True)
class Holding:
    """A hold, and what it keeps at this moment."""

    hold: Hold
    files: int
    bytes: int


def holding(connection: Connection, now: int) -> list[Holding]:
    """All holds in force at `now`, milliseconds since 1970."""
    found = holds.in_force(connection, now)
    streams = rollup.streams(connection) if found else []
    return [_holding(connection, hold, streams) for hold in found]


def _holding(connection: Connection, hold: Hold, streams: Iterable[tuple[str, str]]) -> Holding:
    own = segments.c
    files = size = 0
    for camera, stream in streams:
        if hold.cameras and camera not in hold.cameras:
            continue
        query = select(func.count(), func.coalesce(func.sum(own.bytes), 0)).where(
            own.camera == camera,
            own.stream == stream,
            own.state == "finished",
            own.start > millis(hold.start) - LONGEST_MS,
            own.end >= millis(hold.start),
        )
        if hold.end is not None:
            query = query.where(own.start <= millis(hold.end))
        count, total = connection.execute(query).one()
        files, size = files + count, size + total
    return Holding(hold, files, size)


def bytes_held(connection: Connection, now: int) -> int:
    """Bytes that cannot be deleted; what two holds keep is counted once where they are alike, and
    too much is counted where they overlap, never too little."""
    kept: dict[tuple[object, ...], int] = {}
    for each in holding(connection, now):
        kept[each.hold.cameras, each.hold.start, each.hold.end] = each.bytes
    return sum(kept.values())
