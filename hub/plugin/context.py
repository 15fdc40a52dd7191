"""The `hub` that a plugin receives: narrow on purpose, and owner of all that came through it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from types import SimpleNamespace
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from hub.clock import Clock
from hub.model.entity import Device, Entity, StateValue
from hub.model.event import Event
from hub.model.message import Message
from hub.model.notify import Verdict


class MqttDoor(Protocol):
    """The town's broker."""

    def __call__(self, topic: str, *, durable: bool = False) -> AsyncIterator[Message]:
        """Messages of a topic filter, in order.

        `durable=True` is for what must not be lost: the broker keeps the messages while the hub
        is away, and each is acknowledged to it only when the loop asks for the next one, so what
        the body of the loop has stored by then is safe. Otherwise messages are acknowledged at
        once, and the oldest are dropped (and counted in the log) when the loop falls 1,000 behind.
        """
        ...

    async def publish(
        self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False
    ) -> None: ...


class PluginHub(Protocol):
    """What a plugin may do. Everything made here is taken back by the hub at teardown."""

    name: str
    """The plugin's own name."""
    language: str
    """The town's language: uk or en."""
    time_zone: ZoneInfo
    clock: Clock
    log: logging.Logger
    mqtt: MqttDoor
    runtime: SimpleNamespace
    """A place for what actions, notifiers and pages need later (a client, a session)."""

    def add_device(self, device: Device) -> Device: ...

    def add_entity(self, entity: Entity, *, value: StateValue = None) -> Entity:
        """Bring an entity (a Camera too); during setup it is staged and appears when setup
        returns. Raises ValueError where its name is taken by another plugin."""
        ...

    def set_state(
        self, entity_id: str, value: StateValue, attributes: Mapping[str, Any] | None = None
    ) -> None: ...

    def set_available(self, entity_id: str, available: bool) -> None: ...

    async def publish(self, event: Event) -> None:
        """Hand an event to the hub. A durable one is committed to the journal before this
        returns: only then thank the device for it."""
        ...

    def on(
        self, event: type[Event] | str, handler: Callable[[Event], Awaitable[None]]
    ) -> Callable[[], None]:
        """Call `handler` for each event of a type, one after the other, in a task of the plugin's
        own; 1,000 may wait, then the oldest is dropped and told in the log. Returns the undo."""
        ...

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Run a task once; a failure is reported with the plugin's name."""
        ...

    def loop(self, work: Callable[[], Awaitable[Any]], name: str) -> None:
        """Run for ever: started again with a growing pause when it raises."""
        ...

    def every(self, seconds: float, work: Callable[[], Awaitable[Any]], name: str) -> None:
        """Call `work` at once and then every so many seconds."""
        ...

    async def open_incident(
        self, kind: str, *, severity: str, source: str, title: str = "", key: str
    ) -> int:
        """Open an incident without an automation (a technical one, say); returns its number. The
        same `key` never opens a second one while the first is open."""
        ...

    async def answer(self, token: str, verdict: Verdict, *, contact: str, address: str) -> str:
        """Hand in a person's answer to a note: committed when this returns. The text returned is
        for that person. Raises Refused (with a text for them) where the token is unknown, or the
        address is not that of a person who may answer."""
        ...
