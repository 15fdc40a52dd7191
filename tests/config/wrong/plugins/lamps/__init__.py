"""Lamps: the well-behaved plugin of these tests, with every kind of declaration."""

from __future__ import annotations

from typing import Any, Literal

from hub.api import (
    Action,
    AreaId,
    Call,
    Duration,
    Entity,
    Event,
    Field,
    Note,
    ObjectId,
    Place,
    PluginConfig,
    PluginHub,
    SecretStr,
    TemplateText,
    hookimpl,
)


class Broke(Event, type="lamps.broke"):
    """A lamp went out."""


class Dim(Action):
    """Make lamps darker."""

    name = "lamps.dim"
    target = "light"

    percent: int = Field(ge=0, le=100)
    over: Duration | None = None

    async def run(self, hub: PluginHub, call: Call) -> None:
        hub.log.info("dimmed")


class Lamp(PluginConfig):
    area: AreaId
    """Where it stands."""
    host: str
    """Its address."""
    username: str = "hub"
    """Name for logging in."""
    password: SecretStr
    """Password that goes with it."""
    location: Place | None = None
    """Where it is exactly."""
    volts: Literal["12", "230"] = "230"
    """What feeds it."""


class Config(PluginConfig):
    """Street lamps."""

    lamps: dict[ObjectId, Lamp] = Field(default_factory=dict)
    """Each lamp by a short name."""
    text: TemplateText = "{{ name }} is out"
    """What is said when one is out."""
    every: Duration | None = None
    """How often they are asked."""
    limit: int | None = None
    """How many may burn."""
    factor: float | None = None
    """How bright."""
    names: list[str] = Field(default_factory=list)
    """Other names."""
    pin: SecretStr | None = None
    """The number for the box."""


class Bell:
    """A notifier."""

    name = "church_bell"
    contact = "bell"

    async def send(self, hub: Any, note: Note) -> dict[str, Any]:
        return {}


@hookimpl
def hub_config_model() -> type[Config]:
    return Config


@hookimpl
def hub_event_types() -> list[type[Event]]:
    return [Broke]


@hookimpl
def hub_actions() -> list[type[Action]]:
    return [Dim]


@hookimpl
def hub_notifiers(config: Config) -> list[Bell]:
    return [Bell()]


@hookimpl
def hub_entities(config: Config) -> list[Entity]:
    return [
        Entity(entity_id=f"light.{key}", name=key, area=lamp.area, location=lamp.location)
        for key, lamp in config.lamps.items()
    ]
