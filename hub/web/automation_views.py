"""What the pages about automations show, ready for the templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.automation import trace_facts
from hub.automation.in_words import Account
from hub.automation.trace import Plain
from hub.automation.trace_facts import By
from hub.automation.trace_rows import Latest
from hub.web.run_words import Look, RunWords, Told, as_json


@dataclass(frozen=True, slots=True)
class Row:
    """One automation in the list, or a script: `on` is None, and nothing but a step starts it."""

    id: str
    name: str
    when: str
    on: bool | None
    latest: Latest


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """A line of the configuration; `text` is None where it may not be shown."""

    number: int
    text: str | None


@dataclass(frozen=True, slots=True)
class Whole:
    """One automation, or a script (which has no switch): `on` is None. `absent` are the entities
    that it names and that the town does not have now."""

    id: str
    name: str
    description: str | None
    on: bool | None
    account: Account
    file: str | None
    lines: tuple[ConfigLine, ...]
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list."""

    run: str
    at: datetime
    state: str
    seconds: float | None
    by: str
    error: str | None
    incident: int | None


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop on a run's path: a condition or a step. `tone` is good, bad, false or open; `raw` is
    all that its trace holds, as JSON, empty where words have said the same."""

    kind: str
    name: str | None
    tone: str
    depth: int
    seconds: float | None
    facts: tuple[Told, ...]
    looks: tuple[Look, ...]
    raw: str
    error: str | None
    at: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class RunView:
    """A run, whole."""

    line: RunLine
    nearly: bool
    durable: bool
    resumed: bool
    trigger: Stop
    conditions: tuple[Stop, ...]
    steps: tuple[Stop, ...]
    left_out: int


def run_line(plain: Plain, tell: Callable[[By], str], words: RunWords) -> RunLine:
    """A kept trace as a line; `tell` says in words what triggered it."""
    return RunLine(
        run=plain["run"],
        at=datetime.fromisoformat(plain["started_at"]),
        state=plain["state"],
        seconds=None if plain["nearly"] else trace_facts.seconds(plain),
        by=tell(trace_facts.by(plain)),
        error=words.why(plain["error"]),
        incident=plain["incident"],
    )


def run_view(plain: Plain, tell: Callable[[By], str], words: RunWords) -> RunView:
    """A kept trace as a path; `tell` says in words what triggered it."""
    trigger = plain["trigger"]
    return RunView(
        line=run_line(plain, tell, words),
        nearly=plain["nearly"],
        durable=plain["durable"],
        resumed=plain["resumed"],
        trigger=Stop(
            kind="trigger",
            name=tell(trace_facts.by(plain)),
            tone="good",
            depth=0,
            seconds=None,
            facts=words.trigger(trigger["seen"]),
            looks=(),
            raw=_raw(trigger["seen"]),
            error=None,
            at=trigger["at"],
            text=plain["lines"].get(trigger["at"]),
        ),
        conditions=tuple(_conditions(plain["conditions"], 0, plain, words)),
        steps=tuple(_step(step, plain, words) for step in plain["steps"]),
        left_out=plain["steps_left_out"],
    )


def _raw(seen: dict[str, Any]) -> str:
    says_more = any(isinstance(value, dict | list) for value in seen.values())
    return as_json(seen) if says_more else ""


def _conditions(
    conditions: list[dict[str, Any]], depth: int, plain: Plain, words: RunWords
) -> Iterable[Stop]:
    for one in conditions:
        yield Stop(
            kind=one["kind"],
            name=None,
            tone="good" if one["passed"] else "false",
            depth=depth,
            seconds=None,
            facts=words.condition(one["kind"], one["seen"]),
            looks=(),
            raw=as_json(one["seen"]) if one["seen"] else "",
            error=None,
            at=one["at"],
            text=plain["lines"].get(one["at"]),
        )
        yield from _conditions(one.get("inner", []), depth + 1, plain, words)


def _step(step: dict[str, Any], plain: Plain, words: RunWords) -> Stop:
    seen = dict(step["seen"])
    action = seen.pop("action", None)
    return Stop(
        kind=step["kind"],
        name=step["alias"] or (words.action(action) if action else None),
        tone=_tone(step),
        depth=trace_facts.depth(step["path"]),
        seconds=step["seconds"],
        facts=words.step(step["kind"], seen),
        looks=words.looks(step["kind"], seen),
        raw=_raw(step["seen"]),
        error=words.why(step["error"]),
        at=step["at"],
        text=plain["lines"].get(step["at"]),
    )


def _tone(step: dict[str, Any]) -> str:
    if step["error"]:
        return "bad"
    if step["seconds"] is None:
        return "open"
    condition = step["seen"].get("condition")
    passed = condition.get("passed") if isinstance(condition, dict) else None
    return "false" if passed is False or "passed_over" in step["seen"] else "good"
