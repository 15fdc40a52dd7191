"""What the engine needs of the rooms around it; `hub/app.py` hands it in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from hub.automation.waits import Waits
from hub.model.entity import Entity, StateValue
from hub.model.message import Message
from hub.text.functions import StateView


class Places(Protocol):
    """Which things are where."""

    def entities(self) -> Iterable[Entity]:
        """All entities of the town."""
        ...


class Shown(Protocol):
    """Where automations and scripts show themselves as entities."""

    def replace_of(self, plugin: str, entities: Iterable[tuple[Entity, StateValue]]) -> None:
        """Let these be all entities of an owner."""
        ...

    def set_state(
        self, entity_id: str, value: StateValue, attributes: Mapping[str, Any] | None = None
    ) -> None:
        """The entity has this value from now on."""
        ...


class Town(StateView, Places, Shown, Protocol):
    """The registry, as the engine sees it: states, places, and entities of the engine's own."""


class JournalPort(Protocol):
    """The journal of durable events."""

    def claim(self, connection: Connection, event_id: str, automation_id: str) -> None:
        """Note that a run answers for the event, in the commit that writes the run."""
        ...

    async def unhandled(self, event_id: str) -> None:
        """The last run of the event ended; open the default incident if nothing came of it.

        Called before the end of the run is written, so that a crash between the two brings the
        call again, never loses it.
        """
        ...


class MqttMessages(Protocol):
    """The link to the broker, as far as triggers listen to it."""

    def messages(self, topic: str) -> AsyncIterator[Message]:
        """Messages of a topic (wildcards allowed) from now on."""
        ...


class Webhooks(Protocol):
    """The web server, as far as triggers are called by it."""

    def add(
        self,
        webhook_id: str,
        handler: Callable[[Mapping[str, Any]], Awaitable[None]],
        *,
        methods: frozenset[str],
        local_only: bool,
    ) -> Callable[[], None]:
        """Let `handler` hear of each request to the webhook, with what templates see of it
        (`webhook_id`, `method`, `json` or `data`, `query`); what is returned ends it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Ways by which triggers hear of the world outside, and where their waits are kept; None where
    the hub runs without it."""

    mqtt: MqttMessages | None = None
    webhooks: Webhooks | None = None
    waits: Waits | None = None
