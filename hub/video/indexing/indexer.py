"""What capture tells of its files, on its way into the index."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from sqlalchemy.exc import DBAPIError, IntegrityError

from hub.clock import Clock
from hub.store.store import Store, StoreFull
from hub.video.files.places import OutsideArchive, Tiers
from hub.video.indexing import index
from hub.video.talk.messages import SegmentReport

log = logging.getLogger("hub.video")

GATHER_S = 0.5
AGAIN_S = 5.0
MOST_WAITING = 5_000
_SPOILT = (IntegrityError, ArithmeticError, ValueError)
"""A report says what no row can hold: no instant, say, or more bytes than there are numbers."""


class Indexer:
    """Gathers reports, so that the reader of the socket never waits, and writes them in one
    transaction. While the database cannot be written they are kept, MOST_WAITING at most; what is
    shed then is found on the disk again."""

    def __init__(self, store: Store, clock: Clock, tiers: Tiers) -> None:
        self._store = store
        self._clock = clock
        self._tiers = tiers
        self._waiting: deque[SegmentReport] = deque()
        self._some = asyncio.Event()
        self._one = asyncio.Lock()
        self._lost = 0
        self.on_shed: Callable[[], None] = lambda: None
        """Called when reports were shed and the database can be written again."""

    def put(self, report: SegmentReport) -> None:
        """Take a report; returns at once, for no disk is asked: who opens a file looks where its
        path leads."""
        try:
            self._tiers.named(report.tier, report.path)
        except OutsideArchive as error:
            log.error("a file of %s is not taken into the index: %s", report.camera, error)
            return
        if len(self._waiting) >= MOST_WAITING:
            self._lost += 1
            return
        self._waiting.append(report)
        self._some.set()

    async def flush(self) -> None:
        """Write all that was put until now. Raises StoreFull, StoreClosed, DBAPIError; it is then
        kept for the next time."""
        async with self._one:
            while self._waiting:
                batch = list(self._waiting)
                await self._write(batch)
                for _ in batch:
                    self._waiting.popleft()
            if self._lost:
                log.error("%d notices of files were shed; the disk is looked through", self._lost)
                self._lost = 0
                self.on_shed()

    async def run(self) -> None:
        """Write what is put, soon after it is."""
        while True:
            await self._some.wait()
            await self._clock.sleep(GATHER_S)
            self._some.clear()
            try:
                await self.flush()
            except (StoreFull, DBAPIError) as error:
                log.error("the index of the archive cannot be written: %s", error)
                self._some.set()
                await self._clock.sleep(AGAIN_S)

    async def _write(self, batch: Sequence[SegmentReport]) -> None:
        try:
            await self._store.write(lambda connection: index.put_segments(connection, batch))
        except _SPOILT:
            for report in batch:
                await self._write_alone(report)

    async def _write_alone(self, report: SegmentReport) -> None:
        try:
            await self._store.write(lambda connection: index.put_segments(connection, [report]))
        except _SPOILT as error:
            log.error("what is told of %s does not fit into the index: %s", report.path, error)
