"""The JSON schema of config.yaml, the parts of the named plugins included, for editors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import GenerateJsonSchema

from hub.config.schema import Town
from hub.model.config import PluginConfig
from hub.plugin.loader import LoadedPlugin


class _Generator(GenerateJsonSchema):
    """Writes defaults the way they are read."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return f"{dft.total_seconds():.3f}".rstrip("0").rstrip(".") + "s"
        if isinstance(dft, BaseModel):
            return {name: self.encode_default(value) for name, value in dft}
        return super().encode_default(dft)


def json_schema(plugins: Iterable[LoadedPlugin]) -> dict[str, Any]:
    """What an editor needs to know of a configuration with these plugins."""
    blocks: dict[str, Any] = {
        plugin.name: (plugin.config_model | None, Field(None, description=_about(plugin)))
        for plugin in plugins
    }
    all_plugins = create_model("Plugins", __base__=PluginConfig, **blocks)
    whole = create_model(
        "SafeCityHub",
        __base__=Town,
        __doc__=Town.__doc__,
        plugins=(all_plugins, Field(default=None, description="The plugins of this town.")),
    )
    schema = whole.model_json_schema(by_alias=True, schema_generator=_Generator)
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **schema, "title": "config.yaml"}


def _about(plugin: LoadedPlugin) -> str:
    return (plugin.config_model.__doc__ or plugin.module.__doc__ or plugin.name).strip()
