"""One button: what it says becomes an event, and its entity keeps the time of the last press."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Literal

from hub.api import Entity, Event, PluginHub, Refusals, Silence

from .payload import Rubbish, read

Way = Literal["mqtt", "webhook"]


class Pressed(Event, type="panic_button.pressed", durable=True):
    """Somebody pressed a panic button. `way` is how the hub heard of it: mqtt or webhook."""

    way: Way


class Button:
    """Takes what one button says, by whatever way it comes."""

    def __init__(
        self,
        hub: PluginHub,
        entity: Entity,
        refusals: Refusals,
        expect_every: timedelta | None,
    ) -> None:
        self._hub = hub
        self._source = entity.entity_id
        self._refusals = refusals
        self._silence = None
        if expect_every is not None:
            self._silence = Silence(hub, self._source, expect_every)
            hub.loop(self._silence.watch, name=f"{self._source} silence")

    def listen(self, topic: str) -> None:
        """Hear the button by MQTT, from now on."""
        self._hub.loop(partial(self._messages, topic), name=f"{self._source} mqtt")

    async def _messages(self, topic: str) -> None:
        async for message in self._hub.mqtt(topic, durable=True):
            if message.retain:
                continue  # what the broker kept tells of the past, not of a press now
            try:
                await self.take(message.payload, "mqtt")
            except Rubbish as why:
                self._refusals.note(self._source, str(why))

    async def take(self, payload: bytes, way: Way) -> str | None:
        """The id of the event that a press became, stored when this returns; None for a sign of
        life. Raises Rubbish."""
        said = read(payload)
        if self._silence is not None:
            self._silence.heard()
        if not said.press:
            return None
        event = Pressed(source=self._source, observed_at=said.observed_at, way=way)
        await self._hub.publish(event)
        self._hub.set_state(self._source, self._hub.clock.now().isoformat(timespec="milliseconds"))
        return event.id
