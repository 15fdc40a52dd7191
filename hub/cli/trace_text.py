"""A trace as text: one line in a list, or the whole run as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.automation import trace_facts
from hub.automation.trace import Plain
from hub.automation.trace_facts import Fact

STATES = {
    "running": "under way when it was last written",
    "finished": "finished",
    "failed": "failed",
    "stopped": "stopped",
    "refused": "refused",
    "false": "conditions false",
    "interrupted": "interrupted",
}
MARKS = {True: "✓", False: "✗"}


def line(plain: Plain, zone: ZoneInfo, *, named: bool, letters: int = 8) -> str:
    """One line: the end of the run's name, when, what became of it, and what triggered it."""
    parts = [plain["run"][-letters:], _moment(plain, zone)]
    if named:
        parts.append(f"{plain['automation']:24}")
    state = "nearly: " * plain["nearly"] + STATES.get(plain["state"], plain["state"])
    parts.append(f"{state:24} {_took(trace_facts.seconds(plain)):>9}")
    parts.append(trace_facts.by_in_short(plain))
    if plain["error"]:
        parts.append(f"({plain['error']})")
    return "  ".join(parts).rstrip()


def whole(plain: Plain, zone: ZoneInfo) -> str:
    """The whole run: what triggered it, what each condition and step saw, and where it stands."""
    return "".join(f"{text.rstrip()}\n" for text in _whole(plain, zone))


def _whole(plain: Plain, zone: ZoneInfo) -> Iterator[str]:
    state = STATES.get(plain["state"], plain["state"])
    took = trace_facts.seconds(plain)
    yield f"{plain['automation']}, run {plain['run']}"
    after = f" after {_took(took)}" if took else ""
    yield f"{_moment(plain, zone)}  {'nearly: ' * plain['nearly']}{state}{after}"
    yield from _notes(plain)
    yield ""
    trigger = plain["trigger"]
    yield _headed(f"trigger: {trace_facts.by_in_short(plain)}", trigger["at"], plain)
    yield from _facts(trace_facts.of_trigger(plain), 1, zone)
    if plain["conditions"]:
        yield "conditions:"
        yield from _conditions(plain["conditions"], 1, plain, zone)
    if plain["steps"]:
        yield "steps:"
    for step in plain["steps"]:
        yield from _step(step, plain, zone)
    if plain["steps_left_out"]:
        yield f"  … and {plain['steps_left_out']:,} more steps"


def _notes(plain: Plain) -> Iterator[str]:
    if plain["error"]:
        yield f"  why: {plain['error']}"
    if plain["durable"]:
        yield "  by a durable event" + (", resumed after a crash" if plain["resumed"] else "")
    if plain["incident"] is not None:
        yield f"  incident {plain['incident']}"
    if plain["at"]:
        yield f"  {plain['at']}"


def _conditions(
    conditions: list[dict[str, Any]], depth: int, plain: Plain, zone: ZoneInfo
) -> Iterator[str]:
    for one in conditions:
        head = f"{'  ' * depth}{MARKS[one['passed']]} {one['kind']}"
        yield _headed(head, one["at"], plain)
        yield from _facts(trace_facts.of(one["seen"]), depth + 1, zone)
        yield from _conditions(one.get("inner", []), depth + 1, plain, zone)


def _step(step: dict[str, Any], plain: Plain, zone: ZoneInfo) -> Iterator[str]:
    depth = 1 + trace_facts.depth(step["path"])
    name = f" “{step['alias']}”" if step["alias"] else ""
    took = _took(step["seconds"]) if step["seconds"] is not None else "not ended"
    yield _headed(f"{'  ' * depth}{step['path']} {step['kind']}{name}  {took}", step["at"], plain)
    yield from _facts(trace_facts.of(step["seen"]), depth + 1, zone)
    if step["error"]:
        yield f"{'  ' * (depth + 1)}✗ {step['error']}"


def _headed(head: str, at: str | None, plain: Plain) -> str:
    if at is None:
        return head
    text = plain["lines"].get(at)
    return f"{head:44}  {at}" + (f"  | {text}" if text else "")


def _facts(facts: Iterable[Fact], depth: int, zone: ZoneInfo) -> Iterator[str]:
    for fact in facts:
        before = "" if fact.before is None else f"{fact.before} → "
        at = trace_facts.moment(fact.value)
        value = fact.value if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        yield f"{'  ' * depth}{fact.name}: {before}{value}"


def _moment(plain: Plain, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(plain['started_at']).astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _took(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
