"""Bringing the index up to the disk, after the hub or the capture process was away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.clock import Clock
from hub.store.store import Store
from hub.video import folders, index
from hub.video.folders import Difference, Row
from hub.video.indexer import Indexer
from hub.video.messages import SegmentReport
from hub.video.places import Tiers

log = logging.getLogger("hub.video")

AGAIN_S = 60.0
AT_ONCE = 100
"""Files that are read before what they say is written."""
MOST_LATER = 10_000


@dataclass(slots=True)
class Changed:
    """What a look at the disk brought."""

    adopted: int = 0
    missing: int = 0
    later: set[str] = field(default_factory=set)
    """Folders with files that somebody may be writing, though he is not known."""


class Reconciler:
    """Compares files and rows, one folder (a day of a camera) at a time. Files without a row are
    adopted, and sealed where a crash left them open; rows without a file are marked as missing;
    files that are being written are left, and so is a disk that is not there.

    `on_changed` is called with camera, stream, start and end (milliseconds) of what was found to
    be there, or not to be there, otherwise than the index had it.
    """

    def __init__(self, store: Store, clock: Clock, tiers: Tiers, indexer: Indexer) -> None:
        self.on_changed: Callable[[str, str, int, int], None] = lambda *_: None
        self._store = store
        self._clock = clock
        self._tiers = tiers
        self._indexer = indexer
        self._done = False
        self._one = asyncio.Lock()

    async def recent(self, writing: Collection[str]) -> Changed:
        """Look at today and yesterday (UTC), and at files that the index takes for open."""
        days = {f"{self._clock.now() - timedelta(days=n):%Y/%m/%d}" for n in (0, 1)}
        found = await asyncio.to_thread(folders.of_days, self._tiers, days)
        known = await self._store.read(index.recent_folders(days))
        return await self._look(sorted(found | known), writing)

    async def background(self, writing: Callable[[], Collection[str]]) -> None:
        """Look at everything once, newest day first; then again where files were left for later,
        or where reports were shed."""
        later: set[str] = set()
        if not self._done:
            began = self._clock.monotonic()
            everything = await self._everything()
            changed = await self._look(everything, writing())
            later, self._done = changed.later, True
            seconds = self._clock.monotonic() - began
            log.info("the archive was compared with its index in %.0f s", seconds)
        while True:
            try:
                async with asyncio.timeout(AGAIN_S if later else None):
                    await self._indexer.shed.wait()
            except TimeoutError:
                later = (await self._look(_newest_first(later), writing())).later
            else:
                self._indexer.shed.clear()
                later |= (await self.recent(writing())).later

    async def _everything(self) -> list[str]:
        found = await asyncio.to_thread(folders.all_of, self._tiers)
        after = ""
        while known := await self._store.read(index.folders_after(after)):
            found.update(known)
            after = known[-1]
        return _newest_first(found)

    async def _look(self, names: Collection[str], writing: Collection[str]) -> Changed:
        await self._indexer.flush()
        changed = Changed()
        taken = frozenset(writing)
        for name in names:
            async with self._one:
                await self._look_at(name, taken, changed)
        if changed.adopted:
            log.info("%d files were recorded unseen; they are indexed now", changed.adopted)
        if changed.missing:
            log.warning("%d files of the index are no longer on disk", changed.missing)
        return changed

    async def _look_at(self, folder: str, writing: frozenset[str], changed: Changed) -> None:
        rows = await self._store.read(index.rows_of(folder))
        now = self._clock.now()
        difference = await asyncio.to_thread(
            folders.compare, self._tiers, folder, rows, writing
        )
        for batch in _slices(difference.unsettled):
            reports, busy = await asyncio.to_thread(folders.read, self._tiers, batch, now)
            await self._put(reports, rows)
            changed.adopted += len(reports)
            if busy and len(changed.later) < MOST_LATER:
                changed.later.add(folder)
        if difference.gone:
            gone = await self._store.write(index.lost(difference.gone))
            changed.missing += len(gone)
            for camera, stream, start, end in gone:
                self.on_changed(camera, stream, start, end)

    async def _put(self, reports: list[SegmentReport], rows: Mapping[str, Row]) -> None:
        if not reports:
            return
        await self._store.write(lambda connection: index.put_segments(connection, reports))
        ...
