"""The demo town's button and sensors: simulated devices that speak MQTT, as real ones do."""

from __future__ import annotations

from functools import partial

from hub.api import PageAnswer, PageRequest, PluginHub

from .config import Config
from .street.tide import level

TELL_EVERY_S = 5.0
ALIVE_EVERY_S = 60.0
DOOR_EVERY_S, DOOR_OPEN_S = 180.0, 20.0


def start(hub: PluginHub, config: Config) -> None:
    """Let the devices speak from now on."""
    hub.every(TELL_EVERY_S, partial(_tell_river, hub, config.topics.river_level), "river_level")
    hub.every(TELL_EVERY_S, partial(_tell_door, hub, config.topics.school_door), "school_door")
    hub.every(ALIVE_EVERY_S, partial(_tell_alive, hub, config.press_topic), "button")


async def _tell_river(hub: PluginHub, topic: str) -> None:
    await hub.mqtt.publish(topic, f"{level(hub.clock.now().timestamp()):.2f}", retain=True)


async def _tell_door(hub: PluginHub, topic: str) -> None:
    is_open = hub.clock.now().timestamp() % DOOR_EVERY_S < DOOR_OPEN_S
    await hub.mqtt.publish(topic, "open" if is_open else "closed", retain=True)


async def _tell_alive(hub: PluginHub, topic: str) -> None:
    await hub.mqtt.publish(topic, "alive")


async def press(topic: str, hub: PluginHub, request: PageRequest) -> PageAnswer:
    """Press the button, as a hand would: the hub hears of it from the broker."""
    await hub.mqtt.publish(topic, "pressed")
    return PageAnswer(body="pressed\n", location="/")
