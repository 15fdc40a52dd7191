"""How much holds keep, by whole hours: counted file by file it would take too long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, func, select

from hub import holds
from hub.holds import Hold
from hub.video.indexing.rollup import HOUR_MS
from hub.video.instants import millis
from hub.video.tables import archive_hours


@dataclass(frozen=True, slots=True)
class Holding:
    """A hold, and about how much it keeps at this moment: all hours that it touches."""

    hold: Hold
    recorded: timedelta
    bytes: int


def holding(connection: Connection, now: int) -> list[Holding]:
    """All holds in force at `now`, milliseconds since 1970."""
    return [_holding(connection, hold) for hold in holds.in_force(connection, now)]


def _holding(connection: Connection, hold: Hold) -> Holding:
    own = archive_hours.c
    query = select(
        func.coalesce(func.sum(own.recorded_ms), 0), func.coalesce(func.sum(own.bytes), 0)
    ).where(own.hour >= millis(hold.start) // HOUR_MS)
    if hold.end is not None:
        query = query.where(own.hour <= millis(hold.end) // HOUR_MS)
    if hold.cameras:
        query = query.where(own.camera.in_(hold.cameras))
    recorded, size = connection.execute(query).one()
    return Holding(hold, timedelta(milliseconds=recorded), size)


def bytes_held(connection: Connection, now: int) -> int:
    """Bytes that cannot be deleted; what two holds keep is counted once where they are alike, and
    too much is counted where they overlap, never too little."""
    kept: dict[tuple[object, ...], int] = {}
    for each in holding(connection, now):
        kept[each.hold.cameras, each.hold.start, each.hold.end] = each.bytes
    return sum(kept.values())
