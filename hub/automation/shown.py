"""Automations and scripts as entities of the town."""

from __future__ import annotations

from hub.automation.script_model import DOMAIN as SCRIPT
from hub.automation.switch_actions import AUTOMATION
from hub.model.entity import Entity

AUTOMATIONS = "hub.automations"
SCRIPTS = "hub.scripts"
"""Whose entities they are, for the registry."""


def automation_entity(automation_id: str, alias: str | None = None) -> Entity:
    """The entity by which an automation is seen: on while it is switched on."""
    name = alias or automation_id
    return Entity(entity_id=f"{AUTOMATION}.{automation_id}", name=name, plugin=AUTOMATIONS)


def script_entity(name: str, alias: str | None = None) -> Entity:
    """The entity by which a script is seen: on while it runs."""
    return Entity(entity_id=f"{SCRIPT}.{name}", name=alias or name, plugin=SCRIPTS)
