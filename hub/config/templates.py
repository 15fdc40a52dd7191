"""Third pass: templates are parsed, and the names in them are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from hub.automation.triggers import Trigger
from hub.automation.triggers.time import EntityTime
from hub.config.marks import Mark
from hub.config.names import Known, Names
from hub.config.tree import Excerpts, Node, at
from hub.config.trigger_words import SEEN, Triggers
from hub.config.words import close_match, shorten
from hub.model.problem import Position, Problem
from hub.model.said import N_, said
from hub.text.filters import FILTERS, LEFT_OUT, TESTS
from hub.text.findings import Findings, look
from hub.text.functions import NAMES
from hub.text.templates import TemplateProblem, parse

AT_LOAD = ("event_type", "event_data", "topic", "payload", "at", "entity_id")
"""Keys of triggers whose templates are evaluated once."""

ONCE = said("this template is evaluated once, at load, and sees 'trigger_variables' only")
OF_TRIGGERS = said("a trigger's templates see 'trigger_variables', and none that a run sets")

LEFT_OUT_WORDS = {
    "function": N_("templates here have no function %(name)s"),
    "filter": N_("templates here have no filter %(name)s"),
    "test": N_("templates here have no test %(name)s"),
}

RUN = frozenset({"trigger", "this"})
"""What every run has besides the variables that are written."""

SET_BY = {"repeat": "repeat", "wait_template": "wait", "wait_for_trigger": "wait"}
"""Variables that steps set by themselves."""
PARTS = {
    "repeat": frozenset({"index", "first", "last", "item"}),
    "wait": frozenset({"completed", "remaining", "trigger"}),
}
"""What there is in them."""

_MEANINGS = (
    (
        r"end of template, expected 'end of print",
        said("the template's '{{' is never closed by '}}'"),
    ),
    (
        r"end of template, expected 'end of statement",
        said("the template's '{%' is never closed by '%}'"),
    ),
    (r"^unexpected 'end of print", said("the template breaks off before '}}'")),
    (r"^unexpected 'end of statement", said("the template breaks off before '%}'")),
)


@dataclass(frozen=True, slots=True)
class Place:
    """What the templates of a block may use: `variables` by name, what there is to name in the
    town, and what their triggers give (None: they have none, or these are not known). The
    triggers' own templates see `for_triggers`, and no variable that a run sets. `by_steps` are the
    variables that nobody sets but steps by themselves."""

    variables: frozenset[str]
    known: Known
    triggers: Triggers | None = None
    for_triggers: frozenset[str] = frozenset()
    by_steps: frozenset[str] = frozenset()


def check(
    marks: Iterable[Mark], node: Node, excerpts: Excerpts, place: Place | None
) -> list[Problem]:
    """The problems of a block's templates. Without a `place` it is a plugin's, and so are the
    names in them."""
    problems: list[Problem] = []
    for mark in {mark.path: mark for mark in marks}.values():
        problems += _Template(mark, at(node, mark.path)[0], excerpts).problems(place)
    return problems


class _Template:
    """One template with its place in the file."""

    def __init__(self, mark: Mark, leaf: Node, excerpts: Excerpts) -> None:
        self._mark = mark
        self._leaf = leaf
        self._excerpts = excerpts

    def problems(self, place: Place | None) -> list[Problem]:
        try:
            if place is None:
                parse(self._mark.text)
                return []
            found = look(self._mark.text)
        except TemplateProblem as problem:
            return [_unparsed(problem.why, _line(self._leaf, problem.line, self._excerpts))]
        triggers = [*self._triggers(found, place)]
        parts = self._parts(found, place)
        return [*self._words(found, place), *self._town(found, place), *triggers, *parts]

    def _words(self, found: Findings, place: Place) -> Iterator[Problem]:
        """Names, filters, tests and arguments."""
        known = self._known(place)
        for name, line in found.names:
            if name not in known and name in NAMES | place.variables:
                what = said("%(name)s is not known here", name=shorten(name))
                hint = ONCE if self._at_load() else OF_TRIGGERS
                yield Problem(what, self._at(name, line), hint)
            elif name not in known:
                what = said("the template uses %(name)s, which is nowhere set", name=shorten(name))
                yield self._unknown(what, "function", name, line, known)
        for name, line in found.filters:
            what = said("there is no filter %(name)s", name=shorten(name))
            yield self._unknown(what, "filter", name, line, FILTERS)
        for name, line in found.tests:
            what = said("there is no test %(name)s", name=shorten(name))
            yield self._unknown(what, "test", name, line, TESTS)
        for name, line, why in found.arguments:
            yield Problem(
                said("%(name)s cannot be called like this: %(why)s", name=shorten(name), why=why),
                self._at(name, line),
            )

    def _known(self, place: Place) -> frozenset[str]:
        """The names that this template may use."""
        mark = self._mark
        if self._at_load():
            return place.for_triggers
        seen = SEEN.get((str(getattr(mark.owner, "word", "")), str(mark.path[-1])), frozenset())
        if self._of_trigger() and mark.path[mark.depth] != "variables":
            return NAMES | place.for_triggers | RUN | seen
        return NAMES | place.variables | seen

    def _at_load(self) -> bool:
        """Whether it is evaluated once, when the configuration is loaded."""
        mark = self._mark
        if mark.path[0] == "trigger_variables":
            return True
        return self._of_trigger() and mark.path[mark.depth] in AT_LOAD

    def _of_trigger(self) -> bool:
        """Whether it stands in a trigger of an automation, not in one that a run waits for."""
        return self._mark.path[0] == "triggers" and isinstance(
            self._mark.owner, Trigger | EntityTime
        )

    def _unknown(self, what: str, kind: str, name: str, line: int, known: Iterable[str]) -> Problem:
        if name in LEFT_OUT:
            what = said(LEFT_OUT_WORDS[kind], name=shorten(name))
            return Problem(what, self._at(name, line), LEFT_OUT[name])
        return Problem(what, self._at(name, line), close_match(name, known))

    def _town(self, found: Findings, place: Place) -> Iterator[Problem]:
        """Entities, domains and areas that are named as constants."""
        names, known = Names(place.known), place.known
        for entity_id, line in dict.fromkeys(found.entities):
            if entity_id not in known.entities and not known.in_doubt("entity", entity_id):
                yield names.unknown("entity", entity_id, self._at(entity_id, line))
        for domain, line in dict.fromkeys(found.domains):
            if domain not in known.domains and not known.doubtful:
                what = said("the town has no entity of the kind %(kind)s", kind=shorten(domain))
                yield Problem(what, self._at(domain, line), close_match(domain, known.domains))
        for area, line in dict.fromkeys(found.areas):
            spelled = {each.name for each in known.areas.values()}
            if area not in known.areas and area not in spelled:
                yield names.unknown("area", area, self._at(area, line))

    def _triggers(self, found: Findings, place: Place) -> Iterator[Problem]:
        if place.triggers is None:
            return
        for path, line in dict.fromkeys(found.trigger):
            wrong = place.triggers.wrong(path)
            if wrong is not None:
                what, hint = wrong
                shown = next(part for part in path if part in what.split("'")[1].split("."))
                yield Problem(what, self._at(shown, line), hint)

    def _parts(self, found: Findings, place: Place) -> Iterator[Problem]:
        for (name, part), line in dict.fromkeys(found.of_steps):
            if name in place.by_steps and part.isidentifier() and part not in PARTS[name]:
                hint = close_match(part, PARTS[name])
                yield Problem(
                    said("there is no %(name)s in %(block)s", name=shorten(part), block=name),
                    self._at(part, line),
                    hint or said("there are %(names)s", names=sorted(PARTS[name])),
                )

    def _at(self, word: str, line: int) -> Position:
        """Where the word stands in the file, if it is written there as it is."""
        return _word(self._leaf, word, line, self._excerpts)


def _unparsed(why: str, place: Position) -> Problem:
    for pattern, message in _MEANINGS:
        if re.search(pattern, why):
            return Problem(message, place)
    why = why[:1].lower() + why[1:].rstrip(".")
    return Problem(said("this is no template: %(why)s", why=why), place)


def trigger_variables_of(automation: Node) -> frozenset[str]:
    """The variables that the templates of its triggers see."""
    block = automation.child("trigger_variables")
    return frozenset(block.entries if block else ())


def variables_of(automation: Node) -> frozenset[str]:
    """The variables that an automation sets anywhere."""
    return RUN | _written(automation) | _by_steps(automation)


def set_by_steps(automation: Node) -> frozenset[str]:
    """The variables of an automation, or a script, that nobody sets but steps by themselves."""
    fields = automation.child("fields")
    return _by_steps(automation) - _written(automation) - set(fields.entries if fields else ())


def _written(block: Node) -> frozenset[str]:
    """Variables that are set by name."""
    found: set[str] = set()
    for key, entry in block.entries.items():
        if key in ("variables", "trigger_variables"):
            found |= set(entry.node.entries)
        elif key == "response_variable" and isinstance(entry.node.value, str):
            found.add(entry.node.value)
    return frozenset(found.union(*map(_written, _blocks(block))))


def _by_steps(block: Node) -> frozenset[str]:
    """Variables that steps set by themselves."""
    found = {SET_BY[key] for key in block.entries if key in SET_BY}
    return frozenset(found.union(*map(_by_steps, _blocks(block))))


def _blocks(block: Node) -> Iterator[Node]:
    nodes = (*(entry.node for entry in block.entries.values()), *block.items)
    return (node for node in nodes if node.is_block)


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


def _word(leaf: Node, name: str, line: int, excerpts: Excerpts) -> Position:
    """Where the name stands in the value, at the template's line or behind it if it does."""
    lines = excerpts.lines.get(leaf.position.file, ())
    wanted = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)|(?<=\.){re.escape(name)}(?!\w)")
    last = min(leaf.end[0], len(lines))
    first = min(leaf.position.line + line - 1, last)
    for number in (*range(first, last + 1), *range(leaf.position.line, first)):
        start = leaf.position.column - 1 if number == leaf.position.line else 0
        found = wanted.search(lines[number - 1], start)
        if found:
            return replace(leaf.position, line=number, column=found.start() + 1, length=len(name))
    return leaf.position
