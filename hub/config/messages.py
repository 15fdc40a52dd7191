"""What pydantic found wrong, in the words of this project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hub.config.tree import Node, leaf_paths
from hub.config.words import close_match, one_of, shorten
from hub.model.problem import Position
from hub.model.said import N_, Said, said

WANTED = {
    "string_type": said("text"),
    "string_sub_type": said("text"),
    "int_type": said("a whole number"),
    "int_parsing": said("a whole number"),
    "int_parsing_size": said("a whole number of a sensible size"),
    "int_from_float": said("a whole number"),
    "float_type": said("a number"),
    "float_parsing": said("a number"),
    "finite_number": said("a number"),
    "bool_type": said("true or false"),
    "bool_parsing": said("true or false"),
    "list_type": said("a list"),
    "tuple_type": said("a list"),
    "set_type": said("a list"),
    "frozen_set_type": said("a list"),
    "iterable_type": said("a list"),
    "dict_type": said("a mapping (key: value)"),
    "mapping_type": said("a mapping (key: value)"),
    "model_type": said("a mapping (key: value)"),
    "model_attributes_type": said("a mapping (key: value)"),
    "dataclass_type": said("a mapping (key: value)"),
    "path_type": said("a path"),
    "none_required": said("nothing"),
    "time_parsing": said("a time of day like '22:00'"),
    "time_type": said("a time of day like '22:00'"),
    "date_parsing": said("a date like 2026-11-22"),
    "datetime_parsing": said("a time like 2026-11-22T18:00:00+02:00"),
}
"""Errors that say that a value is of the wrong kind, and what kind is wanted."""

_BOUNDS = {
    "greater_than": ("gt", N_("%(found)s is out of range: it must be more than %(bound)s")),
    "greater_than_equal": ("ge", N_("%(found)s is out of range: it must be at least %(bound)s")),
    "less_than": ("lt", N_("%(found)s is out of range: it must be less than %(bound)s")),
    "less_than_equal": ("le", N_("%(found)s is out of range: it must be at most %(bound)s")),
    "multiple_of": (
        "multiple_of",
        N_("%(found)s is out of range: it must be a multiple of %(bound)s"),
    ),
}


def kind_of(node: Node) -> str:
    """What stands there, in a word."""
    if isinstance(node.value, dict):
        return said("a mapping")
    if isinstance(node.value, list):
        return said("a list")
    if node.value is None:
        return said("nothing")
    if node.secret:
        return said("a secret")
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
        hint = said("text that reads as a number or a truth needs quotes")
        if not node.secret:
            hint = said('write "%(value)s", in quotes', value=written(node))
    if names == ["a list"] and not isinstance(node.value, (dict, list)) and node.value is not None:
        hint = said("write it as [item, item], or one item in a line behind '- '")
    if node.secret:
        return said("%(kinds)s is wanted here", kinds=one_of(names)), hint
    found = kind_of(node)
    return said("%(kinds)s is wanted here, not %(found)s", kinds=one_of(names), found=found), hint


def explain(kind: str, message: str, ctx: Mapping[str, Any], node: Node) -> tuple[str, str | None]:
    """Message and hint for an error of pydantic at a value."""
    if kind in WANTED:
        return wanted([kind], node)
    if kind in ("value_error", "assertion_error"):
        return _of_validator(_words_of(ctx.get("error") or message), node), None
    if kind in ("literal_error", "enum"):
        return _choice(str(ctx["expected"]), node)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _tag(kind, ctx, node)
    if kind in _BOUNDS:
        name, pattern = _BOUNDS[kind]
        return said(pattern, found=kind_of(node), bound=ctx[name]), None
    if kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        return _length(kind, ctx, node), None
    if kind == "string_pattern_mismatch":
        words = said(
            "%(found)s does not have the form %(form)s", found=kind_of(node), form=ctx["pattern"]
        )
        return words, None
    if isinstance(ctx.get("why"), Said):
        return ctx["why"], _hint_in(message, node)
    return message[:1].lower() + message[1:], _hint_in(message, node)


def _words_of(error: object) -> str:
    """What a model's validator has said, as it said it."""
    if isinstance(error, Exception) and error.args and isinstance(error.args[0], Said):
        return error.args[0]
    return str(error)


def _of_validator(message: str, node: Node) -> str:
    """A model's own words, unless they quote a secret."""
    for _, leaf in leaf_paths(node):
        if leaf.secret and leaf.value not in (None, "") and str(leaf.value) in message:
            return said("this value is not good (it is secret, so nothing of it is shown)")
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
    if len(names) == 1:
        return said("%(found)s is not %(name)s", found=kind_of(node), name=names[0]), hint
    words = said("%(found)s is not one of %(names)s", found=kind_of(node), names=one_of(names))
    return words, hint


def _tag(kind: str, ctx: Mapping[str, Any], node: Node) -> tuple[str, str | None]:
    key = str(ctx.get("discriminator", "")).strip("'")
    names = str(ctx.get("expected_tags", "")).replace("'", "").split(", ")
    found = node.child(key) if key.isidentifier() else None
    if found is None:
        missing = said("a key that says what it is is missing here")
        if key.isidentifier():
            missing = said("the key '%(key)s' is missing here", key=key)
        return missing, said("one of %(names)s", names=one_of(names)) if names != [""] else None
    hint = close_match(str(found.value), names)
    words = said("unknown %(key)s %(found)s", key=key, found=kind_of(found))
    return words, hint or said("there are %(names)s", names=one_of(names))


def _length(kind: str, ctx: Mapping[str, Any], node: Node) -> str:
    number = ctx.get("min_length", ctx.get("max_length"))
    if kind.endswith("short") and number == 1:
        return said("this must not be empty")
    least, text = kind.endswith("short"), kind.startswith("string")
    if text and least:
        return said("at least %(number)s characters are wanted here", number=number)
    if text:
        return said("at most %(number)s characters are wanted here", number=number)
    found = len(node.items)
    if least:
        return said(
            "at least %(number)s items are wanted here, not %(found)s", number=number, found=found
        )
    return said(
        "at most %(number)s items are wanted here, not %(found)s", number=number, found=found
    )
