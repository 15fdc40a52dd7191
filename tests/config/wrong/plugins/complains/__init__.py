"""Finds a mistake that its model could not find."""

from hub.api import ConfigProblem, Entity, PluginConfig, hookimpl


class Config(PluginConfig):
    """Two gates."""

    gates: dict[str, dict[str, int]]
    """Pin numbers of each gate."""


@hookimpl
def hub_config_model() -> type[Config]:
    return Config


@hookimpl
def hub_entities(config: Config) -> list[Entity]:
    if config.gates["north"]["up"] == config.gates["north"]["down"]:
        raise ConfigProblem("gates.north.down", "up and down are on the same pin")
    return [Entity(entity_id="cover.north", name="North gate")]
