"""Its model raises what no validator should."""

from typing import Self

from hub.api import PluginConfig, hookimpl, model_validator


class Config(PluginConfig):
    """A block with one key."""

    ports: list[int]
    """Ports, in pairs."""

    @model_validator(mode="after")
    def _in_pairs(self) -> Self:
        if self.ports[0] == self.ports[1]:
            raise ValueError("the two ports of a pair are not the same")
        return self


@hookimpl
def hub_config_model() -> type[Config]:
    return Config
