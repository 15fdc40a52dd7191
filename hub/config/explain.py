"""What each word of the language does, said by its model: for `hub explain`."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Literal, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticUndefined

from hub.automation.conditions import TABLE as CONDITIONS
from hub.automation.steps import TABLE as STEPS
from hub.automation.triggers import TABLE as TRIGGERS
from hub.config import examples
from hub.config.core import CORE_ACTIONS
from hub.config.fields import keys
from hub.config.words import close_match
from hub.model.action import Action
from hub.model.core_events import CORE_EVENTS
from hub.model.event import Event, payload_fields
from hub.model.references import MAY_BE_TEMPLATE, NAMES_A
from hub.plugin.loader import LoadedPlugin

Kind = Literal["action", "trigger", "condition", "step", "event"]
KINDS: tuple[Kind, ...] = get_args(Kind)

HUB = "the hub"
DEEPEST = 3  # mappings in one another whose keys are told
REPEAT = {
    "safe": "after a crash: done again where it was under way",
    "never": "after a crash: not done again where it was under way, and reported so",
}
TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
    "array": "list",
}
PARTS = {"Step": "step", "Condition": "condition", "Trigger": "trigger"}
COMMON = frozenset({"alias", "enabled", "id", "variables", "continue_on_error"})
"""Keys that all words of a kind have: they come last."""
NAMES = {"escalation": "ladder", "recipient": "duty, person or notifier"}


class Unknown(LookupError):
    """There is nothing of that name; `hint` names what looks like it."""

    def __init__(self, kind: Kind, name: str, known: Iterable[str]) -> None:
        super().__init__(f"there is no {kind} '{name}'")
        self.hint = close_match(name, known)


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its type in words, its default as it is written (None: it has none); `inner` are
    the keys of the mapping that it takes."""

    name: str
    type: str
    required: bool
    default: str | None
    about: str
    inner: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a word does. `owner` brings it: the hub, or a plugin; `notes` are its other facts."""

    kind: Kind
    name: str
    owner: str
    about: str
    keys: tuple[Key, ...]
    notes: tuple[str, ...]
    example: str


def known(kind: Kind, plugins: Sequence[LoadedPlugin]) -> dict[str, str]:
    """All words of a kind, each with the first sentence of what it does."""
    return {name: _in_short(_about(model)) for name, (model, _) in _of(kind, plugins).items()}


def explain(kind: Kind, name: str, plugins: Sequence[LoadedPlugin]) -> Explanation:
    """One word. Raises Unknown."""
    words = _of(kind, plugins)
    if name not in words:
        raise Unknown(kind, name, words)
    model, owner = words[name]
    if kind == "event":
        found, notes, example = _event_keys(model), _event_notes(model), _event_example(name)
    elif kind == "action":
        found, notes, example = _keys(model), _action_notes(model), _action_example(model)
    else:
        tables = {
            "trigger": examples.TRIGGERS,
            "condition": examples.CONDITIONS,
            "step": examples.STEPS,
        }
        found, notes, example = _keys(model), (), tables[kind][name]
    return Explanation(kind, name, owner, _about(model), found, notes, example)


def _of(kind: Kind, plugins: Sequence[LoadedPlugin]) -> dict[str, tuple[type[Any], str]]:
    """The models of a kind by name, each with whose it is."""
    tables: Mapping[str, Mapping[str, type[Any]]] = {
        "trigger": TRIGGERS,
        "condition": CONDITIONS,
        "step": STEPS,
        "action": {action.name: action for action in CORE_ACTIONS},
        "event": {event.type: event for event in CORE_EVENTS},
    }
    found = {name: (model, HUB) for name, model in tables[kind].items()}
    for plugin in plugins:
        owner = f"the plugin {plugin.name}"
        if kind == "action":
            found |= {action.name: (action, owner) for action in plugin.actions}
        elif kind == "event":
            found |= {event.type: (event, owner) for event in plugin.event_types}
    return dict(sorted(found.items()))


def _about(model: type[Any]) -> str:
    text = model.__doc__ or ""
    # a dataclass without words of its own has its signature instead
    return "" if text.startswith(f"{model.__name__}(") else inspect.cleandoc(text)


def _in_short(about: str) -> str:
    first = " ".join(about.split("\n\n")[0].split())
    sentence, dot, _ = first.partition(". ")
    return sentence + dot.strip()


def _keys(model: type[BaseModel]) -> tuple[Key, ...]:
    own, definitions = _properties(model)
    found = []
    for name, field in keys(model).items():
        schema = own.get(name, {})
        if "const" in schema:
            continue  # the word itself
        found.append(
            Key(
                name=name,
                type=_type(schema, definitions),
                required=field.is_required(),
                default=None if field.is_required() else _written(field.default),
                about=inspect.cleandoc(field.description or ""),
                inner=_inner(schema, definitions),
            )
        )
    return tuple(sorted(found, key=lambda key: (not key.required, key.name in COMMON)))


def _properties(model: type[BaseModel]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The schema of each key, and the definitions that these refer to."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    own = definitions[_last(schema["$ref"])] if "$ref" in schema else schema
    return own["properties"], definitions


def _inner(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int = 0
) -> tuple[Key, ...]:
    """The keys of the mapping that a key takes, where it is one with keys of its own."""
    if depth == DEEPEST:
        return ()
    for one in (schema, *schema.get("anyOf", ())):
        name = _last(one.get("$ref", ""))
        block = definitions.get(name, {})
        if "properties" in block and not name.endswith(tuple(PARTS)):
            needed = block.get("required", ())
            return tuple(
                Key(
                    name=key,
                    type=_type(own, definitions),
                    required=key in needed,
                    default=_written(own.get("default")),
                    about=inspect.cleandoc(own.get("description", "")),
                    inner=_inner(own, definitions, depth + 1),
                )
                for key, own in block["properties"].items()
                if key not in COMMON
            )
    return ()


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def _type(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """A type in words, as in `entity, or a list of them`."""
    if "$ref" in schema:
        name = _last(schema["$ref"])
        part = next((part for ending, part in PARTS.items() if name.endswith(ending)), None)
        return part or _type(definitions[name], definitions)
    if "const" in schema:
        return f"'{schema['const']}'"
    if "enum" in schema:
        return " or ".join(f"'{value}'" for value in schema["enum"])
    if NAMES_A in schema:
        text = NAMES.get(schema[NAMES_A], schema[NAMES_A])
    elif "anyOf" in schema:
        text = _any_of(schema["anyOf"], definitions)
    elif isinstance(schema.get("type"), list):
        text = "value"
    elif schema.get("type") == "array" and "items" in schema:
        text = f"list: {_type(schema['items'], definitions)}"
    else:
        text = TYPES.get(schema.get("type", ""), "anything")
    if schema.get("examples"):
        text += f" like {', '.join(map(str, schema['examples'][:2]))}"
    return f"{text} (may be a template)" if schema.get(MAY_BE_TEMPLATE) else text


def _any_of(schemas: Sequence[Mapping[str, Any]], definitions: Mapping[str, Any]) -> str:
    parts = [_type(one, definitions) for one in schemas if one.get("type") != "null"]
    parts = list(dict.fromkeys(parts))
    if len(parts) > 1 and parts[-1] == f"list: {' or '.join(parts[:-1])}":
        return f"{' or '.join(parts[:-1])}, or a list of them"
    return " or ".join(parts)


def _written(default: Any) -> str | None:
    """A default as it is written in the file; None where it is left out."""
    if default is None or default is PydanticUndefined or default in ([], {}):
        return None
    if isinstance(default, bool):
        return "true" if default else "false"
    if isinstance(default, timedelta):
        return f"{default.total_seconds():.3f}".rstrip("0").rstrip(".") + "s"
    if isinstance(default, BaseModel):
        parts = ((name, _written(value)) for name, value in default)
        return "{" + ", ".join(f"{name}: {text}" for name, text in parts if text) + "}"
    text = str(default.value if isinstance(default, Enum) else default)
    return text or '""'


def _action_notes(model: type[Action]) -> tuple[str, ...]:
    target = (
        f"target: entities of the domain '{model.target}'"
        if model.target is not None
        else "it takes no target"
    )
    return target, REPEAT[model.repeat]


def _action_example(model: type[Action]) -> str:
    lines = [f"- action: {model.name}"]
    if model.target is not None:
        lines.append(f"  target: {examples.TARGETS.get(model.target, '{area_id: market}')}")
    fields = keys(model)
    wanted = [name for name, field in fields.items() if field.is_required()]
    shown = wanted or [name for name in fields if name in examples.VALUES][:2]
    shown += [name for name in ("severity", "escalation", "payload") if name in fields]
    data = [f"{name}: {_sample(name, model)}" for name in dict.fromkeys(shown)]
    if data:
        lines.append(f"  data: {{{', '.join(data)}}}")
    return "\n".join(lines)


def _sample(name: str, model: type[BaseModel]) -> str:
    if name in examples.VALUES:
        return examples.VALUES[name]
    own = _properties(model)[0][name]
    if "enum" in own:
        return str(own["enum"][0])
    by_type = {"integer": "1", "number": "1.5", "boolean": "true", "array": "[]", "object": "{}"}
    return str(own.get("examples", [by_type.get(own.get("type", ""), "text")])[0])


def _event_keys(model: type[Event]) -> tuple[Key, ...]:
    fields = {field.name: field for field in dataclasses.fields(model)}
    schema = TypeAdapter(model).json_schema()
    found = []
    for name in payload_fields(model):
        field = fields[name]
        plain = field.default is dataclasses.MISSING
        required = plain and field.default_factory is dataclasses.MISSING
        default = None if plain else _written(field.default)
        own = schema["properties"].get(name, {})
        found.append(Key(name, _type(own, schema.get("$defs", {})), required, default, ""))
    return tuple(found)


def _event_notes(model: type[Event]) -> tuple[str, ...]:
    beside = "beside these: id, source, area, observed_at, received_at, cause, drill"
    if model.durable:
        return beside, "durable: it is never lost, and its runs outlive a crash"
    return (beside,)


def _event_example(name: str) -> str:
    return f"- trigger: event\n  event_type: {name}"
