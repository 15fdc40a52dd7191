"""An archive with small files that stand for video, and its keeper."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from hub.bus import Bus
from hub.clock import VirtualClock
from hub.holds import COPY, Holds
from hub.model.event import Event
from hub.store.store import Store
from hub.video.files.archive import path_of
from hub.video.files.places import Tiers
from hub.video.indexing import rollup
from hub.video.indexing.classes import Cls
from hub.video.indexing.index import put_segments
from hub.video.retention.keeper import Keeper
from hub.video.settings import RecordingSettings
from hub.video.tables import purges, segments
from tests.video.archive_rows import report, store_at

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")


class KeptArchive:
    """Real files, a real index, and a clock that stands still."""

    def __init__(self, path: Path, recording: dict[str, Any] | None = None) -> None:
        self.data = path / "data"
        self.store = store_at(self.data)
        self.store.open()
        self.clock = VirtualClock(NOW)
        self.bus = Bus()
        self.told: list[Event] = []
        self.bus.subscribe(None, self.told.append, owner="test")
        self.is_trusted = True
        self.changes: list[tuple[str, str]] = []
        self.restart(recording or {})

    def restart(self, recording: dict[str, Any], store: Store | None = None) -> None:
        """A keeper of a hub that starts now, with this configuration."""
        self.store = store or self.store
        self.settings = RecordingSettings.model_validate(recording)
        self.tiers = Tiers(self.settings.tiers, self.data)
        self.holds = Holds(self.store, self.clock, self.data / COPY)
        self.keeper = Keeper(
            store=self.store, clock=self.clock, bus=self.bus, tiers=self.tiers, holds=self.holds,
            settings=self.settings, time_zone=KYIV, may_delete=lambda: self.is_trusted,
        )  # fmt: skip
        self.keeper.changed = lambda camera, stream, *_: self.changes.append((camera, stream))

    async def put(
        self, days: float, *, cls: Cls = Cls.CONTINUOUS, size: int = 100, **other: Any
    ) -> str:
        """A file of a minute that begins so many days ago; returns its path."""
        return (await self.put_all([days], cls=cls, size=size, **other))[0]

    async def put_all(
        self, days: Sequence[float], *, cls: Cls = Cls.CONTINUOUS, size: int = 100, **other: Any
    ) -> list[str]:
        camera, stream = other.get("camera", "camera.a"), other.get("stream", "main")
        reports, paths = [], []
        for age in days:
            start = (NOW - timedelta(days=age)).timestamp()
            path = path_of(camera, stream, round(start * 1000))
            file = self.tiers.root(other.get("tier", "main")) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            content = path.encode().ljust(size, b"\0")[:size]
            file.write_bytes(content)
            fields = other | {"path": path, "sha256": sha256(content).hexdigest()}
            base = NOW.timestamp()
            reports.append(report(start - base, start - base + 60, size=size, **fields))
            paths.append(path)

        def work(connection: Connection) -> None:
            put_segments(connection, reports)
            own = segments.c
            connection.execute(update(segments).where(own.path.in_(paths)).values(cls=int(cls)))

        await self.store.write(work)
        return paths

    async def look(self) -> None:
        """One round of the keeper, while the time it waits passes."""
        looking = asyncio.ensure_future(self.keeper.look())
        while not looking.done():
            await self.clock.advance(0.05, lambda: asyncio.sleep(0.002))
        await looking

    async def paths(self, tier: str | None = None) -> set[str]:
        """Files that the index knows as whole; checked against the disk."""
        own = segments.c
        query = select(own.path, own.tier).where(own.state == "finished")
        rows = await self.store.read(lambda c: c.execute(query).all())
        for path, its in rows:
            assert self.tiers.file(its, path).is_file(), f"{path} is not on '{its}'"
        return {path for path, its in rows if tier in (None, its)}

    def on_disk(self, tier: str = "main") -> set[str]:
        root = self.tiers.root(tier)
        return {str(file.relative_to(root)) for file in root.glob("archive/*/*/*/*/*.mp4")}

    async def rows(self, state: str) -> list[str]:
        query = select(segments.c.path).where(segments.c.state == state)
        return list(await self.store.read(lambda c: c.execute(query).scalars().all()))

    async def log(self) -> list[Any]:
        query = select(purges).order_by(purges.c.id)
        return list(await self.store.read(lambda c: c.execute(query).all()))

    async def check_derived(self) -> None:
        """What is derived of the index is what a rebuild would make of it."""

        def work(connection: Connection) -> None:
            for camera, stream in rollup.streams(connection):
                kept = rollup.stored(connection, camera, stream)
                assert kept == rollup.derived(connection, camera, stream)

        await self.store.read(work)

    def told_of(self, kind: str) -> list[Event]:
        return [event for event in self.told if event.type == kind]

    async def close(self) -> None:
        await self.store.close()
