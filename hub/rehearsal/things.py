"""What a configuration knows, for a story to name."""

from __future__ import annotations

from dataclasses import MISSING
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from hub import from_config
from hub.automation.shown import automation_entity, script_entity
from hub.config.config import Config
from hub.config.core import CORE_ACTIONS
from hub.config.names import Known
from hub.config.scripts import events_told
from hub.model.action import Action
from hub.model.event import Event, payload_fields
from hub.modes import entity_of
from hub.rehearsal.stage import notifiers


def known(config: Config) -> Known:
    """All that there is to name in a configuration that was checked. Scripts are no actions here:
    they are run, and what they do can be named."""
    actions = [*CORE_ACTIONS, *(a for plugin in config.loaded.values() for a in plugin.actions)]
    entities = [
        *config.entities,
        *(entity_of(mode, name) for mode, name in config.modes.items()),
        *(automation_entity(automation.id) for automation in config.automations),
        *(script_entity(name) for name in config.scripts),
    ]
    blocks = [config.root.child("automations"), config.root.child("scripts")]
    told = [kind for block in blocks if block is not None for kind in events_told(block)]
    return Known(
        entities={entity.entity_id: entity for entity in entities},
        areas=config.areas,
        events=frozenset([*from_config.event_types(config), *told]),
        actions={action.name: action for action in actions},
        ladders=frozenset(config.escalations),
        notifiers={notifier.name: notifier for notifier in notifiers(config)},
        plugins=frozenset(config.loaded),
        automations=frozenset(automation.id for automation in config.automations),
        modes=frozenset(config.modes),
    )


def part_of(action: type[Action]) -> type[BaseModel]:
    """The model of an action's data, of which nothing must be written."""
    fields: dict[str, Any] = {
        name: (Annotated[info.annotation, info], None) for name, info in action.model_fields.items()
    }
    return _model(action.__name__, fields)


def payload_of(cls: type[Event], all_of_it: bool) -> type[BaseModel]:
    """The model of an event's own fields."""
    hints = get_type_hints(cls, include_extras=True)
    fields: dict[str, Any] = {}
    for name in payload_fields(cls):
        default = cls.__dataclass_fields__[name]
        needed = all_of_it and default.default is MISSING and default.default_factory is MISSING
        fields[name] = (hints[name], ... if needed else None)
    return _model(cls.__name__, fields)


def _model(name: str, fields: dict[str, Any]) -> type[BaseModel]:
    config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)
    model: type[BaseModel] = create_model(name, __config__=config, **fields)
    return model
