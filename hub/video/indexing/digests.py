"""Digests of files that came into the index without one: from an older hub, or from the disk."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from hub.clock import Clock
from hub.store.store import Store
from hub.video.files.archive import sha256_of
from hub.video.files.places import Tiers
from hub.video.tables import segments

log = logging.getLogger("hub.video")

REST = 3.0
"""So many times as long as a file was read nothing is: recording and playing go first."""
AT_ONCE = 5_000
"""Rows that one question to the index looks at."""


@dataclass(frozen=True, slots=True)
class Undigested:
    """A file of which no digest is known."""

    id: int
    tier: str
    path: str
    bytes: int


class Digests:
    """Reads such files whole, one at a time, the newest first."""

    def __init__(self, store: Store, clock: Clock, tiers: Tiers) -> None:
        self._store = store
        self._clock = clock
        self._tiers = tiers
        self._wake = asyncio.Event()

    def look_again(self) -> None:
        """There may be such files again."""
        self._wake.set()

    async def run(self) -> None:
        """Go through the whole index at the start, and whenever there may be such files again."""
        self._wake.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            before = await self._store.read(_last) + 1
            while before > 0:
                for file in await self._store.read(_undigested(before)):
                    await self._digest(file)
                before -= AT_ONCE

    async def _digest(self, file: Undigested) -> None:
        began = self._clock.monotonic()
        try:
            digest = await asyncio.to_thread(self._read, file)
        except OSError as error:
            log.debug("no digest of %s: %s", file.path, error)
            return
        if digest is not None:
            await self._store.write(_digested(file, digest))
        await self._clock.sleep(REST * (self._clock.monotonic() - began))

    def _read(self, file: Undigested) -> str | None:
        fd = os.open(self._tiers.file(file.tier, file.path), os.O_RDONLY | os.O_NOFOLLOW)
        try:
            same = os.fstat(fd).st_size == file.bytes
            return sha256_of(fd) if same else None
        finally:
            os.close(fd)


def _last(connection: Connection) -> int:
    return connection.execute(select(func.max(segments.c.id))).scalar() or 0


def _undigested(before: int) -> Callable[[Connection], list[Undigested]]:
    """Of the AT_ONCE rows below a number, those of finished files without a digest."""

    def run(connection: Connection) -> list[Undigested]:
        table = segments.c
        query = select(table.id, table.tier, table.path, table.bytes).where(
            table.id < before, table.id >= before - AT_ONCE, table.sha256.is_(None)
        )
        rows = connection.execute(query.where(table.state == "finished").order_by(table.id.desc()))
        return [Undigested(*row) for row in rows]

    return run


def _digested(file: Undigested, sha256: str) -> Callable[[Connection], object]:
    """Store a digest, if the file is still what it was."""
    table = segments.c
    same = (table.id == file.id, table.bytes == file.bytes, table.sha256.is_(None))
    change = update(segments).where(*same, table.state == "finished").values(sha256=sha256)
    return lambda connection: connection.execute(change)
