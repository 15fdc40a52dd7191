"""Cameras, by name alone."""

from hub.api import Camera, Entity, Field, ObjectId, PluginConfig, hookimpl


class Config(PluginConfig):
    """Cameras by name."""

    cameras: list[ObjectId] = Field(default_factory=list)
    """Names of cameras."""


@hookimpl
def hub_config_model() -> type[Config]:
    return Config


@hookimpl
def hub_entities(config: Config) -> list[Entity]:
    return [Camera(entity_id=f"camera.{name}", name=name) for name in config.cameras]
