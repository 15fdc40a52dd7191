"""Sensors: what they say on MQTT becomes the typed state of an entity."""

from __future__ import annotations

from functools import partial

from hub.api import Device, Entity, PluginHub, Refusals, Silence, StateValue, hookimpl

from .config import Config, Wiring
from .payload import Rubbish, number, option, switch, word


@hookimpl
def hub_config_model() -> type[Config]:
    return Config


@hookimpl
def hub_entities(config: Config) -> list[Entity]:
    return [wiring.entity(key) for key, wiring in config.entities.items()]


@hookimpl
async def hub_setup(hub: PluginHub, config: Config) -> None:
    refusals = Refusals(hub.log, hub.clock)
    for key, wiring in config.entities.items():
        entity = wiring.entity(key)
        hub.add_device(Device(id=key, name=entity.name, area=entity.area))
        hub.add_entity(entity)
        silence = None
        if wiring.expect_every is not None:
            silence = Silence(hub, entity.entity_id, wiring.expect_every)
            hub.loop(silence.watch, name=f"{entity.entity_id} silence")
        listener = partial(listen, hub, entity.entity_id, wiring, refusals, silence)
        hub.loop(listener, name=f"{entity.entity_id} mqtt")


async def listen(
    hub: PluginHub,
    entity_id: str,
    wiring: Wiring,
    refusals: Refusals,
    silence: Silence | None,
) -> None:
    """Follow one sensor. A value that the broker kept is its state, but no sign of life."""
    async for message in hub.mqtt(wiring.mqtt.topic):
        try:
            value = read(wiring, message.payload)
        except Rubbish as why:
            refusals.note(entity_id, str(why))
            continue
        if silence is not None and not message.retain:
            silence.heard()
        hub.set_state(entity_id, value)


def read(wiring: Wiring, payload: bytes) -> StateValue:
    """The value that a payload means for this sensor. Raises Rubbish."""
    text = word(payload, wiring.mqtt.json_key)
    if wiring.kind == "binary_sensor":
        return switch(text)
    if wiring.options is not None:
        return option(text, wiring.options)
    return number(text)
