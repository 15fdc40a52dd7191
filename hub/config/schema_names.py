"""The names that a configuration knows, put where its schema asks for one."""

from __future__ import annotations

from typing import Any, get_args

from hub.config.names import Known
from hub.config.schema_words import TEMPLATE
from hub.model.references import MAY_BE_TEMPLATE, NAMES_A, Kind

Schema = dict[str, Any]

SUGGESTED: frozenset[Kind] = frozenset({"recipient"})
"""Names that the configuration does not know all of: duties and persons are data."""


def fill_in(schema: Schema, known: Known) -> None:
    """Replace our own marks in a schema by the names of their kind, so that an editor completes
    them, and marks any other. Where a plugin could not tell what it brings, any name may be right,
    and the known ones are only offered."""
    definitions: Schema = schema["$defs"]
    offered: dict[str, list[Schema]] = {}
    for kind in get_args(Kind):
        names = sorted(known.names(kind))
        if not names:
            continue
        definitions[f"{kind} names"] = {"enum": names}
        offered[kind] = [{"$ref": f"#/$defs/{kind}%20names"}]
        if kind in SUGGESTED or known.doubtful:
            offered[kind].append({"type": "string"})
    _fill(schema, offered)


def _fill(node: Any, offered: dict[str, list[Schema]]) -> None:
    if isinstance(node, dict):
        for value in list(node.values()):
            _fill(value, offered)
        kind = node.pop(NAMES_A, None)
        may_be_template = node.pop(MAY_BE_TEMPLATE, False)
        if kind in offered and node.get("type") == "string":
            choices = [*offered[kind], *([TEMPLATE] if may_be_template else [])]
            node["anyOf"] = choices
    elif isinstance(node, list):
        for value in node:
            _fill(value, offered)
