"""A small town with real parts: bus, registry, store and engine, on a clock that stands still."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import ConfigDict
from sqlalchemy import Connection, select

from hub.automation.actions import ActionRegistry
from hub.automation.engine import Engine
from hub.automation.model import AutomationConfig
from hub.automation.script_model import ScriptConfig
from hub.automation.switch_actions import ACTIONS as SWITCH_ACTIONS
from hub.automation.tables import runs
from hub.automation.trace import Trace
from hub.bus import Bus
from hub.clock import VirtualClock
from hub.model.action import Action, Call
from hub.model.entity import Area, Entity, Location, StateValue
from hub.model.event import Event
from hub.model.problem import ActionFailed
from hub.registry import Registry
from hub.store.store import Store
from hub.store.tables import alarms
from hub.tasks import Tasks

BUSY = {f"automation:{name}" for name in ("write a run", "note a run", "an event given again")}
START = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # a Friday, 18:00 in Kyiv


class Pressed(Event, type="button.pressed", durable=True):
    """A press that must not be lost."""

    level: int = 1


class Passed(Event, type="gate.passed"):
    """Something that may be lost."""

    plate: str = "AA0123BB"
    lanes: list[int] = dataclasses.field(default_factory=list)


class Deed(Action):
    """What the tests' actions have in common: they write down that they ran."""

    model_config = ConfigDict(extra="allow")

    async def run(self, hub: Any, call: Call) -> Any:
        return await hub.do(self.name, dict(self.model_extra or {}), call)


class Open(Deed):
    name: ClassVar[str] = "incident.open"
    repeat: ClassVar[Any] = "safe"


class Send(Deed):
    name: ClassVar[str] = "notify.send"
    repeat: ClassVar[Any] = "never"


class Record(Deed):
    name: ClassVar[str] = "camera.record"
    target: ClassVar[str | None] = "camera"
    repeat: ClassVar[Any] = "safe"


class Broken(Deed):
    name: ClassVar[str] = "broken.fail"


class Slow(Deed):
    name: ClassVar[str] = "slow.work"


class Deeds:
    """What was done, over restarts too: (action, data, call)."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.done: list[tuple[str, dict[str, Any], Call]] = []
        self.hold: asyncio.Event | None = None
        self.held: set[str] = set()

    async def do(self, name: str, data: dict[str, Any], call: Call) -> Any:
        self.done.append((name, data, call))
        if name in self.held:
            await asyncio.Event().wait()
        if name == "broken.fail":
            raise ActionFailed("it is broken")
        if name == "slow.work":
            await self.clock.sleep(float(data.get("seconds", 10)))
        return {"incident": 7} if name == "incident.open" else data.get("answer")

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.done]

    @property
    def messages(self) -> list[Any]:
        return [data.get("message") for name, data, _ in self.done if name == "notify.send"]


class Journal:
    """Notes the claims and the ends that the engine tells."""

    def __init__(self) -> None:
        self.claims: list[tuple[str, str]] = []
        self.ends: list[str] = []

    def claim(self, connection: Connection, event_id: str, automation_id: str) -> None:
        self.claims.append((event_id, automation_id))

    async def unhandled(self, event_id: str) -> None:
        self.ends.append(event_id)


class Town:
    """The hub's parts around one engine; `crash` ends it as a power cut would."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = VirtualClock(START)
        self.deeds = Deeds(self.clock)
        self.journal = Journal()
        self.configs: list[AutomationConfig] = []
        self.scripts: dict[str, ScriptConfig] = {}

    async def up(self) -> None:
        self.bus = Bus()
        self.registry = Registry(self.bus, self.clock)
        self.registry.configure(
            {
                "market": Area("market", "Ринок", Location(49.7146, 28.8376)),
                "school": Area("school", "Школа", Location(49.7300, 28.8500)),
                "nowhere": Area("nowhere", "Ніде"),
            }
        )
        self.registry.add([(entity, None) for entity in ENTITIES])
        self.store = Store.at(self.path / "alarms.db")
        alarms.create_all(self.store.engine)
        self.store.open()
        self.tasks = Tasks("automation", self.clock)
        self.actions = ActionRegistry(self.clock)
        for action in (Open, Send, Record, Broken, Slow):
            self.actions.add(action, self.deeds, "tests")
        self.engine = Engine(
            bus=self.bus,
            clock=self.clock,
            tasks=self.tasks,
            store=self.store,
            town=self.registry,
            actions=self.actions,
            journal=self.journal,
            time_zone=ZoneInfo("Europe/Kyiv"),
            event_types={kind.type: kind for kind in (Pressed, Passed)},
        )
        for action in SWITCH_ACTIONS:
            self.actions.add(action, self.engine, "hub")
        self.engine.load_scripts(self.scripts)
        await self.engine.load(self.configs)
        await self.engine.recover()
        await self.engine.start()

    async def crash(self) -> None:
        """End it without a word: no task may say goodbye."""
        await self.tasks.close()
        await self.store.close()

    async def restart(self, *, events: tuple[Event, ...] = ()) -> None:
        """Crash, come up again, and get the durable events once more."""
        await self.crash()
        await self.up()
        for event in events:
            self.publish(dataclasses.replace(event, redelivered=True))
        await self.settle()

    async def settle(self) -> None:
        """Let everything happen that does not wait for the clock."""
        quiet = 0
        while quiet < 3:
            for _ in range(10):
                await asyncio.sleep(0)
            await self.store.write(lambda connection: None)  # all writes before it are committed
            for _ in range(10):
                await asyncio.sleep(0)
            busy = any(task.get_name() in BUSY for task in asyncio.all_tasks())
            quiet = 0 if busy or self.store.asked else quiet + 1

    async def advance(self, seconds: float) -> None:
        await self.clock.advance(seconds, self.settle)

    async def configure(self, *automations: dict[str, Any]) -> None:
        self.configs = [AutomationConfig.model_validate(one) for one in automations]
        await self.engine.load(self.configs)

    def load_scripts(self, **scripts: Any) -> None:
        self.scripts = {
            name: ScriptConfig.model_validate(one if isinstance(one, dict) else {"sequence": one})
            for name, one in scripts.items()
        }
        self.engine.load_scripts(self.scripts)

    def publish(self, event: Event) -> Event:
        event = event.stamped(area=None, received_at=self.clock.now())
        self.bus.publish(event)
        return event

    async def press(self, **fields: Any) -> Event:
        event = self.publish(Pressed(**{"source": "event.kiosk", "area": "market", **fields}))
        await self.settle()
        return event

    async def passing(self, **fields: Any) -> Event:
        event = self.publish(Passed(**{"source": "sensor.gate", "area": "school", **fields}))
        await self.settle()
        return event

    async def state(self, entity_id: str, value: StateValue, **attributes: Any) -> None:
        self.registry.set_state(entity_id, value, attributes or None)
        await self.settle()

    def trace(self, automation: str = "a") -> Trace:
        return self.engine.automations[automation].traces[-1]

    async def rows(self) -> list[Any]:
        query = select(runs).order_by(runs.c.started_at)
        return list(await self.store.read(lambda c: c.execute(query).mappings().all()))


def _entity(entity_id: str, area: str | None, place: Location | None = None) -> Entity:
    return Entity(
        entity_id=entity_id, name=entity_id.title(), area=area, location=place, plugin="tests"
    )


ENTITIES = (
    _entity("camera.market_north", "market", Location(49.7148, 28.8379)),
    _entity("camera.market_south", "market"),
    _entity("camera.school", "school"),
    _entity("camera.lost", None),
    _entity("event.kiosk", "market", Location(49.7147, 28.8378)),
    _entity("event.nowhere", "nowhere"),
    _entity("binary_sensor.door", "school"),
    _entity("sensor.gate", "school"),
    _entity("sensor.river", None),
)
