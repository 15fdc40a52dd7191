"""A plugin for benchmarks: an event, and actions that note that they ran."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Literal

from pydantic import Field

from hub.api import Action, Call, Entity, Event, PluginConfig, hookimpl

WORK_S = 0.02


class Config(PluginConfig):
    """The entities that automations may name."""

    entities: list[str] = Field(default_factory=list)
    """Their ids."""


class Plate(Event, type="bench.plate"):
    """A plate was read."""

    number: str


class Hit(Action):
    """Note it."""

    name: ClassVar[str] = "bench.hit"
    repeat: ClassVar[Literal["safe", "never"]] = "safe"
    n: int
    """Which automation it was."""

    async def run(self, hub: Any, call: Call) -> None:
        hub.runtime.acted(self.n)


class Work(Action):
    """Take a while, then note it."""

    name: ClassVar[str] = "bench.work"
    repeat: ClassVar[Literal["safe", "never"]] = "safe"
    n: int
    """Which automation it was."""

    async def run(self, hub: Any, call: Call) -> None:
        await asyncio.sleep(WORK_S)
        hub.runtime.acted(self.n)


@hookimpl
def hub_config_model() -> type[Config]:
    return Config


@hookimpl
def hub_event_types() -> list[type[Event]]:
    return [Plate]


@hookimpl
def hub_actions() -> list[type[Action]]:
    return [Hit, Work]


@hookimpl
def hub_entities(config: Config) -> list[Entity]:
    return [Entity(entity_id=name, name=name) for name in config.entities]


@hookimpl
async def hub_setup(hub: Any, config: Config) -> None:
    for name in config.entities:
        hub.add_entity(Entity(entity_id=name, name=name))
