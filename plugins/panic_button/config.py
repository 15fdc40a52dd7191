"""The block `panic_button` of config.yaml."""

from __future__ import annotations

from typing import Annotated, Self

from hub.api import (
    AreaId,
    Duration,
    Entity,
    Field,
    ObjectId,
    Place,
    PluginConfig,
    SecretStr,
    Topic,
    model_validator,
)


class Mqtt(PluginConfig):
    topic: Topic
    """The topic on which the button tells of presses and gives signs of life."""


class Webhook(PluginConfig):
    secret: Annotated[SecretStr, Field(min_length=16)]
    """What the button sends as `Authorization: Bearer ...`; at least 16 characters."""


class Wiring(PluginConfig):
    """One button: where it stands, and by which ways it is heard."""

    area: AreaId
    """The place of the town where the button is."""
    name: str | None = None
    """What people call it; else its key."""
    location: Place | None = None
    """Where it is exactly: [latitude, longitude]."""
    mqtt: Mqtt | None = None
    """How it is heard by MQTT."""
    webhook: Webhook | None = None
    """How it is heard by HTTP: POST to /plugins/panic_button/press/<key>."""
    expect_every: Duration | None = None
    """A button that is silent for longer is unavailable, and a technical incident is opened."""

    @model_validator(mode="after")
    def _can_be_heard(self) -> Self:
        if self.mqtt is None and self.webhook is None:
            raise ValueError("a button is heard by 'mqtt', by 'webhook', or by both")
        return self

    def entity(self, key: str) -> Entity:
        return Entity(
            entity_id=f"event.{key}",
            name=self.name or key.replace("_", " "),
            area=self.area,
            location=self.location,
            device=key,
            device_class="button",
        )


class Config(PluginConfig):
    """Panic buttons."""

    buttons: dict[ObjectId, Wiring]
    """The buttons; each key names the entity `event.<key>`."""
