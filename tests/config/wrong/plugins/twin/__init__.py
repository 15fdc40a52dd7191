"""Brings an entity that another plugin may bring too."""

from hub.api import Entity, Field, ObjectId, PluginConfig, hookimpl


class Config(PluginConfig):
    """Lights by name."""

    lights: list[ObjectId] = Field(default_factory=list)
    """Names of lights."""


@hookimpl
def hub_config_model() -> type[Config]:
    return Config


@hookimpl
def hub_entities(config: Config) -> list[Entity]:
    return [Entity(entity_id=f"light.{name}", name=name) for name in config.lights]
