"""The block `scripts:`, and what automations and scripts bring for others to name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub.automation.script_model import VERBS, ScriptConfig, action_of
from hub.automation.shown import automation_entity, script_entity
from hub.config import shape
from hub.config.shape import Shaped
from hub.config.short_forms import written_out
from hub.config.tree import Entry, Node
from hub.config.words import shorten
from hub.model.action import Action
from hub.model.entity import Entity, is_object_id
from hub.model.problem import Problem
from hub.model.said import said

LONGEST = 100


@dataclass(frozen=True, slots=True)
class Scripts:
    """The scripts after the first pass, each with the entry that it stands in; `problems` holds
    those of the names and of the shapes."""

    shaped: Mapping[str, tuple[Shaped, Entry]]
    problems: list[Problem]

    @property
    def nodes(self) -> list[Node]:
        """What stands in the file for each."""
        return [each.node for each, _ in self.shaped.values()]

    @property
    def actions(self) -> dict[str, type[Action]]:
        """The actions by which scripts are called, also those with a mistake of their own."""
        found = [action_of(name, each.value) for name, (each, _) in self.shaped.items()]
        return {action.name: action for action in found}


def check(entries: list[tuple[str, Entry]]) -> Scripts:
    """Check the shape of each script, and its name."""
    shaped: dict[str, tuple[Shaped, Entry]] = {}
    problems: list[Problem] = []
    for name, entry in entries:
        if not is_object_id(name) or len(name) > LONGEST:
            message = said("%(name)s cannot be the name of a script", name=shorten(name))
            hint = said("a name has small Latin letters, digits and '_', as in 'open_gate'")
            problems.append(Problem(message, entry.key, hint))
        elif name in VERBS:
            message = said(
                "a script cannot be named %(name)s: that is an action of all scripts",
                name=shorten(name),
            )
            problems.append(Problem(message, entry.key, said("give it another name")))
        else:
            shaped[name] = shape.check(ScriptConfig, written_out(entry.node), entry.key), entry
            problems += shaped[name][0].problems
    return Scripts(shaped, problems)


def entities(automations: list[Shaped], scripts: Scripts) -> dict[str, Entity]:
    """The entities by which automations and scripts are seen."""
    found = [script_entity(name) for name in scripts.shaped]
    for item in automations:
        node = item.node.child("id")
        if node is not None and isinstance(node.value, str) and is_object_id(node.value):
            found.append(automation_entity(node.value))
    return {entity.entity_id: entity for entity in found}


def events_told(node: Node) -> Iterator[str]:
    """The types of the events that `event` steps in a block tell, also in one with mistakes."""
    event = node.child("event")
    listens = "trigger" in node.entries or "condition" in node.entries
    if event is not None and isinstance(event.value, str) and not listens:
        yield event.value
    for inner in (*(entry.node for entry in node.entries.values()), *node.items):
        if inner.is_block:
            yield from events_told(inner)
