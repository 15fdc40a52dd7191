"""The context that one plugin gets: does what `PluginHub` promises, and remembers what to undo."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping
from types import SimpleNamespace
from typing import Any

from hub.alarms.incidents import Opening
from hub.automation.gates import Hop, chain
from hub.model.entity import Device, Entity, StateValue
from hub.model.event import Event, cause
from hub.model.incident import Severity
from hub.model.message import Message
from hub.model.notify import Verdict
from hub.plugin.services import Services
from hub.tasks import Tasks

QUEUE = 1_000
LONGEST_PAUSE_S = 15.0  # a button must not stay deaf for minutes after its trouble is over


class OwnContext:
    """One plugin's `hub`. `close()` takes back all that came through it."""

    def __init__(
        self,
        name: str,
        services: Services,
        event_types: frozenset[str],
        *,
        on_failed: Callable[[BaseException], None],
    ) -> None:
        self.name = name
        self.clock = services.clock
        self.log = logging.getLogger(f"hub.plugins.{name}")
        self.http = services.http
        self.language = services.language
        self.time_zone = services.time_zone
        self.runtime = SimpleNamespace()
        self.mqtt = _Mqtt(services)
        self._services = services
        self._event_types = event_types
        self._on_failed = on_failed
        self._tasks = Tasks(f"plugin {name}", services.clock)
        self._undo: list[Callable[[], None]] = []
        self._staged: list[tuple[Entity, StateValue]] | None = []

    # entities

    def add_device(self, device: Device) -> Device:
        self._services.registry.add_device(device)
        return device

    def add_entity(self, entity: Entity, *, value: StateValue = None) -> Entity:
        entity = entity.owned_by(self.name)
        if self._staged is None:
            self._services.registry.add([(entity, value)])
        else:
            self._staged.append((entity, value))
        return entity

    def appear(self) -> None:
        """Setup has returned: what was staged becomes part of the town."""
        staged, self._staged = self._staged or [], None
        self._services.registry.replace_of(self.name, staged)

    def set_state(
        self, entity_id: str, value: StateValue, attributes: Mapping[str, Any] | None = None
    ) -> None:
        if self._staged is not None:
            self._restage(entity_id, value)
            return
        self._own(entity_id)
        self._services.registry.set_state(entity_id, value, attributes)

    def set_available(self, entity_id: str, available: bool) -> None:
        if self._staged is not None and any(e.entity_id == entity_id for e, _ in self._staged):
            return
        self._own(entity_id)
        self._services.registry.set_available(entity_id, available)

    def _restage(self, entity_id: str, value: StateValue) -> None:
        assert self._staged is not None
        for number, (entity, _) in enumerate(self._staged):
            if entity.entity_id == entity_id:
                self._staged[number] = (entity, value)
                return
        raise ValueError(f"plugin '{self.name}' has not added '{entity_id}'")

    def _own(self, entity_id: str) -> None:
        entity = self._services.registry.entity(entity_id)
        if entity is None or entity.plugin != self.name:
            raise ValueError(f"plugin '{self.name}' has not added '{entity_id}'")

    # events

    async def publish(self, event: Event) -> None:
        if event.type not in self._event_types:
            raise ValueError(f"'{event.type}' is not among hub_event_types() of '{self.name}'")
        area = self._services.registry.area_of(event.source)
        stamped = event.stamped(area=area.id if area else None, received_at=self.clock.now())
        if not stamped.durable:
            self._services.bus.publish(stamped)
            return
        # a plugin that is torn down meanwhile must not leave an alarm stored and not told
        await asyncio.shield(asyncio.ensure_future(self._accept(stamped)))

    async def _accept(self, event: Event) -> None:
        if await self._services.alarms.accept(event):
            self._services.bus.publish(event)

    def on(
        self, event: type[Event] | str, handler: Callable[[Event], Awaitable[None]]
    ) -> Callable[[], None]:
        name = event if isinstance(event, str) else event.type
        queue: asyncio.Queue[tuple[Event, tuple[Hop, ...]]] = asyncio.Queue(QUEUE)

        def take(happened: Event) -> None:
            if queue.full():
                queue.get_nowait()
                self.log.error("the handler of %s is too slow; the oldest event is dropped", name)
            queue.put_nowait((happened, chain.get()))

        async def serve() -> None:
            while True:
                happened, led_by = await queue.get()
                chain.set(led_by)  # in this task alone: the loop through this handler is seen
                cause.set(happened.id)
                try:
                    await handler(happened)
                except Exception as error:
                    self.log.exception("handling %s failed", name)
                    self._on_failed(error)

        unsubscribe = self._services.bus.subscribe(name, take, owner=f"plugin {self.name}")
        task = self._tasks.start(serve(), f"on {name}")

        def undo() -> None:
            unsubscribe()
            task.cancel()

        self._undo.append(undo)
        return undo

    # tasks

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        self._tasks.start(work, name)

    def loop(self, work: Callable[[], Awaitable[Any]], name: str) -> None:
        self._tasks.loop(work, name, failed=self._on_failed, longest_pause=LONGEST_PAUSE_S)

    def every(self, seconds: float, work: Callable[[], Awaitable[Any]], name: str) -> None:
        async def again() -> None:
            while True:
                await work()
                await self.clock.sleep(seconds)

        self._tasks.loop(again, name, failed=self._on_failed, longest_pause=LONGEST_PAUSE_S)

    # alarms

    async def open_incident(
        self, kind: str, *, severity: str, source: str, title: str = "", key: str
    ) -> int:
        area = self._services.registry.area_of(source)
        opening = Opening(
            key=f"{self.name}:{key}:{self.clock.now().isoformat()}",
            kind=kind,
            severity=Severity(severity),
            title=title or f"{kind}: {self._services.registry.name_of(source)}",
            area=area.id if area else None,
            source=source,
            lasting=True,
        )
        return (await self._services.alarms.open(opening)).incident

    async def answer(self, token: str, verdict: Verdict, *, contact: str, address: str) -> str:
        return await self._services.answers.from_contact(
            token, verdict, contact=contact, address=address
        )

    async def close(self, *, but: Collection[str] = ()) -> list[str]:
        """Take back tasks, subscriptions and entities; returns tasks that did not end.

        `but`: entities that stay with their states, since the plugin is set up anew at once.
        """
        for undo in self._undo:
            with contextlib.suppress(Exception):
                undo()
        self._undo.clear()
        left = await self._tasks.close()
        self._services.registry.remove_of(self.name, but=but)
        return left


class _Mqtt:
    def __init__(self, services: Services) -> None:
        self._services = services

    def __call__(self, topic: str, *, durable: bool = False) -> AsyncIterator[Message]:
        return self._services.mqtt.messages(topic, durable=durable)

    async def publish(
        self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False
    ) -> None:
        await self._services.mqtt.publish(topic, payload, qos=qos, retain=retain)
