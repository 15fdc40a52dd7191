"""The ways by which triggers hear of the world outside, on a stage: nothing but what is given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from hub.clock import Clock
from hub.model.message import Message

WAITING = 1_000  # messages that one listener is behind; then the oldest is dropped
Handler = Callable[[Mapping[str, Any]], Awaitable[None]]


class StageMqtt:
    """A broker without a network."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._listeners: list[tuple[str, asyncio.Queue[Message]]] = []

    def deliver(self, topic: str, payload: str) -> None:
        """Let a device publish."""
        message = Message(topic, payload.encode(), False, self._clock.now())
        for wanted, queue in self._listeners:
            if matches(wanted, topic):
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(message)

    async def messages(self, topic: str) -> AsyncIterator[Message]:
        """What is delivered to a topic, wildcards allowed, from now on."""
        listener = topic, asyncio.Queue[Message](WAITING)
        self._listeners.append(listener)
        try:
            while True:
                yield await listener[1].get()
        finally:
            self._listeners.remove(listener)


def matches(wanted: str, topic: str) -> bool:
    """Whether a topic is meant by a filter; `+` and `#` as MQTT defines them (4.7)."""
    wants, parts = wanted.split("/"), topic.split("/")
    if topic.startswith("$") and wants[0] in ("+", "#"):
        return False
    for index, want in enumerate(wants):
        if want == "#":
            return True
        if index >= len(parts) or want not in ("+", parts[index]):
            return False
    return len(wants) == len(parts)


class StageWebhooks:
    """A web server without a network."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    @property
    def known(self) -> frozenset[str]:
        """The webhooks that some automation listens to."""
        return frozenset(self._handlers)

    def add(
        self,
        webhook_id: str,
        handler: Handler,
        *,
        methods: frozenset[str],
        local_only: bool,
    ) -> Callable[[], None]:
        """Let `handler` hear of each call; what is returned ends it."""
        self._handlers[webhook_id] = handler

        def remove() -> None:
            self._handlers.pop(webhook_id, None)

        return remove

    async def call(self, webhook_id: str, data: Mapping[str, Any]) -> None:
        """Let somebody call a webhook, with `data` as the JSON of a POST."""
        handler = self._handlers.get(webhook_id)
        if handler is not None:
            await handler(
                {"webhook_id": webhook_id, "method": "POST", "json": dict(data), "query": {}}
            )
