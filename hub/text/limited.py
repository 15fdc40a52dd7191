"""Limited templates: for places that are rendered once, before there is a town to look at
(`trigger_variables`, `enabled`). They see neither states nor the time, as in Home Assistant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import nodes

from hub.text.findings import look
from hub.text.functions import LIMITED, NAMES
from hub.text.templates import TemplateProblem, parse, render
from hub.text.times import TIME_NAMES
from hub.text.town import TOWN_NAMES

_OF_THE_TOWN = NAMES - LIMITED.keys()
_FILTERS_OF_THE_TOWN = frozenset({*TIME_NAMES, *TOWN_NAMES, "states"})


def parse_limited(text: str) -> None:
    """Refuse a template that cannot be rendered without the town. Raises TemplateProblem."""
    tree, _ = parse(text)
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        if node.name in _FILTERS_OF_THE_TOWN:
            raise _refusal(node.name, node.lineno)
    for name, line in look(text).names:
        if name in _OF_THE_TOWN:
            raise _refusal(name, line)


def render_limited(text: str, variables: Mapping[str, Any]) -> Any:
    """What it gives. Raises TemplateProblem."""
    parse_limited(text)
    return render(text, variables, LIMITED)


def _refusal(name: str, line: int) -> TemplateProblem:
    why = f"'{name}' cannot be used here: this is rendered before there are states and times"
    return TemplateProblem(why, line)
