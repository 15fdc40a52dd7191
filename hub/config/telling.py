"""What steps tell the hub: the payload of an `event` step against the type that a plugin declares,
as far as it holds no template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from hub.config import shape
from hub.config.tree import Node, leaf_paths
from hub.config.words import shorten
from hub.model.event import Event, payload_fields
from hub.model.problem import Problem
from hub.model.references import is_template
from hub.model.said import said

_NO_STEPS = frozenset({"data", "event_data", "variables", "target", "triggers", "conditions"})


def check(block: Node, types: Mapping[str, type[Event]]) -> list[Problem]:
    """The problems of all `event` steps in an automation or a script."""
    return [problem for step in _steps(block) for problem in _of_step(step, types)]


def _steps(node: Node) -> Iterator[Node]:
    event = node.child("event")
    listens = "trigger" in node.entries or "condition" in node.entries
    if event is not None and isinstance(event.value, str) and not listens:
        yield node
    inner = [entry.node for key, entry in node.entries.items() if key not in _NO_STEPS]
    for each in (*inner, *node.items):
        if each.is_block:
            yield from _steps(each)


def _of_step(step: Node, types: Mapping[str, type[Event]]) -> Iterator[Problem]:
    event = step.entries["event"].node
    declared = types.get(str(event.value))
    if declared is None:
        return
    if declared.durable:
        message = said("%(name)s is told by devices only", name=shorten(declared.type))
        instead = said("open an incident instead: action: incident.open")
        yield Problem(message, event.position, instead)
        return
    data = step.entries.get("event_data")
    if data is not None and not isinstance(data.node.value, dict):
        return
    tree = data.node if data is not None else Node(event.position, event.end, {})
    later = [path for path, leaf in leaf_paths(tree) if is_template(leaf.value)]
    shown = data.key if data is not None else event.position
    yield from shape.check(_payload(declared), tree, shown, later).problems


def _payload(cls: type[Event]) -> type[BaseModel]:
    """The model of the own fields of an event class."""
    hints = get_type_hints(cls, include_extras=True)
    fields: dict[str, Any] = {}
    for name in payload_fields(cls):
        own = cls.__dataclass_fields__[name]
        needed = own.default is MISSING and own.default_factory is MISSING
        fields[name] = (hints[name], ... if needed else None)
    model: type[BaseModel] = create_model(
        cls.__name__, __config__=ConfigDict(extra="forbid"), **fields
    )
    return model
