"""What a kept trace says, as lines that people read: for the command line and the pages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.automation.trace import Plain

NOTHING: tuple[Any, ...] = (None, [], {})
OUTCOMES = ("condition", "conditions", "options", "until", "while")
LONGEST = 300  # characters of one fact
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?[+-]\d\d:\d\d")
BY_ITSELF = ("platform", "id", "idx", "alias", "entity_id", "area_id", "from_state", "to_state")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was seen: a name and a value; `before` where a value has changed."""

    name: str
    value: str
    before: str | None = None


def seconds(plain: Plain) -> float | None:
    """How long a run took; None while it goes on."""
    if plain["ended_at"] is None:
        return None
    began = datetime.fromisoformat(plain["started_at"])
    return (datetime.fromisoformat(plain["ended_at"]) - began).total_seconds()


@dataclass(frozen=True, slots=True)
class By:
    """What triggered a run: the trigger's own alias, its kind (None: a person or another
    automation), the type of the event, and the entity or the place that it was about."""

    alias: str | None
    kind: str | None
    event_type: str | None
    about: str | None


def by(plain: Plain) -> By:
    """What triggered it."""
    seen = plain["trigger"]["seen"]
    event = seen.get("event")
    found = (
        seen.get("alias"),
        seen.get("platform"),
        event.get("event_type") if isinstance(event, Mapping) else None,
        seen.get("entity_id") or seen.get("area_id"),
    )
    return By(*(None if each is None else str(each) for each in found))


def by_in_short(plain: Plain) -> str:
    """The same in a few words."""
    found = by(plain)
    words = (found.event_type or found.kind or "by hand", found.about)
    return found.alias or " ".join(word for word in words if word)


def of_trigger(plain: Plain) -> list[Fact]:
    """What the trigger saw: the state before and after, the event's payload."""
    seen = plain["trigger"]["seen"]
    found = [Fact(name, spelled(seen[name])) for name in ("entity_id", "area_id") if seen.get(name)]
    before, after = seen.get("from_state"), seen.get("to_state")
    if isinstance(after, Mapping):
        was = before.get("state") if isinstance(before, Mapping) else None
        found.append(Fact("state", spelled(after.get("state")), spelled(was)))
    event = seen.get("event")
    if isinstance(event, Mapping):
        found.append(Fact("event_type", spelled(event.get("event_type"))))
        data = event.get("data")
        found += of(data if isinstance(data, Mapping) else {})
    rest = {key: value for key, value in seen.items() if key not in (*BY_ITSELF, "event")}
    return found + of({key: value for key, value in rest.items() if value is not None})


def of(seen: Mapping[str, Any]) -> list[Fact]:
    """Values by name, as far as there are any. A value under `before` beside one under `after` is
    one fact."""
    if set(seen) >= {"before", "after"}:
        rest = {key: value for key, value in seen.items() if key not in ("before", "after")}
        return [Fact("value", spelled(seen["after"]), spelled(seen["before"])), *of(rest)]
    told = ((str(name), value) for name, value in seen.items() if value not in NOTHING)
    return [
        Fact(name, _outcomes(value) if name in OUTCOMES else spelled(value)) for name, value in told
    ]


def outcomes(value: Any) -> list[Mapping[str, Any]]:
    """The conditions that a step looked at, from what its trace holds of them: one, several, or
    those of a loop (`{passed, conditions}`); empty for anything else."""
    if isinstance(value, Mapping) and isinstance(value.get("conditions"), list):
        value = value["conditions"]
    one_or_many = value if isinstance(value, list) else [value]
    fit = all(
        isinstance(one, Mapping) and {"condition", "passed"} <= set(one) for one in one_or_many
    )
    return one_or_many if fit else []


def _outcomes(value: Any) -> str:
    """Conditions that a step looked at: `✓ state (sensor.river: 3.4), ✗ time`."""
    if isinstance(value, list) and value and all(_is_option(one) for one in value):
        return "; ".join(f"{one['option'] + 1}: {_outcomes(one)}" for one in value)
    found = outcomes(value)
    return ", ".join(map(_outcome, found)) if found else spelled(value)


def _is_option(one: Any) -> bool:
    return isinstance(one, Mapping) and isinstance(one.get("option"), int)


def _outcome(one: Mapping[str, Any]) -> str:
    seen = [f"{name}: {spelled(value)}" for name, value in (one.get("seen") or {}).items()]
    within = [*seen, *(_outcome(each) for each in one.get("inner") or [])]
    told = f"{'✓' if one['passed'] else '✗'} {one.get('condition')}"
    return f"{told} ({', '.join(within)})" if within else told


def spelled(value: Any) -> str:
    """A value on one line: text as it is, anything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def moment(value: Any) -> datetime | None:
    """An instant that a trace holds as text, as in `2026-01-05T12:00:00+00:00`; None for anything
    else."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def depth(path: str) -> int:
    """How deep in the steps a step stands: `2/then/1` is one below `2`."""
    return sum(part.isdecimal() for part in path.split("/")) - 1
