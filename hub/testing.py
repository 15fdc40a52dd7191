"""For plugin authors: a real hub around one plugin, in a fake world where time is told to pass.

    async def test_a_press_becomes_an_event(plugin_hub):
        hub = await plugin_hub("panic_button", buttons={"kiosk": {...}})
        await hub.mqtt.deliver("town/panic/kiosk", b"pressed")
        assert (await hub.next_event("panic_button.pressed")).source == "event.kiosk"

Real: bus, registry, stores, journal, incidents, outbox, supervisor, the plugin. Fake: the broker
and time. It is shipped as a pytest plugin; the fixture closes what it opened.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from hub.access.audit import AuditLog
from hub.access.people import People
from hub.access.seam import Access
from hub.alarms.answers import Answers
from hub.alarms.path import Alarms
from hub.alarms.wording import Wording
from hub.automation.actions import ActionRegistry
from hub.bus import Bus
from hub.clock import VirtualClock
from hub.model.action import Call
from hub.model.entity import Area, Location, State
from hub.model.event import Event
from hub.model.message import Message
from hub.model.page import PageAnswer, PageRequest
from hub.plugin.loader import Plugins, bundled
from hub.plugin.services import Services
from hub.plugin.supervisor import PluginStatus, Running, Supervisor
from hub.registry import Registry
from hub.rehearsal.pytest_plugin import StoryFile, is_story
from hub.store.migrate import migrate
from hub.store.store import Store
from hub.store.tables import alarms as alarm_tables
from hub.store.tables import bulk as bulk_tables
from hub.tasks import Tasks
from hub.text.translations import Texts

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
TURNS = 25  # of the event loop, after which what follows from an event has happened
AREAS = {
    "market": Area("market", "Ринок", Location(49.7146, 28.8376)),
    "school": Area("school", "Школа", Location(49.7180, 28.8420)),
}


class FakeMqtt:
    """A broker without a network: what a test delivers, the plugin hears."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._queues: dict[str, list[asyncio.Queue[Message]]] = defaultdict(list)
        self.published: list[tuple[str, bytes]] = []
        self.acknowledged: list[Message] = []
        self.settle: Callable[[], Awaitable[None]] = _nothing

    async def deliver(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """Let a device publish; returns when what follows from it has happened."""
        data = payload.encode() if isinstance(payload, str) else payload
        message = Message(topic, data, retain, self._clock.now())
        for queue in self._queues[topic]:
            queue.put_nowait(message)
        await self.settle()

    async def messages(self, topic: str, *, durable: bool = False) -> AsyncIterator[Message]:
        queue: asyncio.Queue[Message] = asyncio.Queue()
        self._queues[topic].append(queue)
        try:
            while True:
                message = await queue.get()
                yield message
                if durable:
                    self.acknowledged.append(message)
        finally:
            self._queues[topic].remove(queue)

    async def publish(
        self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False
    ) -> None:
        data = payload.encode() if isinstance(payload, str) else payload
        self.published.append((topic, data))
        for queue in self._queues[topic]:
            queue.put_nowait(Message(topic, data, retain, self._clock.now()))


async def _nothing() -> None:
    return None


class TestHub:
    """A hub with one plugin in it."""

    __test__ = False

    def __init__(self, folder: Path, plugins: Plugins) -> None:
        self.clock = VirtualClock(START)
        self.bus = Bus()
        self.tasks = Tasks("test hub", self.clock)
        self.registry = Registry(self.bus, self.clock)
        self.registry.configure(AREAS)
        self.mqtt = FakeMqtt(self.clock)
        self.mqtt.settle = self.settle
        self.stores = (Store.at(folder / "alarms.db"), Store.at(folder / "bulk.db"))
        self.people = People(self.stores[1], self.clock)
        self.texts = Texts("uk")
        self.access = Access(AuditLog(self.stores[1], self.clock), self.clock)
        wording = Wording(self.registry)
        self.alarms = Alarms(
            self.stores[0], self.clock, self.bus, self.tasks,
            people=self.people.all, place=wording.place, describe=wording.describe,
            picture=_no_picture,
        )  # fmt: skip
        self.actions = ActionRegistry(self.clock)
        self.events: list[Event] = []
        self._seen: dict[str, int] = defaultdict(int)
        self.bus.subscribe(None, self.events.append, owner="test")
        self._plugins = plugins
        self._supervisor: Supervisor | None = None
        self._http: aiohttp.ClientSession | None = None

    async def start(self, name: str, config: dict[str, Any]) -> None:
        """Check the block and set the plugin up."""
        for store, tables in zip(self.stores, (alarm_tables, bulk_tables), strict=True):
            await asyncio.to_thread(migrate, store, tables)
            store.open()
        self._http = aiohttp.ClientSession()
        services = Services(
            bus=self.bus,
            clock=self.clock,
            registry=self.registry,
            alarms=self.alarms,
            answers=Answers(self.alarms, self.access, self.texts),
            mqtt=self.mqtt,
            http=self._http,
            actions=self.actions,
            language="uk",
            time_zone=ZoneInfo("Europe/Kyiv"),
        )
        self._supervisor = Supervisor(services, self.tasks)
        plugin = self._plugins.find(name)
        self.plugin = plugin
        self.config = plugin.config_model.model_validate(config)
        self.alarms.start()
        await self._supervisor.start({name: (plugin, self.config)})
        await self.settle()

    @property
    def status(self) -> PluginStatus:
        return self._running.status

    @property
    def why(self) -> str:
        return self._running.why

    @property
    def _running(self) -> Running:
        assert self._supervisor is not None
        return self._supervisor.plugins[self.plugin.name]

    @property
    def context(self) -> Any:
        """The `hub` that the plugin was given."""
        return self._running.context

    def state(self, entity_id: str) -> State | None:
        return self.registry.get(entity_id)

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.advance(seconds, self.settle)

    async def settle(self) -> None:
        """Let everything happen that follows from what has happened."""
        quiet = 0
        while quiet < 2:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            if any(store.asked for store in self.stores):
                quiet = 0
                await asyncio.sleep(0.001)
            else:
                quiet += 1

    async def next_event(self, event_type: str, *, within: float = 30.0) -> Event:
        """The next event of a type that was not returned yet; lets up to `within` seconds pass."""
        for _ in range(int(within) + 1):
            found = [event for event in self.events if event.type == event_type]
            if len(found) > self._seen[event_type]:
                self._seen[event_type] += 1
                return found[self._seen[event_type] - 1]
            await self.advance(1.0)
        raise AssertionError(f"no {event_type} within {within:.0f} s; {self._summary()}")

    def _summary(self) -> str:
        return f"there were {sorted({event.type for event in self.events})}"

    async def act(self, action: str, data: dict[str, Any] | None = None, *targets: str) -> Any:
        """Do an action as an automation would, and give its answer; raises ActionFailed."""
        return await self.actions.run(action, data or {}, Call(key="test", targets=targets))

    async def page(
        self,
        path: str,
        *,
        method: str = "POST",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
    ) -> PageAnswer:
        """Call one of the plugin's own routes."""
        for page in self.plugin.pages(self.config):
            if page.path == path and page.method == method:
                request = PageRequest(
                    method=method,
                    path=path,
                    query={},
                    form=form or {},
                    body=body,
                    headers={key.lower(): value for key, value in (headers or {}).items()},
                    remote="127.0.0.1",
                )
                return await page.handler(self.context, request)
        raise AssertionError(f"'{self.plugin.name}' has no {method} {path}")

    async def close(self) -> None:
        """Tear the plugin down, and all that was opened for it."""
        if self._supervisor is not None:
            await self._supervisor.stop()
        await self.tasks.close()
        if self._http is not None:
            await self._http.close()
        for store in self.stores:
            await store.close()


async def _no_picture(ref: str) -> bytes | None:
    return None


@pytest.fixture
async def plugin_hub(
    tmp_path: Path,
) -> AsyncIterator[Callable[..., Awaitable[TestHub]]]:
    """Makes a hub with one plugin: `await plugin_hub("panic_button", buttons={...})`.

    Plugins are looked for among the bundled ones, in `plugins/` of the present folder, and among
    the installed packages. Areas `market` and `school` are there.
    """
    hubs: list[TestHub] = []
    folders = {bundled(), (Path.cwd() / "plugins").resolve()}

    async def make(name: str, **config: Any) -> TestHub:
        hub = TestHub(tmp_path / f"hub{len(hubs)}", Plugins(sorted(folders)))
        hubs.append(hub)
        await hub.start(name, config)
        return hub

    yield make
    for hub in hubs:
        await hub.close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Stories (hub.rehearsal) are tests: `*.story.yaml`, and what lies in a folder `stories`."""
    if not is_story(file_path):
        return None
    return StoryFile.from_parent(parent, path=file_path)
