"""Triggers and conditions at work by themselves: real bus, registry and clock, and no engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from hub.automation.conditions import AnyCondition, Outcome
from hub.automation.ports import Links
from hub.automation.scope import Scope, World
from hub.automation.sites import Sites
from hub.automation.triggers import AnyTrigger, Detach, flat
from hub.automation.waits import Waits
from hub.bus import Bus
from hub.clock import VirtualClock
from hub.model.entity import Area, Entity, Location, StateValue
from hub.model.event import Event
from hub.model.message import Message
from hub.registry import Registry
from hub.store.store import Store
from hub.tasks import Tasks
from hub.web.webhook_book import WebhookBook

KYIV = ZoneInfo("Europe/Kyiv")
KOZIATYN = Location(49.7146, 28.8376)
START = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # a Friday, 18:00 in Kyiv
TRIGGER: TypeAdapter[Any] = TypeAdapter(AnyTrigger)
CONDITION: TypeAdapter[Any] = TypeAdapter(AnyCondition)
NAMES = (
    "binary_sensor.door",
    "binary_sensor.gate",
    "sensor.river",
    "sensor.limit",
    "sensor.shift",
    "mode.night",
    "mode.curfew",
)


class Broker:
    """Messages that a test gives by hand."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._queues: dict[str, list[asyncio.Queue[Message]]] = {}

    async def messages(self, topic: str) -> AsyncIterator[Message]:
        queue: asyncio.Queue[Message] = asyncio.Queue()
        self._queues.setdefault(topic, []).append(queue)
        while True:
            yield await queue.get()

    def give(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        for queue in self._queues.get(topic, []):
            queue.put_nowait(Message(topic, payload, retain, self._clock.now(), 1))


class Listening:
    """A town without an engine; `fired` is what triggers fired with, the latest last."""

    def __init__(self, start: datetime = START, store: Store | None = None) -> None:
        self.clock = VirtualClock(start)
        self.store = store
        self.place: Location | None = KOZIATYN
        self.fired: list[dict[str, Any]] = []
        self.events: list[Event | None] = []
        self.up()

    def up(self) -> None:
        """Begin anew, as after a restart; the clock goes on."""
        self.bus = Bus()
        self.registry = Registry(self.bus, self.clock)
        self.registry.configure({"market": Area("market", "Ринок", KOZIATYN)})
        self.registry.add(
            [(Entity(entity_id=name, name=name.title(), area="market"), None) for name in NAMES]
        )
        self.tasks = Tasks("listening", self.clock)
        self.broker = Broker(self.clock)
        self.webhooks = WebhookBook()
        self.world = World(self.registry, self.clock, KYIV, self.place)
        self.waits = Waits(self.clock, self.tasks, self.store)
        links = Links(mqtt=self.broker, webhooks=self.webhooks, waits=self.waits)
        self.sites = Sites(bus=self.bus, tasks=self.tasks, world=self.world, links=links)

    async def restart(self, seconds: float = 0.0, *, well: bool = False) -> None:
        """End as a power cut would (`well`: as told), and come up `seconds` later, with no state
        known and no trigger attached."""
        if well:
            await self.waits.close()
        await self.tasks.close()
        await self.clock.advance(seconds, self.settle)
        self.up()
        await self.waits.load()

    def attach(self, plain: Mapping[str, Any] | list[Any], **variables: Any) -> Detach:
        """Attach a trigger, or several as one list."""
        found = [
            TRIGGER.validate_python(one) for one in (plain if isinstance(plain, list) else [plain])
        ]
        ends = []
        for index, trigger in enumerate(flat(found)):
            site = self.sites.site(
                trigger,
                index,
                owner="automation 'a'",
                place=f"a:{index}",
                variables=variables,
                fire=self._fire,
            )
            ends.append(trigger.attach(site))

        def detach() -> None:
            for end in ends:
                end()

        return detach

    def _fire(self, data: Mapping[str, Any], event: Event | None) -> None:
        self.fired.append(dict(data))
        self.events.append(event)

    async def settle(self) -> None:
        for _ in range(12):
            await asyncio.sleep(0)
        if self.store is not None:
            await self.store.write(lambda connection: None)
            for _ in range(6):
                await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        await self.clock.advance(seconds, self.settle)

    async def to(self, moment: str) -> None:
        """Let time pass until a local moment, as in 2026-11-21T06:00."""
        due = datetime.fromisoformat(moment)
        due = due if due.tzinfo is not None else due.replace(tzinfo=KYIV)
        await self.advance((due - self.clock.now()).total_seconds())

    async def state(self, entity_id: str, value: StateValue, **attributes: Any) -> None:
        self.registry.set_state(entity_id, value, attributes or None)
        await self.settle()

    async def away(self, entity_id: str) -> None:
        """The entity cannot be reached."""
        self.registry.set_available(entity_id, False)
        await self.settle()

    async def publish(self, event: Event) -> None:
        self.bus.publish(event.stamped(area=None, received_at=self.clock.now()))
        await self.settle()

    def local_times(self) -> list[str]:
        """When the triggers fired that tell `now`."""
        return [data["now"].strftime("%d %H:%M:%S") for data in self.fired]

    def evaluate(self, plain: Any, **variables: Any) -> Outcome:
        """What a condition says now."""
        outcome: Outcome = CONDITION.validate_python(plain).evaluate(Scope(self.world, variables))
        return outcome

    def passes(self, plain: Any, **variables: Any) -> bool:
        return self.evaluate(plain, **variables).passed
