"""Deletes single pictures that are older than they may be: a picture of an incident is kept as long
as its recordings, any other as long as those of an event. What is held stays."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from hub.clock import Clock
from hub.holds import Hold, Holds
from hub.store.store import Store
from hub.video.files.archive import TIER
from hub.video.indexing.classes import Cls
from hub.video.instants import instant, millis
from hub.video.retention.log import Entry, Gone, record
from hub.video.retention.plan import Terms, Why

log = logging.getLogger("hub.video.retention")

FOLDER = "snapshots"
STREAM = "snapshot"
"""What stands for the stream in the log of what was deleted."""
BATCH = 500

_NAME = re.compile(r"(\d{6})-([a-z0-9_]+)-[0-9a-f]{12}\.jpg")

Attached = Callable[[Collection[str]], Awaitable[Collection[str]]]
"""Which of these pictures (by their paths in the data folder) belong to an incident."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, by its name. Milliseconds since 1970."""

    path: str
    camera: str
    at: int
    bytes: int


class Snapshots:
    """The pictures of a data folder. `day` gives the town's day of now, for the log."""

    def __init__(
        self, store: Store, clock: Clock, data: Path, holds: Holds, day: Callable[[], str]
    ) -> None:
        self._store = store
        self._clock = clock
        self._data = data
        self._holds = holds
        self._day = day
        self.attached: Attached | None = None

    async def sweep(self, terms: Terms) -> int:
        """Delete what is too old; returns how many. Until somebody says which pictures belong to
        an incident nothing is. Raises OSError, and what the store raises."""
        now = millis(self._clock.now())
        if self.attached is None:
            return 0
        longest = [term.longest for cls in (Cls.EVENT, Cls.INCIDENT) for term in terms.all(cls)]
        bounded = [each for each in longest if each is not None]
        if not bounded:
            return 0
        deleted = 0
        for folder in await asyncio.to_thread(_days, self._data, now - min(bounded)):
            pictures = await asyncio.to_thread(_pictures, self._data, folder)
            for at in range(0, len(pictures), BATCH):
                deleted += await self._delete(pictures[at : at + BATCH], terms, now, self.attached)
        return deleted

    async def _delete(
        self, pictures: Sequence[Picture], terms: Terms, now: int, attached: Attached
    ) -> int:
        of_incidents = await attached([picture.path for picture in pictures])
        old = []
        for picture in pictures:
            cls = Cls.INCIDENT if picture.path in of_incidents else Cls.EVENT
            longest = terms.of(picture.camera, cls).longest
            if longest is not None and picture.at < now - longest:
                old.append((picture, cls))
        if not old:
            return 0
        await self._holds.restore()
        async with self._holds.deleting:
            held = await self._holds.active()
            if not self._holds.whole:  # the database was damaged meanwhile
                return 0
            free = [(p, cls) for p, cls in old if not any(_keeps(hold, p) for hold in held)]
            gone = await asyncio.to_thread(_unlink, self._data, free)
            await self._store.write(partial(_log, now=now, day=self._day(), gone=gone))
        return len(gone)


def _keeps(hold: Hold, picture: Picture) -> bool:
    at = instant(picture.at / 1000)
    within = hold.start <= at and (hold.end is None or at <= hold.end)
    return within and (not hold.cameras or picture.camera in hold.cameras)


def _log(connection: Connection, now: int, day: str, gone: Sequence[tuple[Picture, Cls]]) -> None:
    entries = [
        (
            Entry(picture.camera, STREAM, TIER, cls, Why.TOO_OLD),
            Gone(picture.at, picture.at, picture.bytes, f"{picture.path} -"),
        )
        for picture, cls in gone
    ]
    record(connection, now, day, entries)


def _days(data: Path, before: int) -> list[Path]:
    """Folders of days that began before an instant, the oldest first."""
    found = []
    for folder in sorted((data / FOLDER).glob("[0-9]*/[0-9]*/[0-9]*/")):
        year, month, day = folder.parts[-3:]
        try:
            began = datetime.combine(date(int(year), int(month), int(day)), datetime.min.time())
        except ValueError:
            continue
        if millis(began.replace(tzinfo=UTC)) < before:
            found.append(folder)
    return found


def _pictures(data: Path, folder: Path) -> list[Picture]:
    found = []
    midnight = datetime.strptime("/".join(folder.parts[-3:]), "%Y/%m/%d").replace(tzinfo=UTC)
    for file in sorted(folder.iterdir()):
        name = _NAME.fullmatch(file.name)
        if name is None or file.is_symlink():
            continue
        time = datetime.strptime(name[1], "%H%M%S") - datetime.strptime("000000", "%H%M%S")
        path = file.relative_to(data).as_posix()
        size = file.stat().st_size
        found.append(Picture(path, f"camera.{name[2]}", millis(midnight + time), size))
    return found


def _unlink(data: Path, pictures: Sequence[tuple[Picture, Cls]]) -> list[tuple[Picture, Cls]]:
    """Returns those that are gone: one that cannot be deleted keeps no other."""
    gone = []
    for picture, cls in pictures:
        try:
            (data / picture.path).unlink(missing_ok=True)
        except OSError as error:
            log.error("%s cannot be deleted: %s", picture.path, error.strerror)
        else:
            gone.append((picture, cls))
    for folder in {(data / picture.path).parent for picture, _ in gone}:
        with contextlib.suppress(OSError):  # others lie in it
            folder.rmdir()
    return gone
