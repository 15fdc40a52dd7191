"""Third pass: templates are parsed, and the names in them are known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from hub.config.marks import Mark
from hub.config.tree import Excerpts, Node, at
from hub.config.words import close_match, shorten
from hub.model.problem import Position, Problem
from hub.text.filters import FILTERS
from hub.text.functions import NAMES
from hub.text.templates import TemplateProblem, parse, undeclared

RUN = frozenset({"trigger", "this"})
"""What every run has besides the variables that are written."""

SET_BY = {"repeat": "repeat", "wait_template": "wait", "wait_for_trigger": "wait"}
"""Variables that steps set by themselves."""

_MEANINGS = (
    (r"end of template, expected 'end of print", "the template's '{{' is never closed by '}}'"),
    (r"end of template, expected 'end of statement", "the template's '{%' is never closed by '%}'"),
    (r"^unexpected 'end of print", "the template breaks off before '}}'"),
    (r"^unexpected 'end of statement", "the template breaks off before '%}'"),
)


def check(
    marks: Iterable[Mark], node: Node, excerpts: Excerpts, variables: frozenset[str] | None
) -> list[Problem]:
    """The problems of a block's templates. `variables` are the names that they may use; None
    where the place of the templates is a plugin's, and so are their names."""
    problems: list[Problem] = []
    for mark in {mark.path: mark for mark in marks}.values():
        problems += _of(mark.text, at(node, mark.path)[0], excerpts, variables)
    return problems


def _of(
    text: str, leaf: Node, excerpts: Excerpts, variables: frozenset[str] | None
) -> list[Problem]:
    try:
        if variables is None:
            parse(text)
            return []
        unknown = undeclared(text, NAMES | variables)
    except TemplateProblem as problem:
        place = _line(leaf, problem.line, excerpts)
        return [_unparsed(problem.why, place)]
    known = NAMES | (variables or frozenset())
    return [
        Problem(
            f"the template uses {shorten(name)}, which is nowhere set",
            _word(leaf, name, excerpts),
            close_match(name, known),
        )
        for name in sorted(unknown)
    ]


def _unparsed(why: str, place: Position) -> Problem:
    for pattern, message in _MEANINGS:
        if re.search(pattern, why):
            return Problem(message, place)
    filter_name = re.search(r"filter named '(\w+)'", why)
    hint = close_match(filter_name.group(1), FILTERS) if filter_name else None
    return Problem(f"this is no template: {why[:1].lower()}{why[1:].rstrip('.')}", place, hint)


def variables_of(automation: Node) -> frozenset[str]:
    """The variables that an automation sets anywhere."""
    found = set(RUN)
    for key, entry in automation.entries.items():
        if key in ("variables", "trigger_variables"):
            found |= set(entry.node.entries)
        elif key == "response_variable" and isinstance(entry.node.value, str):
            found.add(entry.node.value)
        elif key in SET_BY:
            found.add(SET_BY[key])
        found |= variables_of(entry.node)
    for item in automation.items:
        found |= variables_of(item)
    return frozenset(found)


def variables_of_script(script: Node) -> frozenset[str]:
    """The variables of a script: those that it sets, and its fields. It sees nothing of what
    triggered its caller."""
    fields = script.child("fields")
    return (variables_of(script) - {"trigger"}) | set(fields.entries if fields else ())


def _line(leaf: Node, line: int, excerpts: Excerpts) -> Position:
    """The template's line where it is a block of text (`|`), else the whole value."""
    lines = excerpts.lines.get(leaf.position.file, ())
    number = leaf.position.line + line
    opening = lines[leaf.position.line - 1 : leaf.position.line]
    if not opening or opening[0][leaf.position.column - 1 :][:1] not in ("|", ">"):
        return leaf.position
    if number > len(lines) or number > leaf.end[0]:
        return leaf.position
    shown = lines[number - 1]
    indent = len(shown) - len(shown.lstrip())
    length = max(1, len(shown.rstrip()) - indent)
    return Position(leaf.position.file, number, indent + 1, length)


def _word(leaf: Node, name: str, excerpts: Excerpts) -> Position:
    """Where the name stands in the value, if it is written there as it is."""
    lines = excerpts.lines.get(leaf.position.file, ())
    for number in range(leaf.position.line, min(leaf.end[0], len(lines)) + 1):
        start = leaf.position.column - 1 if number == leaf.position.line else 0
        found = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)").search(lines[number - 1], start)
        if found:
            return replace(leaf.position, line=number, column=found.start() + 1, length=len(name))
    return leaf.position
