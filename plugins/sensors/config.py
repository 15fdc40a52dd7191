"""The block `sensors` of config.yaml."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from hub.api import (
    AreaId,
    Duration,
    Entity,
    Field,
    ObjectId,
    Place,
    PluginConfig,
    Topic,
    model_validator,
)


class Mqtt(PluginConfig):
    topic: Topic
    """The topic on which the sensor tells its value."""
    json_key: str | None = None
    """Where the payload is a JSON object: the key that holds the value."""


class Wiring(PluginConfig):
    """One sensor: what it measures, and how it is heard."""

    kind: Literal["sensor", "binary_sensor"]
    """`sensor` has a number or one of some words, `binary_sensor` is on or off."""
    area: AreaId
    """The place of the town where the sensor is."""
    name: str | None = None
    """What people call it; else its key."""
    location: Place | None = None
    """Where it is exactly: [latitude, longitude]."""
    mqtt: Mqtt
    """How it is heard by MQTT."""
    device_class: str | None = None
    """What it measures, as Home Assistant spells it: `water`, `door`, `temperature`, ..."""
    unit: str | None = None
    """The unit of its number: `m`, `°C`, ..."""
    options: Annotated[list[str], Field(min_length=1)] | None = None
    """The words that it may say, for a sensor that tells no number."""
    expect_every: Duration | None = None
    """A sensor that is silent for longer is unavailable, and a technical incident is opened."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind == "binary_sensor" and (self.unit or self.options):
            raise ValueError("a binary_sensor is on or off: it has no 'unit' and no 'options'")
        if self.unit and self.options:
            raise ValueError("a sensor has a 'unit' for its number or 'options', not both")
        return self

    def entity(self, key: str) -> Entity:
        return Entity(
            entity_id=f"{self.kind}.{key}",
            name=self.name or key.replace("_", " "),
            area=self.area,
            location=self.location,
            device=key,
            device_class=self.device_class,
            unit=self.unit,
        )


class Config(PluginConfig):
    """Sensors that speak MQTT."""

    entities: dict[ObjectId, Wiring]
    """The sensors; each key names the entity `<kind>.<key>`."""
