"""Bringing the index up to the disk, after the hub or the capture process was away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import DBAPIError

from hub.clock import Clock
from hub.store.damage import PutAside
from hub.store.store import Store, StoreFull
from hub.video.files.places import Tiers
from hub.video.indexing import folders, index
from hub.video.indexing.digests import Digests
from hub.video.indexing.folders import Place
from hub.video.indexing.indexer import Indexer
from hub.video.instants import millis
from hub.video.retention import rescue
from hub.video.talk.messages import SegmentReport

log = logging.getLogger("hub.video")

AGAIN_S = 60.0
AT_ONCE = 20
"""Files that are read before what they say is written; who comes with a capture process waits for
no more."""
MOST_LATER = 10_000
"""Folders that are kept in mind; the next start finds the others."""


@dataclass(slots=True)
class Changed:
    """What a look at the disk brought."""

    adopted: int = 0
    missing: int = 0
    later: int = 0
    """Times that files were left, for somebody may be writing them, though he is not known."""


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
        self._digests = Digests(store, clock, tiers)
        self._age = 0  # of the database: a damaged one is begun anew, and knows no file
        self._compared: int | None = None
        self._one = asyncio.Lock()
        self._wake = asyncio.Event()
        self._again = False
        self._later: set[str] = set()
        self._timer: Callable[[], None] | None = None
        indexer.on_shed = self._reports_were_shed
        store.renewed.append(self._begin_anew)

    async def recent(self, writing: Collection[str]) -> Changed:
        """Look at today and yesterday (UTC), and at files that the index takes for open. Where the
        database cannot be written this is done again later, by `background`."""
        try:
            return await self._recent(writing)
        except (StoreFull, DBAPIError) as error:
            log.error("the last days cannot be compared with the index now: %s", error)
            self._again = True
            self._set_timer()
            return Changed()

    async def _recent(self, writing: Collection[str]) -> Changed:
        days = {f"{self._clock.now() - timedelta(days=n):%Y/%m/%d}" for n in (0, 1)}
        found = await asyncio.to_thread(folders.of_days, self._tiers, days)
        known = await self._store.read(index.recent_folders(days))
        written = {path.rpartition("/")[0] for path in writing}
        return await self.look(sorted(found | known | written), writing)

    async def background(self, writing: Callable[[], Collection[str]]) -> None:
        """Look at everything once, newest day first, and once more where the database was begun
        anew; then again where files were left for later, or where reports were shed. Beside that,
        files that have no digest get one."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._digests.run())
            await self._keep_looking(writing)

    async def _keep_looking(self, writing: Callable[[], Collection[str]]) -> None:
        while True:
            while self._compared != self._age:
                began, age = self._clock.monotonic(), self._age
                await self.look(await self.everything(), writing())
                self._compared = age
                if age == self._age:
                    await asyncio.to_thread(rescue.compared, self._tiers.data)
                seconds = self._clock.monotonic() - began
                log.info("the archive was compared with its index in %.0f s", seconds)
            await self._wake.wait()
            self._wake.clear()
            if self._again:
                self._again = False
                await self.recent(writing())
            await self.look(_newest_first(self._later), writing())

    def _begin_anew(self, _aside: PutAside) -> None:
        self._age += 1
        self._wake.set()

    def _reports_were_shed(self) -> None:
        self._again = True
        self._wake.set()

    def _left(self, folder: str) -> None:
        """Somebody may be writing files of a folder, though he is not known: they are looked at
        again."""
        if len(self._later) < MOST_LATER:
            self._later.add(folder)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is None:
            self._timer = self._clock.call_later(AGAIN_S, self._due)

    def _due(self) -> None:
        self._timer = None
        self._wake.set()

    async def everything(self) -> list[str]:
        """All folders that are there, or that rows stand for; newest day first."""
        found = await asyncio.to_thread(folders.all_of, self._tiers)
        after = ""
        while known := await self._store.read(index.folders_after(after)):
            found.update(known)
            after = known[-1]
        return _newest_first(found)

    async def look(self, names: Collection[str], writing: Collection[str]) -> Changed:
        """Compare some folders with the index, and correct it; files in `writing` are left."""
        await self._indexer.flush()
        changed = Changed()
        taken = frozenset(writing)
        for name in names:
            await self._look_at(name, taken, changed)
        if changed.adopted:
            self._digests.look_again()
            log.info("%d files were recorded unseen; they are indexed now", changed.adopted)
        if changed.missing:
            log.warning("%d files of the index are no longer on disk", changed.missing)
        return changed

    async def _look_at(self, folder: str, writing: frozenset[str], changed: Changed) -> None:
        self._later.discard(folder)
        rows = await self._store.read(index.rows_of(folder))
        compare = folders.compare
        different = await asyncio.to_thread(compare, self._tiers, folder, rows, writing)
        if different.open:
            await self._adopt(
                await asyncio.to_thread(folders.read_open, self._tiers, different.open)
            )
        for batch in _slices(different.unsettled):
            now = self._clock.now()
            async with self._one:
                reports, busy = await asyncio.to_thread(folders.read, self._tiers, batch, now)
                await self._adopt(reports)
            changed.adopted += len(reports)
            if busy:
                changed.later += 1
                self._left(folder)
        if different.gone:
            gone = await self._store.write(lambda c: index.put_missing(c, different.gone))
            changed.missing += len(gone)
            for span in gone:
                self.on_changed(*span)

    async def _adopt(self, reports: Sequence[SegmentReport]) -> None:
        if not reports:
            return
        await self._store.write(lambda connection: index.put_segments(connection, reports))
        for report in reports:
            if report.end is not None:
                start, end = millis(report.start), millis(report.end)
                self.on_changed(report.camera, report.stream, start, end)


def _slices(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    for at in range(0, len(places), AT_ONCE):
        yield places[at : at + AT_ONCE]


def _newest_first(names: Iterable[str]) -> list[str]:
    """Folders by their day, the last one first."""
    return sorted(names, key=lambda name: name.split("/")[-3:], reverse=True)
