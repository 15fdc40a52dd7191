"""Panic buttons: a press, by MQTT or webhook, becomes an event that is never lost."""

from __future__ import annotations

from hub.api import Device, Entity, Event, Page, PluginHub, Refusals, hookimpl

from .button import Button, Pressed
from .config import Config
from .webhook import page


@hookimpl
def hub_config_model() -> type[Config]:
    return Config


@hookimpl
def hub_event_types() -> list[type[Event]]:
    return [Pressed]


@hookimpl
def hub_entities(config: Config) -> list[Entity]:
    return [wiring.entity(key) for key, wiring in config.buttons.items()]


@hookimpl
def hub_pages(config: Config) -> list[Page]:
    return [
        page(key, wiring.webhook.secret)
        for key, wiring in config.buttons.items()
        if wiring.webhook is not None
    ]


@hookimpl
async def hub_setup(hub: PluginHub, config: Config) -> None:
    refusals = Refusals(hub.log, hub.clock)
    hub.runtime.buttons = {}
    for key, wiring in config.buttons.items():
        entity = wiring.entity(key)
        hub.add_device(Device(id=key, name=entity.name, area=entity.area))
        hub.add_entity(entity)
        button = hub.runtime.buttons[key] = Button(hub, entity, refusals, wiring.expect_every)
        if wiring.mqtt is not None:
            button.listen(wiring.mqtt.topic)
