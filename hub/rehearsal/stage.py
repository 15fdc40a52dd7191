"""The town of a configuration on a clock of its own: real bus, registry, modes, alarms and engine;
plugins are known by what they declare, and never set up. Nothing outside is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

import hub.automation.tables  # noqa: F401 - its tables belong to the store
from hub import from_config
from hub.alarms.actions import ACTIONS as ALARM_ACTIONS
from hub.alarms.path import Alarms
from hub.alarms.recipients import PAGE
from hub.alarms.wording import Wording
from hub.automation.engine import Engine
from hub.automation.model import AutomationConfig
from hub.automation.ports import JournalPort, Links
from hub.automation.switch_actions import ACTIONS as SWITCH_ACTIONS
from hub.automation.trace import Trace
from hub.automation.traces import TraceBook
from hub.bus import Bus
from hub.clock import VirtualClock
from hub.config.config import Config
from hub.config.core import CORE_ACTIONS
from hub.config.lines import ConfigLines
from hub.model.action import Action
from hub.model.entity import Entity, State
from hub.model.event import Event
from hub.model.notify import Notifier
from hub.model.person import Person
from hub.modes import ACTIONS as MODE_ACTIONS
from hub.modes import Modes
from hub.registry import Registry
from hub.rehearsal.acts import Acts, Deed
from hub.rehearsal.links import StageMqtt, StageWebhooks
from hub.rehearsal.loop import Quiet
from hub.rehearsal.told import Ear, Told
from hub.store.store import Store
from hub.store.tables import alarms as alarm_tables
from hub.tasks import Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An event that somebody heard on the stage's bus."""

    at: datetime
    event: Event


Happening = Deed | Told | Published
"""What is noted on a stage."""


class NoJournal:
    """The journal where nobody is to be told of anything."""

    def claim(self, connection: Connection, event_id: str, automation_id: str) -> None:
        """Nothing is kept."""

    async def unhandled(self, event_id: str) -> None:
        """No default incident is opened."""


class Stage:
    """A town for one rehearsal, in a temporary folder. To be used on a QuietLoop:

    `await open()`, then `pass_until`, `publish` and `set_state` in turns, at last `await close()`.

    `people`: who is told, by ears in place of the notifiers; with None there is no alarm path:
    every action of it is noted like those of plugins, and modes follow what they are set to.
    """

    def __init__(
        self,
        config: Config,
        folder: Path,
        start: datetime,
        *,
        note: Callable[[Deed | Told], None],
        traced: Callable[[Trace], None],
        people: Iterable[Person] | None = None,
    ) -> None:
        self.config = config
        self.clock = VirtualClock(start)
        self.bus = Bus()
        self.tasks = Tasks("stage", self.clock)
        self.store = Store.at(folder / "alarms.db", synchronous="OFF")
        self.registry = Registry(self.bus, self.clock)
        self.modes = Modes(self.store, self.registry, self.clock)
        self.acts = Acts(self.clock, note)
        self.mqtt, self.webhooks = StageMqtt(self.clock), StageWebhooks()
        self.ears: dict[str, Ear] = {}
        self.types = from_config.event_types(config)
        self.alarms = None if people is None else self._alarms(list(people), note)
        lines = ConfigLines(config.root, config.excerpts)
        book = TraceBook(lambda: lines)
        book.heard = traced
        journal: JournalPort = NoJournal() if self.alarms is None else self.alarms.journal
        self.engine = Engine(
            bus=self.bus, clock=self.clock, tasks=self.tasks, store=self.store,
            town=self.registry, actions=self.acts.registry, journal=journal,
            time_zone=config.time_zone, location=config.hub.location, event_types=self.types,
            links=Links(mqtt=self.mqtt, webhooks=self.webhooks), traces=book,
        )  # fmt: skip
        self._quiet = Quiet(self.store)

    def _alarms(self, people: list[Person], note: Callable[[Deed | Told], None]) -> Alarms:
        async def everybody() -> list[Person]:
            return people

        async def no_picture(ref: str) -> bytes | None:
            return None

        wording = Wording(self.registry)
        alarms = Alarms(
            self.store, self.clock, self.bus, self.tasks, people=everybody,
            place=wording.place, describe=wording.describe, picture=no_picture,
        )  # fmt: skip
        alarms.journal.types = self.types
        alarms.configure(from_config.ladders(self.config))
        ways = {notifier.name: notifier.contact for notifier in notifiers(self.config)}
        for name, contact in {PAGE: PAGE, **ways}.items():
            ear = self.ears[name] = Ear(name, contact, self.clock, note)
            alarms.recipients.add(ear, None)
        return alarms

    async def open(
        self,
        automations: Iterable[AutomationConfig],
        *,
        states: Mapping[str, State] | None = None,
        modes: Mapping[str, bool] | None = None,
    ) -> None:
        """The town is there, with the `states` and `modes` that it begins with, and its rules
        listen."""
        alarm_tables.create_all(self.store.engine)
        self.store.open()
        self.registry.configure(self.config.areas)
        await self.modes.configure(self.config.modes)
        self.registry.add((entity, None) for entity in self.config.entities)
        for action, services in self._actions():
            if services is None:
                self.acts.note(action)
            else:
                self.acts.do(action, services)
        for state in (states or {}).values():
            self.adopt(state.entity_id, None)
            self.set_state(state)
        for mode, active in (modes or {}).items():
            await self.set_mode(mode, active)
        self.engine.load_scripts(self.config.scripts)
        await self.engine.load(automations)
        await self.engine.start()
        if self.alarms is not None:
            self.alarms.start()
        await self.settle()

    def _actions(self) -> Iterable[tuple[type[Action], Any]]:
        """All actions, each with what it works on here; None for one that is only noted."""
        services: dict[type[Action], Any] = dict.fromkeys(SWITCH_ACTIONS, self.engine)
        if self.alarms is not None:
            services |= dict.fromkeys(ALARM_ACTIONS, self.alarms)
            services |= dict.fromkeys(MODE_ACTIONS, self.modes)
        for action in CORE_ACTIONS:
            yield action, services.get(action)
        for plugin in self.config.loaded.values():
            for action in plugin.actions:
                yield action, None

    async def close(self) -> None:
        """End all that goes on."""
        await self.engine.stop()
        await self.tasks.close()
        await self.store.close()

    async def settle(self) -> None:
        """Let everything happen that follows from what has happened."""
        await self._quiet.settle()

    async def pass_until(self, moment: datetime) -> None:
        """Let time pass; a moment that has been is now."""
        seconds = (moment - self.clock.now()).total_seconds()
        await self.clock.advance(max(0.0, seconds), self.settle)

    async def publish(self, event: Event) -> None:
        """Let an event happen now, as a plugin publishes it: one that is durable is journalled
        first."""
        area = self.registry.area_of(event.source)
        stamped = event.stamped(area=area.id if area else None, received_at=self.clock.now())
        if stamped.durable and self.alarms is not None and not await self.alarms.accept(stamped):
            return
        self.bus.publish(stamped)

    def adopt(self, entity_id: str, area: str | None) -> None:
        """Bring an entity that the configuration does not name, as those that discovery brings."""
        if self.registry.entity(entity_id) is None:
            entity = Entity(entity_id=entity_id, name=entity_id, area=area, plugin="stage")
            self.registry.add([(entity, None)])

    def set_state(self, state: State) -> None:
        """Let an entity be so from now on."""
        if state.available:
            self.registry.set_state(state.entity_id, state.value, state.attributes)
        else:
            self.registry.set_available(state.entity_id, False)

    async def set_mode(self, mode: str, active: bool) -> None:
        """Let somebody switch a mode."""
        await self.modes.set(mode, active, by="stage")


def notifiers(config: Config) -> list[Notifier]:
    """The ways to reach people that the plugins of a configuration bring."""
    return [
        notifier
        for name, block in config.plugins.items()
        for notifier in config.loaded[name].notifiers(block)
    ]
