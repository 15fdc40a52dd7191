"""The hub, composed: what there is, and the order in which it starts. Read it as the contents."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
from sqlalchemy import Connection

import hub.automation.tables  # noqa: F401 - its tables belong to alarms.db
from hub import from_config
from hub.access.audit import AuditLog
from hub.access.people import People
from hub.access.seam import Access
from hub.alarms.actions import ACTIONS as ALARM_ACTIONS
from hub.alarms.answers import Answers
from hub.alarms.path import Alarms
from hub.alarms.wording import Wording
from hub.automation.actions import ActionRegistry
from hub.automation.core_actions import PublishMqtt
from hub.automation.engine import Engine
from hub.automation.ports import Links
from hub.automation.switch_actions import ACTIONS as SWITCH_ACTIONS
from hub.automation.trace_keeper import TraceKeeper
from hub.automation.traces import TraceBook
from hub.automation.waits import Waits
from hub.bus import Bus
from hub.clock import Clock, SystemClock
from hub.config.absent import Absent
from hub.config.address import forget_address, write_address
from hub.config.config import Config
from hub.config.lines import LinesOfNow
from hub.config.sealed import Started
from hub.config_incident import tell_begun_anew, tell_wrong_config
from hub.embedded_broker import EmbeddedBroker
from hub.history.service import History
from hub.holds import COPY, Holds
from hub.loop_watch import LoopWatch
from hub.model.action import Action
from hub.model.core_events import HubStarted, HubStopping, StoreBegunAnew
from hub.model.message import Message
from hub.modes import ACTIONS as MODE_ACTIONS
from hub.modes import Modes
from hub.mqtt import Mqtt
from hub.plugin.loader import is_plugin_file
from hub.plugin.services import Services
from hub.plugin.supervisor import Supervisor
from hub.registry import Registry
from hub.reload import Reload, Take
from hub.store.damage import PutAside
from hub.store.folder import DataFolder
from hub.tasks import Tasks
from hub.text.translations import Texts
from hub.video.actions import ACTIONS as VIDEO_ACTIONS
from hub.video.cameras import Cameras
from hub.video.retention import rescue
from hub.video.service import Video
from hub.video.watching.pictures import Pictures
from hub.web.server import WebServer
from hub.web.services import Automations, Town, WebServices
from hub.web.webhook_book import WebhookBook

log = logging.getLogger("hub")

GOODBYE_S = 5.0
UNHEARD_S = 60.0  # a loop of a plugin that has failed is back sooner, and its topics stay

OwnActions = tuple[tuple[tuple[type[Action], ...], Any], ...]


class Hub:
    """One hub: made from a checked configuration, started, stopped."""

    def __init__(
        self, started: Started, *, listen: str | None = None, clock: Clock | None = None
    ) -> None:
        config = self.config = started.config
        clock = self.clock = clock or SystemClock()
        self._started = started
        self.ready = False
        self.watch = LoopWatch(is_plugin_file)
        self.tasks = Tasks("hub", clock)
        self.alarm_tasks = Tasks("alarms", clock)
        self.bus = Bus()
        self.texts = Texts(config.hub.language)
        self.folder = DataFolder(config.data_dir, clock, self._begin_log)
        self.folder.bulk.renewed.append(self._begun_anew)
        self.registry = Registry(self.bus, clock)
        self.modes = Modes(self.folder.alarms, self.registry, clock)
        self.people = People(self.folder.bulk, clock)
        self.access = Access(AuditLog(self.folder.bulk, clock), clock)
        self.alarms = self._make_alarms(config, clock)
        self.answers = Answers(self.alarms, self.access, self.texts)
        self.holds = Holds(self.folder.bulk, clock, config.data_dir / COPY)
        self.video = self._make_video(config, clock)
        self.video.keeper.snapshots.attached = self.alarms.book.attached
        self.video.ledger.behind = lambda: self.history.trust.behind
        cameras = Cameras(self.video, self.registry, clock, self.alarms.attach)
        self.actions = ActionRegistry(clock)
        self.event_types = self.alarms.journal.types = from_config.event_types(config)
        self.history = self._make_history(config, clock)
        self.lines = LinesOfNow(lambda: self.reload.config)
        self.traces = TraceBook(self.lines)
        self.trace_keeper = TraceKeeper(self.traces, self.folder.bulk, clock, self.tasks)
        self.trace_keeper.may_delete = lambda: self.history.trust.trusted
        self.waits = Waits(clock, self.tasks, self.folder.bulk)
        self.webhooks = WebhookBook()
        self.engine = self._make_engine(config, clock)
        self.reload = Reload(started, access=self.access, bus=self.bus, clock=clock)
        self.absent = Absent(
            lambda: self.reload.config, lambda name: self.registry.entity(name) is not None, clock
        )
        self._ends: list[Callable[[], Any]] = []
        self._linger = False
        self._releasing: asyncio.Task[None] | None = None
        self.mqtt: Mqtt
        self.supervisor: Supervisor
        self.web: WebServer
        self._http: aiohttp.ClientSession
        self._core_actions = self._own_actions(cameras)
        self._listen = listen or config.web.listen

    def _make_video(self, config: Config, clock: Clock) -> Video:
        return Video(
            data_dir=config.data_dir, clock=clock, bus=self.bus, tasks=self.tasks,
            store=self.folder.bulk, settings=from_config.recording(config),
            time_zone=config.time_zone, active=self._modes_on, holds=self.holds,
            town=config.hub.name, may_delete=lambda: self.history.trust.trusted,
        )  # fmt: skip

    def _modes_on(self) -> dict[str, str]:
        switches = {mode: self.modes.switched(mode) for mode in self.modes.active}
        return {mode: switch.by for mode, switch in switches.items() if switch is not None}

    def _begin_log(self, old: Connection | None, new: Connection, aside: PutAside) -> None:
        rescue.begun_anew(self.config.data_dir, aside)
        self.access.audit.begin_anew(old, new, aside)

    def _begun_anew(self, aside: PutAside) -> None:
        self.alarm_tasks.start(self._tell_begun_anew(aside), "tell of a damaged database")

    async def _tell_begun_anew(self, aside: PutAside) -> None:
        said = StoreBegunAnew(
            source="hub", received_at=self.clock.now(), file=aside.file.name, why=aside.why
        )
        self.bus.publish(said)
        await tell_begun_anew(self.alarms, aside, self.texts)

    def _make_alarms(self, config: Config, clock: Clock) -> Alarms:
        wording = Wording(self.registry)
        return Alarms(
            self.folder.alarms, clock, self.bus, self.alarm_tasks, people=self.people.all,
            place=wording.place, describe=wording.describe, picture=Pictures(config.data_dir).read,
        )  # fmt: skip

    def _own_actions(self, cameras: Cameras) -> OwnActions:
        return (
            (ALARM_ACTIONS, self.alarms),
            (VIDEO_ACTIONS, cameras),
            (MODE_ACTIONS, self.modes),
            (SWITCH_ACTIONS, self.engine),
        )

    def _make_history(self, config: Config, clock: Clock) -> History:
        return History(
            store=self.folder.bulk, bus=self.bus, clock=clock, settings=config.store.history,
            types=self.event_types, present=self.registry.present,
        )  # fmt: skip

    def _make_engine(self, config: Config, clock: Clock) -> Engine:
        links = Links(mqtt=_Messages(self), webhooks=self.webhooks, waits=self.waits)
        return Engine(
            bus=self.bus, clock=clock, tasks=self.tasks, store=self.folder.alarms,
            town=self.registry, actions=self.actions, journal=self.alarms.journal,
            time_zone=config.time_zone, location=config.hub.location, links=links,
            event_types=self.event_types, traces=self.traces,
        )  # fmt: skip

    async def start(self) -> None:
        """From the ground up; the hub is ready when this returns. Each step that needs an end
        says so, and `stop` goes the same way back."""
        config = self.config
        self.watch.start()
        self._at_end(self.watch.stop)
        self._at_end(self.folder.close)
        await asyncio.to_thread(self.folder.open)
        self.history.start()
        self._at_end(self.history.stop)
        await self.people.all()  # known from now on, also while the disk stalls
        self.registry.configure(config.areas)
        await self.modes.configure(config.modes)
        self.alarms.configure(from_config.ladders(config))
        again = await self.alarms.recover()
        await self._connect()
        await self.video.start()
        self._at_end(lambda: self.video.stop(linger=self._linger))
        await self.trace_keeper.start()
        self._at_end(self.trace_keeper.stop)
        self.engine.load_scripts(config.scripts)
        await self.engine.load(config.automations)
        await self.waits.load()
        self.supervisor = Supervisor(self._services(), self.tasks)
        self._at_end(self.supervisor.stop)
        await self.supervisor.start(from_config.plugins(config))
        await self.engine.recover()
        await self.engine.start()
        self._at_end(self.engine.stop)
        self._at_end(self.waits.close)
        self.alarms.start()
        self._at_end(self.alarm_tasks.close)
        for event in again:
            self.bus.publish(dataclasses.replace(event, redelivered=True))
        await self.mqtt.start_durable()
        self.reload.rooms = self._rooms()
        self._at_end(self.reload.stop)
        self.web = WebServer(self._web_services(), self._listen)
        await self.web.start()
        self._at_end(self.web.stop)
        await asyncio.to_thread(write_address, config.data_dir, self.web.url)
        self._at_end(lambda: forget_address(config.data_dir))
        await self._tell_what_was_wrong()
        self.tasks.loop(self.absent.watch, "entities that rules name")
        self.ready = True
        self.bus.publish(HubStarted(source="hub", received_at=self.clock.now()))
        log.info("ready on %s", self.web.url)

    async def _tell_what_was_wrong(self) -> None:
        """With what the hub has started all the same."""
        if self._started.problems:
            await tell_wrong_config(self.alarms, self._started, self.texts)
        for aside in self.folder.put_aside:
            await self._tell_begun_anew(aside)

    async def _connect(self) -> None:
        """The broker and the links to it; and the actions that need nothing of plugins."""
        port = None
        if self.config.mqtt.host is None:
            broker = EmbeddedBroker(self.config.mqtt.port or 0)
            self._at_end(broker.stop)
            port = await broker.start()
        self.mqtt = Mqtt(from_config.broker(self.config, port), self.clock, self.tasks)
        self._at_end(self.tasks.close)
        self.mqtt.start_bulk()
        self._http = aiohttp.ClientSession()
        self._at_end(self._http.close)
        self.actions.add(PublishMqtt, self.mqtt, "hub")
        for actions, services in self._core_actions:
            for action in actions:
                self.actions.add(action, services, "hub")

    def _at_end(self, end: Callable[[], Any]) -> None:
        self._ends.append(end)

    async def stop(self, *, linger: bool) -> None:
        """The way back from wherever `start` got to. `linger`: capture goes on recording and waits
        for the next hub."""
        self._linger = linger
        self.video.leave()
        if self.ready:
            await self._say_goodbye()
        self.ready = False
        while self._ends:
            try:
                ending = self._ends.pop()()
                if ending is not None:
                    await ending
            except Exception:
                log.exception("stopping: a part failed; the rest is stopped all the same")

    async def _say_goodbye(self) -> None:
        """Let automations hear that the hub stops, and give what they begin a few seconds."""
        before = set(self.engine.runs)
        self.bus.publish(HubStopping(source="hub", received_at=self.clock.now()))
        begun = [run for run in self.engine.runs if run not in before]
        await self.engine.finish(begun, GOODBYE_S)

    def _rooms(self) -> dict[str, Take]:
        """Who hears of a changed block while the hub runs, in this order: what is named before
        what names it."""
        return {
            "store": lambda config: self.history.configure(config.store.history),
            "areas": lambda config: self.registry.configure(config.areas),
            "modes": lambda config: self.modes.configure(config.modes),
            "recording": lambda config: self.video.configure(from_config.recording(config)),
            "escalations": lambda config: self.alarms.configure(from_config.ladders(config)),
            "plugins": self._change_plugins,
            "scripts": lambda config: self.engine.load_scripts(config.scripts),
            "automations": lambda config: self.engine.load(config.automations),
        }

    async def _change_plugins(self, config: Config) -> None:
        if self._releasing is not None:
            self._releasing.cancel()
        self.event_types |= from_config.event_types(config)
        await self.supervisor.change(from_config.plugins(config))
        self._releasing = self.tasks.start(self._release_topics(), "topics of removed devices")

    async def _release_topics(self) -> None:
        """A plugin that is not running has its topics kept: its devices may send meanwhile."""
        await self.clock.sleep(UNHEARD_S)
        if self.supervisor.all_running:
            await self.mqtt.release(UNHEARD_S)

    def _services(self) -> Services:
        return Services(
            bus=self.bus, clock=self.clock, registry=self.registry, alarms=self.alarms,
            answers=self.answers, mqtt=self.mqtt, http=self._http, actions=self.actions,
            language=self.config.hub.language, time_zone=self.config.time_zone,
        )  # fmt: skip

    def _web_services(self) -> WebServices:
        town = Town(
            name=self.config.hub.name,
            language=self.config.hub.language,
            time_zone=self.config.time_zone,
        )
        return WebServices(
            registry=self.registry, modes=self.modes, alarms=self.alarms, answers=self.answers,
            access=self.access, reload=self.reload, history=self.history, video=self.video,
            supervisor=self.supervisor, texts=self.texts, bus=self.bus, clock=self.clock, town=town,
            data_dir=self.config.data_dir, webhooks=self.webhooks,
            ready=lambda: (self.ready, {"mqtt": self.mqtt.connected}),
            automations=Automations(
                engine=self.engine, book=self.traces, keeper=self.trace_keeper, lines=self.lines
            ),
        )  # fmt: skip


class _Messages:
    """The link to the broker, for triggers: they are made before it is."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def messages(self, topic: str) -> AsyncIterator[Message]:
        """Messages of a topic (wildcards allowed) from now on."""
        return self._hub.mqtt.messages(topic)
