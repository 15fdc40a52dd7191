"""What pydantic cannot know of the language: the data of each action, and short forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.model.action import Action

Schema = dict[str, Any]

TEMPLATE: Schema = {"type": "string", "pattern": r"\{[{%#]", "description": "A template."}
STEP = "ActionStep"
LOGIC = {"AndCondition": "and", "OrCondition": "or", "NotCondition": "not"}
BY_TEMPLATE = "ConditionByTemplate"


def add_actions(
    definitions: Schema, actions: Mapping[str, type[Action]], data: Mapping[str, str]
) -> None:
    """Let the name of an action decide what its data and its target are. `data` names the
    definition of each action's own model; a template may stand for every value in it."""
    for name in set(data.values()):
        definitions[name] = _templated(definitions[name])
    if STEP in definitions:
        rules = [_rule(actions[name], definitions[data[name]], data[name]) for name in data]
        definitions[STEP]["allOf"] = rules


def _rule(action: type[Action], data: Schema, definition: str) -> Schema:
    properties: Schema = {"data": {"$ref": f"#/$defs/{definition}"}}
    required = ["data"] if data.get("required") else []
    if action.target is None:
        properties["target"] = False
    else:
        required.append("target")
    then: Schema = {"properties": properties, "required": required}
    return {
        "if": {"properties": {"action": {"const": action.name}}, "required": ["action"]},
        "then": then,
    }


def _templated(schema: Schema) -> Schema:
    properties = schema.get("properties", {})
    return schema | {
        "properties": {name: _or_template(value) for name, value in properties.items()}
    }


def _or_template(schema: Schema) -> Schema:
    """The same, or a template; for a list, its items too."""
    if "items" in schema:
        schema = schema | {"items": _or_template(schema["items"])}
    kept: Schema = {
        key: schema[key] for key in ("title", "description", "default") if key in schema
    }
    return {"anyOf": [schema, TEMPLATE], **kept}


def add_short_forms(definitions: Schema) -> None:
    """Where a condition may stand, its short forms may: `or: [...]`, and a template alone."""
    short: dict[str, list[Schema]] = {}
    for name, word in LOGIC.items():
        if name in definitions:
            definitions[f"{name}Short"] = _short(definitions[name], word)
            short[f"#/$defs/{name}"] = [{"$ref": f"#/$defs/{name}Short"}]
    if "TemplateCondition" in definitions:
        definitions[BY_TEMPLATE] = _by_template(definitions["TemplateCondition"])
        own = {"$ref": f"#/$defs/{BY_TEMPLATE}"}
        short["#/$defs/TemplateCondition"] = [own, TEMPLATE]
    _beside(definitions, short)


def _short(schema: Schema, word: str) -> Schema:
    properties = {word: schema["properties"]["conditions"]} | {
        name: value
        for name, value in schema["properties"].items()
        if name not in ("condition", "conditions")
    }
    return schema | {"properties": properties, "required": [word]}


def _by_template(schema: Schema) -> Schema:
    properties = {"condition": TEMPLATE} | {
        name: value
        for name, value in schema["properties"].items()
        if name not in ("condition", "value_template")
    }
    return schema | {"properties": properties, "required": ["condition"]}


def _beside(node: Any, short: Mapping[str, list[Schema]]) -> None:
    """Put the short forms beside the references to what they stand for."""
    if isinstance(node, dict):
        choices = node.get("anyOf")
        if isinstance(choices, list):
            references = [each.get("$ref") for each in choices]
            node["anyOf"] = choices + [
                form for reference in references for form in short.get(reference, ())
            ]
        for value in node.values():
            _beside(value, short)
    elif isinstance(node, list):
        for value in node:
            _beside(value, short)
