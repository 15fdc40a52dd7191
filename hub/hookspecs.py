"""All hooks of the hub. Declarations are plain functions, called once, before anything runs; life
hooks are `async def`, called for each plugin by itself with a time limit. A plugin writes only
those it needs, and of each only the arguments it needs."""

from __future__ import annotations

from typing import Any

import pluggy

from hub.model.action import Action
from hub.model.entity import Entity
from hub.model.event import Event
from hub.model.notify import Notifier
from hub.model.page import Page

PROJECT = "hub"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def hub_config_model() -> type[Any]:  # type: ignore[empty-body]
    """Declaration: the model (PluginConfig) of the plugin's block in config.yaml."""


@hookspec
def hub_event_types() -> list[type[Event]]:  # type: ignore[empty-body]
    """Declaration: the events it may publish, so that triggers can be checked."""


@hookspec
def hub_entities(config: Any) -> list[Entity]:  # type: ignore[empty-body]
    """Declaration: the entities that its block brings; their names are checked before anything
    runs. `hub_setup` adds the same ones with `hub.add_entity`."""


@hookspec
def hub_actions() -> list[type[Action]]:  # type: ignore[empty-body]
    """Declaration: what automations may ask of it."""


@hookspec
def hub_notifiers(config: Any) -> list[Notifier]:  # type: ignore[empty-body]
    """Declaration: ways to reach people."""


@hookspec
def hub_pages(config: Any) -> list[Page]:  # type: ignore[empty-body]
    """Declaration: pages and API routes below /plugins/<plugin>/, each with its permission."""


@hookspec
async def hub_setup(hub: Any, config: Any) -> None:
    """Life: connect, add entities, start loops. Cut off after 10 s. May raise NotReady (again
    later), ConfigProblem (shown at its line), AuthFailed (waits for a person)."""


@hookspec
async def hub_teardown(hub: Any) -> None:
    """Life: only what the hub cannot take back by itself."""


@hookspec
async def hub_diagnostics(hub: Any) -> dict[str, Any]:  # type: ignore[empty-body]
    """Life: facts for a support bundle; the hub removes secrets."""
