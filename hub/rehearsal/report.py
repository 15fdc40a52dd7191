"""What came of a rehearsal, for people to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.automation import trace_facts
from hub.automation.trace import Plain, Trace
from hub.config.render import render
from hub.config.words import count
from hub.model.core_events import IncidentChanged, IncidentOpened
from hub.model.problem import Problem
from hub.rehearsal.acts import Deed
from hub.rehearsal.compare import Difference, shown
from hub.rehearsal.judge import (
    Failed,
    Missing,
    Verdict,
    counts,
    in_time,
    traces_of,
)
from hub.rehearsal.model import Expected, ExpectedAction, ExpectedEvent, ExpectedMessage
from hub.rehearsal.stage import Happening
from hub.rehearsal.story import Scene
from hub.rehearsal.told import Told

MOST = 20  # lines of each list
STATES = {
    "false": "a condition was false",
    "refused": "refused",
    "failed": "failed",
    "stopped": "was stopped",
}


def report(verdict: Verdict) -> str:
    """All that is not as expected, each at its line of the story; a line where all is good."""
    return "".join(f"{line}\n" for line in _Report(verdict).lines())


def timeline(verdict: Verdict) -> str:
    """All that happened, in order."""
    zone = verdict.story.config.time_zone
    lines = [
        line(happening, zone, verdict)
        for happening in verdict.played.happened
        if counts(happening) or isinstance(happening, Told)
    ]
    return "".join(f"{each}\n" for each in lines)


class _Report:
    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self._story = verdict.story
        self._zone = verdict.story.config.time_zone

    def lines(self) -> Iterator[str]:
        verdict, name = self._verdict, self._story.path
        for failed in verdict.failed:
            yield from self._failed(failed)
            yield ""
        if verdict.played.left_out:
            yield f"{name}: too much happened; {verdict.played.left_out:,} more were not looked at"
        entries = count(len(self._story.scenes), "entry")
        if verdict.good:
            wanted = sum(len(scene.wanted) for scene in self._story.scenes)
            yield f"{name}: good: {entries}, {count(wanted, 'expectation')} met"
        else:
            number = sum(failed.number for failed in verdict.failed)
            yield f"{name}: {count(number, 'difference')}"

    def _failed(self, failed: Failed) -> Iterator[str]:
        if failed.impossible is not None:
            yield from self._at(Problem(failed.impossible, failed.scene.position))
        for missing in failed.missing:
            yield from self._at(Problem(self._what(missing), missing.wanted.position))
            yield from _differences(missing.differences)
        if failed.unexpected:
            number = count(len(failed.unexpected), "thing")
            message = f"{number} happened that should not"
            yield from self._at(Problem(message, failed.scene.position))
            yield from self._listed(failed.unexpected)
        if failed.missing or failed.impossible is not None:
            yield from self._happened(failed.scene)
        yield from self._rules(failed.scene)

    def _at(self, problem: Problem) -> Iterator[str]:
        yield from render([problem], self._story.excerpts).splitlines()

    def _what(self, missing: Missing) -> str:
        words = words_of(missing.wanted.expected)
        if missing.near is None and missing.differences:
            return "it was not so when the time of this entry ended"
        if missing.near is None:
            return f"{words} was expected, and did not happen"
        when = _time(missing.near.at, self._zone)
        if missing.why:
            return f"{words} happened at {when}, {missing.why}"
        return f"{words} was expected; what came closest, at {when}, differs"

    def _happened(self, scene: Scene) -> Iterator[str]:
        found = [
            happening
            for happening in self._verdict.played.happened
            if in_time(scene, happening.at) and (counts(happening) or isinstance(happening, Told))
        ]
        span = f"from {_time(scene.at, self._zone)} to {_time(scene.until, self._zone)}"
        if found:
            yield f"  happened {span}:"
            yield from self._listed(found)
        else:
            yield f"  nothing happened {span}"

    def _listed(self, happenings: Sequence[Happening]) -> Iterator[str]:
        yield from (f"    {line(each, self._zone, self._verdict)}" for each in happenings[:MOST])
        if len(happenings) > MOST:
            yield f"    and {len(happenings) - MOST} more"

    def _rules(self, scene: Scene) -> Iterator[str]:
        traces = traces_of(self._verdict, scene)
        if not traces:
            yield "  no automation was triggered in that time"
            return
        yield "  automations that were triggered in that time:"
        for trace in traces[:MOST]:
            yield from (f"    {each}" for each in explain(trace, self._zone))
        if len(traces) > MOST:
            yield f"    and {len(traces) - MOST} more"


def explain(trace: Trace, zone: ZoneInfo) -> Iterator[str]:
    """What came of a trigger, and why: conditions with the values that they saw, steps that
    failed."""
    plain = trace.plain()
    state = STATES.get(trace.state, "ran")
    place = f" ({plain['at']})" if plain["at"] else ""
    why = f": {plain['error']}" if plain["error"] else ""
    by = trace_facts.by_in_short(plain)
    yield f"{_time(trace.started_at, zone)}  {trace.automation}{place}, by {by}: {state}{why}"
    yield from _conditions(plain["conditions"], 1, plain)
    for step in plain["steps"]:
        said = step["error"] or step["seen"].get("passed_over")
        if said:
            yield f"  ✗ {_placed(step, plain)}{step['kind']}: {said}"
        found = step["seen"].get("condition")
        if isinstance(found, dict) and not found.get("passed", True):
            yield f"  ✗ {_placed(step, plain)}{step['kind']}: {_seen(found)}"


def _conditions(conditions: Sequence[Plain], depth: int, plain: Plain) -> Iterator[str]:
    for one in conditions:
        mark = "✓" if one["passed"] else "✗"
        seen = _seen(one)
        yield f"{'  ' * depth}{mark} {_placed(one, plain)}{one['kind']}{': ' if seen else ''}{seen}"
        yield from _conditions(one.get("inner", []), depth + 1, plain)


def _placed(part: Plain, plain: Plain) -> str:
    """Where a part of an automation stands, and its line."""
    if not part.get("at"):
        return ""
    text = plain["lines"].get(part["at"])
    return f"{part['at']}  {text}\n          " if text else f"{part['at']}  "


def _seen(plain: Plain) -> str:
    facts = trace_facts.of(plain.get("seen", {}))
    return ", ".join(f"{fact.name} {fact.value}" for fact in facts)


def _differences(differences: Sequence[Difference]) -> Iterator[str]:
    width = max((len(each.what) for each in differences), default=0)
    for each in differences:
        yield f"  {each.what:{width}}  expected {each.expected}"
        yield f"  {'':{width}}  happened {each.happened}"


def words_of(expected: Expected) -> str:
    """An expectation in a few words."""
    if isinstance(expected, ExpectedAction):
        return f"the action {expected.action}"
    if isinstance(expected, ExpectedMessage):
        to = f" to {expected.message.to}" if expected.message.to else ""
        return f"a message{to}"
    if isinstance(expected, ExpectedEvent):
        return f"the event {expected.event}"
    return "an incident"


def line(happening: Happening, zone: ZoneInfo, verdict: Verdict) -> str:
    """Something that happened, as one line."""
    return f"{_time(happening.at, zone)}  {_words(happening, verdict)}"


def _words(happening: Happening, verdict: Verdict) -> str:
    if isinstance(happening, Deed):
        call = happening.call
        to = f" of {', '.join(call.targets)}" if call.targets else ""
        values = happening.action.model_fields_set
        data = ", ".join(f"{key} {shown(getattr(happening.action, key))}" for key in sorted(values))
        by = f"  ({call.automation})" if call.automation else ""
        return f"action {happening.name}{to}{': ' if data else ''}{data}{by}"
    if isinstance(happening, Told):
        note = happening.note
        return f"{note.kind} to {note.to.name} by {happening.by}: {shown(note.text)}"
    event = happening.event
    if isinstance(event, IncidentOpened | IncidentChanged):
        incident = verdict.played.incidents.get(event.incident)
        if incident is not None:
            did = "opened" if isinstance(event, IncidentOpened) else "was joined"
            kind, severity = incident.kind, incident.severity.value
            return f"incident {event.incident} {did}: {kind}, {severity}, '{incident.title}'"
    data = ", ".join(f"{key} {shown(value)}" for key, value in event.payload.items())
    return f"event {event.type} of {event.source}{': ' if data else ''}{data}"


def _time(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%H:%M:%S}" if not local.microsecond else f"{local:%H:%M:%S.%f}"[:-3]
