"""Ships the folder `plugins/` as the package `hub_plugins`; a checkout uses the folder itself."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PluginsHook(BuildHookInterface):  # type: ignore[type-arg]
    """A plain `force-include` would copy the folder into an editable installation too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            build_data["force_include"]["plugins"] = "hub_plugins"
