"""What pydantic found wrong, in the words of this project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hub.config.tree import Node, leaf_paths
from hub.config.words import close_match, one_of, shorten
from hub.model.problem import Position

WANTED = {
    "string_type": "text",
    "string_sub_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of a sensible size",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "iterable_type": "a list",
    "dict_type": "a mapping (key: value)",
    "mapping_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "dataclass_type": "a mapping (key: value)",
    "path_type": "a path",
    "none_required": "nothing",
    "time_parsing": "a time of day like '22:00'",
    "time_type": "a time of day like '22:00'",
    "date_parsing": "a date like 2026-11-22",
    "datetime_parsing": "a time like 2026-11-22T18:00:00+02:00",
}
"""Errors that say that a value is of the wrong kind, and what kind is wanted."""

_BOUNDS = {
    "greater_than": ("more than {gt}"),
    "greater_than_equal": ("at least {ge}"),
    "less_than": ("less than {lt}"),
    "less_than_equal": ("at most {le}"),
    "multiple_of": ("a multiple of {multiple_of}"),
}


def kind_of(node: Node) -> str:
    """What stands there, in a word."""
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    if node.value is None:
        return "nothing"
    if node.secret:
        return "a secret"
    return shorten(node.value) if isinstance(node.value, str) else written(node)


def written(node: Node) -> str:
    """A scalar as YAML writes it."""
    value = node.value
    return str(value).lower() if isinstance(value, bool) else str(value)


def wanted(kinds: list[str], node: Node) -> tuple[str, str | None]:
    """Message and hint for a value of the wrong kind."""
    names = list(dict.fromkeys(WANTED[kind] for kind in kinds))
    hint = None
    if "text" in names and isinstance(node.value, (int, float, bool)):
        hint = "text that reads as a number or a truth needs quotes"
        if not node.secret:
            hint = f'write "{written(node)}", in quotes'
    if names == ["a list"] and not isinstance(node.value, (dict, list)) and node.value is not None:
        hint = "write it as [item, item], or one item in a line behind '- '"
    found = "" if node.secret else f", not {kind_of(node)}"
    return f"{one_of(names)} is wanted here{found}", hint


def explain(kind: str, message: str, ctx: Mapping[str, Any], node: Node) -> tuple[str, str | None]:
    """Message and hint for an error of pydantic at a value."""
    if kind in WANTED:
        return wanted([kind], node)
    if kind in ("value_error", "assertion_error"):
        return _of_validator(str(ctx.get("error") or message), node), None
    if kind in ("literal_error", "enum"):
        return _choice(str(ctx["expected"]), node)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _tag(kind, ctx, node)
    if kind in _BOUNDS:
        return f"{kind_of(node)} is out of range: it must be {_BOUNDS[kind].format(**ctx)}", None
    if kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        return _length(kind, ctx, node), None
    if kind == "string_pattern_mismatch":
        return f"{kind_of(node)} does not have the form {ctx['pattern']}", None
    return message[:1].lower() + message[1:], _hint_in(message, node)


def _of_validator(message: str, node: Node) -> str:
    """A model's own words, unless they quote a secret."""
    for _, leaf in leaf_paths(node):
        if leaf.secret and leaf.value not in (None, "") and str(leaf.value) in message:
            return "this value is not good (it is secret, so nothing of it is shown)"
    return message


def culprit(message: str, node: Node) -> tuple[str, Position] | None:
    """The value or the key in a block that a message about the block quotes, if there is one."""
    for entry in node.entries.values():
        value = entry.node.value
        if isinstance(value, str) and value and f"'{value}'" in message:
            return value, entry.node.position
    for key, entry in node.entries.items():
        if f"'{key}'" in message:
            return key, entry.key
    return None


def _hint_in(message: str, node: Node) -> str | None:
    """A word of the message that looks like what was written: the message lists what there is."""
    named = set(re.findall(r"[a-z_.]{2,}", message))
    found = culprit(message, node)
    if found is not None:
        return close_match(found[0], named)
    hints = [close_match(key, named) for key in node.entries if key not in named]
    return next((hint for hint in hints if hint), None)


def _choice(expected: str, node: Node) -> tuple[str, str | None]:
    names = expected.replace(" or ", ", ").split(", ")
    if not isinstance(node.value, str) and f"'{written(node)}'" in names:
        return wanted(["string_type"], node)
    hint = None
    if isinstance(node.value, str) and not node.secret:
        hint = close_match(node.value, [name.strip("'") for name in names])
    return f"{kind_of(node)} is not {'one of ' if len(names) > 1 else ''}{one_of(names)}", hint


def _tag(kind: str, ctx: Mapping[str, Any], node: Node) -> tuple[str, str | None]:
    key = str(ctx.get("discriminator", "")).strip("'")
    names = str(ctx.get("expected_tags", "")).replace("'", "").split(", ")
    found = node.child(key) if key.isidentifier() else None
    if found is None:
        keys = f"the key '{key}'" if key.isidentifier() else "a key that says what it is"
        return f"{keys} is missing here", f"one of {one_of(names)}" if names != [""] else None
    hint = close_match(str(found.value), names)
    return f"unknown {key} {kind_of(found)}", hint or f"there are {one_of(names)}"


def _length(kind: str, ctx: Mapping[str, Any], node: Node) -> str:
    number = ctx.get("min_length", ctx.get("max_length"))
    if kind.endswith("short"):
        if number == 1:
            return "this must not be empty"
        least = f"at least {number}"
    else:
        least = f"at most {number}"
    if kind.startswith("string"):
        return f"{least} characters are wanted here"
    return f"{least} items are wanted here, not {len(node.items)}"
