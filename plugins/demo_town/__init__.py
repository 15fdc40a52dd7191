"""A town without hardware: two cameras, a panic button and two sensors, all simulated."""

from __future__ import annotations

from functools import partial

from hub.api import Device, Entity, Page, PluginHub, hookimpl

from . import hardware, studio
from .config import Config

CAMERAS = ("market_square", "river_quay")


@hookimpl
def hub_config_model() -> type[Config]:
    return Config


@hookimpl
def hub_entities(config: Config) -> list[Entity]:
    return [getattr(config.cameras, key).camera(key, port=0) for key in CAMERAS]


@hookimpl
def hub_pages(config: Config) -> list[Page]:
    return [
        Page(
            path="press",
            method="POST",
            handler=partial(hardware.press, config.press_topic),
            permission="demo_town.press",
            title="Press the panic button",
        )
    ]


@hookimpl
async def hub_setup(hub: PluginHub, config: Config) -> None:
    studio.check_libraries()
    listeners = hub.runtime.listeners = [studio.listener() for _ in CAMERAS]
    for key, listener in zip(CAMERAS, listeners, strict=True):
        camera = getattr(config.cameras, key).camera(key, listener.getsockname()[1])
        hub.add_device(Device(id=key, name=camera.name, area=camera.area, model="Demo town"))
        hub.add_entity(camera)
    hub.loop(partial(studio.film, hub, *listeners), name="street")
    hardware.start(hub, config)


@hookimpl
async def hub_teardown(hub: PluginHub) -> None:
    for listener in hub.runtime.listeners:
        listener.close()
