"""What a file is kept for: it decides how long. The class of a file rises and never falls."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from sqlalchemy import Connection, func, select, update

from hub.video.instants import LONGEST_MS, instant, millis
from hub.video.tables import coverage, recordings, segments


class Cls(IntEnum):
    """In rising order of worth."""

    CONTINUOUS = 0
    EVENT = 1
    """Somebody or something ordered this time of this camera."""
    INCIDENT = 2
    """It was ordered for an incident."""


def of_order(incident: int | None) -> Cls:
    """The class that an order gives to the files it needs."""
    return Cls.EVENT if incident is None else Cls.INCIDENT


def of_window(connection: Connection, camera: str, start: int, end: int) -> Cls:
    """The class of a file of a camera, by the orders that are known. Milliseconds."""
    table = recordings.c
    query = select(func.count(), func.count(table.incident)).where(
        table.camera == camera,
        table.end > instant(start / 1000),
        table.start < instant(max(end, start + 1) / 1000),
    )
    ordered, of_incidents = connection.execute(query).one()
    if of_incidents:
        return Cls.INCIDENT
    return Cls.EVENT if ordered else Cls.CONTINUOUS


def raised(connection: Connection, camera: str, start: datetime, end: datetime, cls: Cls) -> None:
    """Raise the class of the files that hold something of a window, of all streams of a camera.
    That of a file that is being written is found when it is finished."""
    low, high = millis(start), millis(end)
    table = segments.c
    known = select(coverage.c.stream).where(coverage.c.camera == camera).distinct()
    for stream in connection.execute(known).scalars().all():
        connection.execute(
            update(segments)
            .where(table.camera == camera, table.stream == stream, table.cls < cls)
            .where(table.start < high, table.start > low - LONGEST_MS, table.end > low)
            .values(cls=int(cls))
        )
