"""A hub as the pages need it: real alarms, registry, access and stores; cameras are made up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from hub.access.audit import AuditLog
from hub.access.people import People
from hub.access.seam import Access
from hub.access.tables import bulk as bulk_tables
from hub.alarms.answers import Answers
from hub.alarms.incidents import Opening
from hub.alarms.path import Alarms
from hub.alarms.tables import alarms as alarm_tables
from hub.alarms.wording import Wording
from hub.automation.actions import ActionRegistry
from hub.bus import Bus
from hub.clock import SystemClock
from hub.config.sealed import Started, start
from hub.history.service import History
from hub.history.settings import HistorySettings
from hub.model.camera import Camera
from hub.model.core_events import CORE_EVENTS
from hub.model.entity import Area, Entity, Location
from hub.model.incident import Severity
from hub.modes import Modes
from hub.plugin.loader import Plugins
from hub.plugin.services import Services
from hub.plugin.supervisor import Supervisor
from hub.registry import Registry
from hub.reload import Reload
from hub.store.store import Store
from hub.tasks import Tasks
from hub.text.translations import Texts
from hub.video.indexing.index import Recording
from hub.video.indexing.spans import Timeline
from hub.video.status import CameraStatus, CameraUnavailable, NothingRecorded, Snapshot
from hub.video.watching.clips import Part
from hub.web.server import Town, WebServices, make_app

HERE = Path(__file__).parent
JPEG = (HERE / "street.jpg").read_bytes()
FILM = bytes(range(256)) * 40


class FakeClip:
    """A file that can be read in parts, in small pieces."""

    size = len(FILM)
    mark = "film"
    codec = "avc1.42c01e"
    width, height, frame = 640, 368, 0.04
    cut_short = False

    def __init__(self, start: datetime, end: datetime) -> None:
        self.start, self.end = start, end
        self.parts = [Part(start, 0.0, (end - start).total_seconds())]
        self.gaps: list[tuple[datetime, datetime]] = []

    async def read(self, offset: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        end = self.size if length is None else offset + length
        for begin in range(offset, end, 1000):
            yield FILM[begin : min(end, begin + 1000)]


class FakeVideo:
    """Cameras without cameras: `down` maps those that give no picture to the reason."""

    def __init__(self, clock: SystemClock) -> None:
        self.clock = clock
        self.down: dict[str, str] = {}
        self.decoded = 0
        self.ordered: list[Recording] = []
        self.drawn: dict[str, Timeline] = {}
        self.stills: Any = None
        self.thumbnails: Any = None

    async def snapshot(self, camera: str) -> Snapshot:
        await asyncio.sleep(0.01)
        if camera in self.down:
            raise CameraUnavailable(camera, self.down[camera])
        self.decoded += 1
        return Snapshot(JPEG, self.clock.now())

    def status(self, camera: str) -> CameraStatus:
        reason = self.down.get(camera)
        return CameraStatus(online=reason is None, reason=reason, since=self.clock.now())

    async def clip(
        self, camera: str, start: datetime, end: datetime, stream: str = "main"
    ) -> FakeClip:
        if start.year < 2026 or stream != "main":
            raise NothingRecorded
        return FakeClip(start, end)

    async def timeline(
        self, keys: Collection[str], start: datetime, end: datetime, points: int
    ) -> dict[str, Timeline]:
        return {key: self.drawn.get(key, Timeline(60_000)) for key in keys}

    async def orders_between(
        self, cameras: Collection[str], start: datetime, end: datetime
    ) -> list[Recording]:
        return [one for one in self.ordered if one.camera in cameras and one.start < end]

    async def recordings(self, incident: int) -> list[Recording]:
        return [one for one in self.ordered if one.incident == incident]


class WebTown:
    """The parts, by name, and what tests do with them again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SystemClock()
        self.bus = Bus()
        self.tasks = Tasks("test", self.clock)
        self.registry = Registry(self.bus, self.clock)
        self.alarm_store = Store.at(folder / "alarms.db")
        self.bulk_store = Store.at(folder / "bulk.db", synchronous="NORMAL")
        self.modes = Modes(self.alarm_store, self.registry, self.clock)
        self.audit = AuditLog(self.bulk_store, self.clock)
        self.access = Access(self.audit, self.clock)
        self.people = People(self.bulk_store, self.clock)
        wording = Wording(self.registry)
        self.alarms = Alarms(
            self.alarm_store, self.clock, self.bus, self.tasks, people=self.people.all,
            place=wording.place, describe=wording.describe, picture=self._picture,
        )  # fmt: skip
        self.history = History(
            store=self.bulk_store, bus=self.bus, clock=self.clock, settings=HistorySettings(),
            types={event.type: event for event in CORE_EVENTS}, present=self.registry.present,
        )  # fmt: skip
        self.texts = Texts("uk")
        self.answers = Answers(self.alarms, self.access, self.texts)
        self.video = FakeVideo(self.clock)
        self.is_ready = True
        self.supervisor: Supervisor
        self.services: WebServices
        self._http: aiohttp.ClientSession

    async def _picture(self, ref: str) -> bytes | None:
        return None

    async def start(self, plugins: list[str]) -> None:
        for store, tables in ((self.alarm_store, alarm_tables), (self.bulk_store, bulk_tables)):
            tables.create_all(store.engine)
            store.open()
        self.history.start()
        self.registry.configure(
            {
                "market": Area("market", "Ринок", Location(49.7146, 28.8376)),
                "quay": Area("quay", "Набережна", Location(49.7180, 28.8420)),
            }
        )
        self.registry.add([(entity, value) for entity, value in ENTITIES])
        self._http = aiohttp.ClientSession()
        self.supervisor = Supervisor(
            Services(
                bus=self.bus,
                clock=self.clock,
                registry=self.registry,
                alarms=self.alarms,
                answers=self.answers,
                mqtt=None,
                http=self._http,
                actions=ActionRegistry(self.clock),
                language="uk",
                time_zone=ZoneInfo("Europe/Kyiv"),
            ),
            self.tasks,
        )
        self.services = WebServices(
            registry=self.registry, modes=self.modes, alarms=self.alarms, answers=self.answers,
            access=self.access,
            reload=Reload(self._begun(), access=self.access, bus=self.bus, clock=self.clock),
            history=self.history, video=self.video, supervisor=self.supervisor,
            texts=self.texts, bus=self.bus, clock=self.clock,
            town=Town(name="Козятин", language="uk", time_zone=ZoneInfo("Europe/Kyiv")),
            data_dir=self.folder / "data",
            ready=lambda: (self.is_ready, {"mqtt": True}),
        )  # fmt: skip
        folder = Plugins([HERE / "plugins"])
        await self.supervisor.start(
            {name: (folder.find(name), folder.find(name).config_model()) for name in plugins}
        )
        self.alarms.start()

    def _begun(self) -> Started:
        path = self.folder / "config.yaml"
        path.write_text("hub: {name: Козятин}\n")
        return start(path, Plugins([]))

    async def stop(self) -> None:
        await self.supervisor.stop()
        await self.history.stop()
        await self.tasks.close()
        await self._http.close()
        await self.alarm_store.close()
        await self.bulk_store.close()

    async def incident(self, title: str = "Тривожна кнопка на ринку", **fields: Any) -> int:
        """Open an incident; returns its number."""
        opening = Opening(
            key=fields.pop("key", title), kind="panic", severity=Severity.CRITICAL, title=title,
            area="market", source="event.kiosk",
        )  # fmt: skip
        return (await self.alarms.open(replace(opening, **fields))).incident

    async def picture(self, incident: int, ref: str = "snapshots/one.jpg") -> int:
        """Attach a stored picture to an incident; returns the picture's number."""
        path = self.folder / "data" / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(JPEG)
        await self.alarms.attach(incident, "camera.market", "snapshot", ref, self.clock.now())
        return int((await self.alarms.book.media(incident))[-1].id)

    def record(self, incident: int) -> Recording:
        """Order a recording for an incident."""
        now = self.clock.now()
        start, end = now - timedelta(seconds=10), now + timedelta(minutes=2)
        recording = Recording("r1", "camera.market", start, end, incident, "open")
        self.video.ordered.append(recording)
        return recording

    async def audited(self) -> list[tuple[str, str, str]]:
        """Permission, target and result of each entry of the audit log, in order."""
        rows = await self.audit.last(500)
        return [(row.permission, row.target, row.result) for row in reversed(rows)]


ENTITIES: list[tuple[Entity, Any]] = [
    (Camera(entity_id="camera.market", name="Ринок, північ", area="market", plugin="t"), None),
    (Camera(entity_id="camera.quay", name="Набережна", area="quay", plugin="t"), None),
    (Entity(entity_id="event.kiosk", name="Кнопка «Кіоск»", area="market", plugin="t"), None),
    (
        Entity(
            entity_id="binary_sensor.school_door", name="Двері школи", area="quay",
            device_class="door", plugin="t",
        ),
        True,
    ),
    (
        Entity(
            entity_id="sensor.river_level", name="Рівень річки", area="quay", unit="m", plugin="t"
        ),
        2.4,
    ),
]  # fmt: skip


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[WebTown]:
    """A town without plugins."""
    made = WebTown(tmp_path)
    await made.start([])
    yield made
    await made.stop()


@pytest.fixture
async def plugin_town(tmp_path: Path) -> AsyncIterator[WebTown]:
    """A town with the plugins of tests/web/plugins."""
    made = WebTown(tmp_path)
    await made.start(["pages_good", "pages_wrong"])
    yield made
    await made.stop()


async def client_of(town: WebTown) -> TestClient[Any, Any]:
    client = TestClient(TestServer(make_app(town.services)))
    await client.start_server()
    return client


@pytest.fixture
async def client(town: WebTown) -> AsyncIterator[TestClient[Any, Any]]:
    """A browser that keeps its cookies."""
    made = await client_of(town)
    yield made
    await made.close()


@pytest.fixture
async def plugin_client(plugin_town: WebTown) -> AsyncIterator[TestClient[Any, Any]]:
    made = await client_of(plugin_town)
    yield made
    await made.close()
