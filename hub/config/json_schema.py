"""The JSON schema of config.yaml for editors: the parts of the named plugins, the data of each
action, and the names that the configuration knows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from hub.config.names import Known
from hub.config.schema import Town
from hub.config.schema_names import fill_in
from hub.config.schema_words import add_actions, add_short_forms
from hub.model.action import Action
from hub.model.config import PluginConfig
from hub.plugin.loader import LoadedPlugin

DIALECT = "http://json-schema.org/draft-07/schema#"  # the newest that every editor knows

Schema = dict[str, Any]


class _Generator(GenerateJsonSchema):
    """Writes defaults the way they are read."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return f"{dft.total_seconds():.3f}".rstrip("0").rstrip(".") + "s"
        if isinstance(dft, BaseModel):
            return {name: self.encode_default(value) for name, value in dft}
        return super().encode_default(dft)


def json_schema(plugins: Iterable[LoadedPlugin], known: Known) -> Schema:
    """What an editor needs to know of a configuration with these plugins and names."""
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
    schema = _generated(whole, known.actions.values())
    fill_in(schema, known)
    return {"$schema": DIALECT, **schema, "title": "config.yaml"}


def _generated(whole: type[BaseModel], actions: Iterable[type[Action]]) -> Schema:
    listed = list(actions)
    models: list[Any] = [(model, "validation") for model in (whole, *listed)]
    refs, found = models_json_schema(models, by_alias=True, schema_generator=_Generator)
    definitions: Schema = found["$defs"]
    top: Schema = definitions.pop(_name(refs[whole, "validation"]))
    data = {action.name: _name(refs[action, "validation"]) for action in listed}
    add_actions(definitions, {action.name: action for action in listed}, data)
    add_short_forms(definitions)
    return {"$defs": definitions, **top}


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).removeprefix("#/$defs/")


def _about(plugin: LoadedPlugin) -> str:
    return (plugin.config_model.__doc__ or plugin.module.__doc__ or plugin.name).strip()
