"""An archive of two disks with real files, its index, and what brings these together."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from hub.clock import VirtualClock
from hub.video.capture.files import Archive
from hub.video.capture.fragments import Fragment
from hub.video.files.archive import MARK
from hub.video.files.places import Tiers
from hub.video.indexing.index import put_segments
from hub.video.indexing.indexer import Indexer
from hub.video.indexing.reconcile import Changed, Reconciler
from hub.video.settings import Tier
from hub.video.tables import segments
from hub.video.talk.messages import SegmentReport
from tests.video.archive_rows import START, store_at


class Shelf:
    """An archive of two disks, its index, and what brings these together."""

    def __init__(self, folder: Path, fragments: list[Fragment]) -> None:
        self.data = folder / "data"
        self.other = folder / "other"
        for each in (self.data, self.other):
            each.mkdir()
        self.fragments = fragments
        self.store = store_at(folder)
        self.clock = VirtualClock(datetime.fromtimestamp(START + 3600, UTC))
        self.tiers = Tiers([Tier(name="other", path=self.other, mounted=True)], self.data)
        self.indexer = Indexer(self.store, self.clock, self.tiers)
        self.reconciler = Reconciler(self.store, self.clock, self.tiers, self.indexer)
        self.changed: list[tuple[str, str, int, int]] = []
        self.reconciler.on_changed = lambda *span: self.changed.append(span)
        self.mount()

    def mount(self, mounted: bool = True) -> None:
        mark = self.other / MARK
        mark.parent.mkdir(exist_ok=True)
        mark.touch() if mounted else mark.unlink()

    def root(self, tier: str) -> Path:
        return self.tiers.root(tier)

    def record(
        self, start: float, count: int = 10, *, tier: str = "main", close: bool = True
    ) -> SegmentReport:
        """A file of so many fragments (200 ms each), from START + `start` on. One that is not
        closed was left by a killed process, whose marks are lost."""
        archive = Archive(self.data)
        shift = START + start - self.fragments[0].start
        segment = archive.create(
            self.root(tier), tier, "camera.a", "main", self.fragments[0].epoch, START + start
        )
        for fragment in self.fragments[:count]:
            fragment.start += shift
            segment.write(fragment)
            fragment.start -= shift
        told = segment.close() if close else segment.opened()
        if not close:
            os.close(segment._fd)
            (mark,) = (self.data / "capture/open").iterdir()
            mark.unlink()
        assert told is not None
        self.rest(self.root(tier) / told.path)
        return told

    def rest(self, file: Path, seconds: float = 3600) -> None:
        """Nobody wrote to a file for so long."""
        then = self.clock.now().timestamp() - seconds
        os.utime(file, (then, then))

    async def put(self, *reports: SegmentReport) -> None:
        await self.store.write(lambda connection: put_segments(connection, reports))

    async def rows(self) -> dict[str, tuple[str, str, int]]:
        """State, tier and bytes of each path."""
        found = await self.store.read(lambda c: c.execute(select(segments)).all())
        return {row.path: (row.state, row.tier, row.bytes) for row in found}

    async def look(self, *writing: str) -> Changed:
        return await self.reconciler.look(await self.reconciler.everything(), writing)
