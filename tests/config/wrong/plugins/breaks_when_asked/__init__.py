"""Raises when it is asked for its entities; the error's text holds what it was given."""

from hub.api import Entity, PluginConfig, SecretStr, hookimpl


class Config(PluginConfig):
    """A block with a password."""

    password: SecretStr
    """The password."""


@hookimpl
def hub_config_model() -> type[Config]:
    return Config


@hookimpl
def hub_entities(config: Config) -> list[Entity]:
    raise RuntimeError(f"cannot use {config.password.get_secret_value()}")
