"""Cameras, by name alone."""

from hub.api import Camera, Entity, Event, Field, ObjectId, PluginConfig, hookimpl


class Config(PluginConfig):
    """Cameras by name."""

    cameras: list[ObjectId] = Field(default_factory=list)
    """Names of cameras."""


class Moved(Event, type="eyes.moved"):
    """Something moved."""

    where: str
    speed: float = 0.0


class Touched(Event, type="eyes.touched", durable=True):
    """Somebody touched a camera."""


@hookimpl
def hub_event_types() -> list[type[Event]]:
    return [Moved, Touched]


@hookimpl
def hub_config_model() -> type[Config]:
    return Config


@hookimpl
def hub_entities(config: Config) -> list[Entity]:
    return [Camera(entity_id=f"camera.{name}", name=name) for name in config.cameras]
