"""Actions of the hub's own that need no room of theirs."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Protocol

from hub.model.action import Action, Call
from hub.model.config import Topic
from hub.model.problem import ActionFailed


class MqttPublisher(Protocol):
    """The link to the town's broker."""

    async def publish(
        self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False
    ) -> None: ...


class PublishMqtt(Action):
    """Send a message to the town's broker."""

    name: ClassVar[str] = "mqtt.publish"
    repeat: ClassVar[Literal["safe", "never"]] = "never"

    topic: Topic
    """The topic, without wildcards."""
    payload: str = ""
    """The text to send."""
    qos: Literal[0, 1, 2] = 1
    """How sure the delivery is, as MQTT defines it."""
    retain: bool = False
    """The broker keeps it for those who come later."""

    async def run(self, hub: MqttPublisher, call: Call) -> Any:
        """Hand it to the broker."""
        if "+" in self.topic or "#" in self.topic:
            raise ActionFailed("mqtt.publish: a topic to publish to has no wildcards")
        try:
            await hub.publish(self.topic, self.payload, qos=self.qos, retain=self.retain)
        except OSError as error:
            raise ActionFailed(f"mqtt.publish: {error.__class__.__name__}") from None
