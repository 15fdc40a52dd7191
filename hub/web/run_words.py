"""What a run's trigger, conditions and steps saw, in the words of operators."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.automation.in_words import Speech
from hub.automation.in_words.steps import ACTIONS, DATA, VALUES
from hub.automation.trace_facts import LONGEST, moment, outcomes, spelled
from hub.registry import Registry
from hub.web.run_names import FACTS, REASONS
from hub.web.words import N_, Words

NOTHING: tuple[Any, ...] = (None, "", [], {})
DEEPEST = 3  # levels of lists and mappings that are told in words; below them stands JSON
MOST = 50  # items of one list or mapping
EARLIER, LATER = N_("%(span)s before the time was up"), N_("the time was up")
OF_EVENT = ("source", "area", "observed_at", "received_at")
OWN = frozenset({"answer", "item", "json", "payload_json", "query", "response", "variables"})
"""What is in these goes by the names that people, plugins or peers gave it."""
OF_TRIGGER = frozenset(
    {
        "platform",
        "id",
        "idx",
        "alias",
        "entity_id",
        "area_id",
        "attribute",
        "from_state",
        "to_state",
    }
)
"""What is told of a trigger by other words, or stands at its line."""
PAIRS = {"before": "after"}
"""Where both stand beside each other they are one fact: what it was, and what it became."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something that was seen: a name and its value in words; `was` where it has changed, `inner`
    where the value is several things by name."""

    name: str
    value: str = ""
    was: str | None = None
    inner: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """A condition that a step looked at; one with `head` gathers those of an option."""

    kind: str
    passed: bool
    seen: tuple[Told, ...] = ()
    inner: tuple[Look, ...] = ()
    head: str | None = None


class RunWords:
    """One language, and the names of the town. `at` spells a moment in the town's time."""

    def __init__(
        self, speech: Speech, words: Words, registry: Registry, at: Callable[[datetime], str]
    ) -> None:
        self._ = speech.gettext
        self._speech = speech
        self._words = words
        self._registry = registry
        self._at = at

    def why(self, text: str | None) -> str | None:
        """Why a run or a step failed, ended, or was refused; what the hub has no words for stands
        as it is."""
        return self._(text) if text in REASONS else text

    def action(self, name: str) -> str:
        """The name of an action in words; one of a plugin goes by its own."""
        return self._(ACTIONS[name]) if name in ACTIONS else name

    # what was seen

    def trigger(self, seen: Mapping[str, Any]) -> tuple[Told, ...]:
        """What stood in a trigger: the entity and what became of it, the event and its payload."""
        return tuple(self._trigger(seen))

    def _trigger(self, seen: Mapping[str, Any]) -> Iterator[Told]:
        entity, event = seen.get("entity_id"), seen.get("event")
        if entity:
            yield self._fact("entity_id", entity)
        yield from self._became(seen, str(entity or ""))
        if isinstance(event, Mapping):
            yield self._fact("event_type", event.get("event_type"))
            for name in OF_EVENT:
                if event.get(name) not in (*NOTHING, entity):
                    yield self._fact(name, event[name])
            data = event.get("data")
            yield from self._each(data if isinstance(data, Mapping) else {})
        elif seen.get("area_id"):
            yield self._fact("area_id", seen["area_id"])
        told = OF_TRIGGER | ({"event"} if isinstance(event, Mapping) else set())
        yield from self._each({name: value for name, value in seen.items() if name not in told})

    def _became(self, seen: Mapping[str, Any], entity: str) -> Iterator[Told]:
        after, before = seen.get("to_state"), seen.get("from_state")
        if not isinstance(after, Mapping):
            return
        if attribute := seen.get("attribute"):
            was, now = (_attribute_of(one, str(attribute)) for one in (before, after))
            yield Told(str(attribute), self._value("", now), self._value("", was))
            return
        was = before.get("state") if isinstance(before, Mapping) else None
        yield Told(
            self._name("state"),
            self.state(entity, after.get("state")),
            None if was is None else self.state(entity, was),
        )

    def condition(self, kind: str, seen: Mapping[str, Any]) -> tuple[Told, ...]:
        """What a condition saw: entities with their states, the time, what a template gave."""
        if kind == "mode":
            return tuple(
                Told(self._registry.name_of(f"mode.{name}"), self.state(f"mode.{name}", value))
                for name, value in seen.items()
            )
        return tuple(self._each(seen))

    def step(self, kind: str, seen: Mapping[str, Any]) -> tuple[Told, ...]:
        """What a step saw and did, without the conditions that it looked at."""
        return tuple(self._step(kind, seen))

    def _step(self, kind: str, seen: Mapping[str, Any]) -> Iterator[Told]:
        rest = {name: value for name, value in seen.items() if not _is_look(name, value)}
        if kind == "choose" and "option" in rest:
            yield Told(self._name("option"), self._option(rest.pop("option")))
        if kind == "if" and "passed" in rest:
            yield self._fact("passed", rest.pop("passed"))
        if kind == "event":
            rest.pop("event", None)  # its number: of use to programs only
        wait = rest.pop("wait", None)
        yield from self._each(rest)
        if isinstance(wait, Mapping):
            yield Told(self._name("wait"), self._came(wait))
            if isinstance(wait.get("trigger"), Mapping):
                yield Told(self._name("trigger"), inner=self.trigger(wait["trigger"]))

    def _option(self, option: Any) -> str:
        return self._("none of them") if option is None else str(int(option) + 1)

    def _came(self, wait: Mapping[str, Any]) -> str:
        if not wait.get("completed"):
            return self._(LATER)
        left = wait.get("remaining")
        if left is None:
            return self._("it happened")
        return self._(EARLIER) % {"span": self._speech.span(f"{round(float(left), 1)}s")}

    def looks(self, kind: str, seen: Mapping[str, Any]) -> tuple[Look, ...]:
        """The conditions that a step looked at, each with what it saw."""
        found: list[Look] = []
        for name, value in seen.items():
            if name == "options" and isinstance(value, list):
                found += (self._option_looked_at(one) for one in value if isinstance(one, Mapping))
            elif _is_look(name, value):
                found += self._looks(outcomes(value))
        return tuple(found)

    def _option_looked_at(self, option: Mapping[str, Any]) -> Look:
        head = self._("option %(number)s") % {"number": self._option(option.get("option"))}
        inner = self._looks(outcomes(option))
        return Look("option", bool(option.get("passed")), inner=inner, head=head)

    def _looks(self, found: list[Mapping[str, Any]]) -> tuple[Look, ...]:
        return tuple(
            Look(
                str(one["condition"]),
                bool(one["passed"]),
                self.condition(str(one["condition"]), one.get("seen") or {}),
                self._looks(outcomes(one.get("inner") or [])),
            )
            for one in found
        )

    # values

    def state(self, entity_id: str, value: Any) -> str:
        """A state of an entity as people read it: `open`, `3.4 m`."""
        entity = self._registry.entity(entity_id)
        if entity is None or value is None:
            return self._value("", value)
        number = _number(value)
        if entity.unit and number is not None:
            return f"{self._words.number(number)}\u00a0{self._words.unit(entity.unit)}"
        return self._speech.names.state(entity_id, str(value))

    def _each(
        self, seen: Mapping[str, Any], depth: int = 0, *, own: bool = False
    ) -> Iterator[Told]:
        for name, value in list(seen.items())[:MOST]:
            if value in NOTHING or (name in PAIRS and PAIRS[name] in seen):
                continue
            before = next((one for one, other in PAIRS.items() if other == name), None)
            was = seen.get(before) if before else None
            yield self._fact(str(name), value, depth, was, own=own)

    def _fact(
        self, name: str, value: Any, depth: int = 0, was: Any = None, *, own: bool = False
    ) -> Told:
        told = name if own else self._name(name)
        before = None if was is None else self._value(name, was)
        if isinstance(value, Mapping) and depth < DEEPEST:
            within = own or name in OWN
            return Told(told, inner=tuple(self._each(value, depth + 1, own=within)))
        if self._registry.entity(name) is not None:
            return Told(told, self.state(name, value), before)
        return Told(told, self._value(name, value), before)

    def _name(self, name: str) -> str:
        if self._registry.entity(name) is not None:
            return self._registry.name_of(name)
        words = FACTS.get(name) or DATA.get(name)
        return self._(words) if words else name

    def _value(self, name: str, value: Any) -> str:
        if value is None:
            return "–"
        if isinstance(value, bool):
            return self._speech.value(value)
        if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
            return ", ".join(self._value(name, one) for one in value[:MOST])
        at = moment(value)
        if at is not None:
            return self._at(at)
        return self._text(name, value) if isinstance(value, str) else spelled(value)

    def _text(self, name: str, text: str) -> str:
        if name in ("area", "area_id"):
            return self._speech.names.area(text)
        if name == "event_type":
            return self._speech.names.event(text)
        if name == "kind":
            return self._words.kind(text)
        if name in VALUES and text in VALUES[name]:
            return self._(VALUES[name][text])
        if name in ("for", "offset", "timeout"):
            return self._speech.span(text)
        if text in REASONS:
            return self._(text)
        return self._registry.name_of(text) if len(text) <= LONGEST else spelled(text)


def as_json(seen: Any) -> str:
    """What a trace holds of it, for who wants to see just that."""
    return json.dumps(seen, ensure_ascii=False, indent=2, default=str)


def _is_look(name: str, value: Any) -> bool:
    """Whether it is conditions that were looked at."""
    if name == "options":
        return isinstance(value, list)
    return name in ("condition", "conditions", "until", "while") and not isinstance(value, str)


def _attribute_of(state: Any, name: str) -> Any:
    attributes = state.get("attributes") if isinstance(state, Mapping) else None
    return attributes.get(name) if isinstance(attributes, Mapping) else None


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
