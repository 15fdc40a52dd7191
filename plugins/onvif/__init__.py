"""Cameras that are given by the address of their video."""

from __future__ import annotations

from hub.api import Device, Entity, PluginHub, hookimpl

from .config import Config


@hookimpl
def hub_config_model() -> type[Config]:
    return Config


@hookimpl
def hub_entities(config: Config) -> list[Entity]:
    return [wiring.camera(key) for key, wiring in config.cameras.items()]


@hookimpl
async def hub_setup(hub: PluginHub, config: Config) -> None:
    for key, wiring in config.cameras.items():
        camera = wiring.camera(key)
        hub.add_device(Device(id=key, name=camera.name, area=camera.area))
        hub.add_entity(camera)
