"""What templates see as `trigger`, by the kinds of the triggers of an automation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.automation.triggers import Trigger, TriggerGroup, flat
from hub.automation.triggers.event import EventTrigger
from hub.config.words import close_match, shorten
from hub.model.event import ENVELOPE
from hub.model.said import said

COMMON = frozenset({"platform", "id", "idx", "alias"})
_STATES = frozenset({"entity_id", "area_id", "from_state", "to_state", "for"})
_OF_STATE = frozenset({"entity_id", "name", "state", "attributes", "last_changed", "last_updated"})
_OF_EVENT = frozenset({*ENVELOPE, "type", "event_type", "data"})

GIVEN: Mapping[str, frozenset[str]] = {
    "event": frozenset({"event", "entity_id", "area_id"}),
    "hub": frozenset({"event"}),
    "mqtt": frozenset({"topic", "payload", "payload_json", "qos"}),
    "numeric_state": _STATES | {"above", "below", "attribute"},
    "state": _STATES | {"attribute"},
    "sun": frozenset({"event", "offset"}),
    "template": _STATES,
    "time": frozenset({"now", "entity_id"}),
    "time_pattern": frozenset({"now"}),
    "webhook": frozenset({"webhook_id", "method", "json", "data", "query"}),
}
"""What each kind of trigger gives beside COMMON."""

SEEN: Mapping[tuple[str, str], frozenset[str]] = {
    ("numeric_state", "value_template"): frozenset({"state"}),
    ("mqtt", "value_template"): frozenset({"value", "value_json"}),
}
"""What templates of one place see beside the variables, by the word and the key."""


@dataclass(frozen=True, slots=True)
class Triggers:
    """The triggers of an automation, as far as its templates depend on them. `payloads`: the
    fields of the types of event whose fields are known."""

    given: frozenset[str]
    event_types: frozenset[str]
    payloads: Mapping[str, frozenset[str]]

    def wrong(self, path: tuple[str, ...]) -> tuple[str, str | None] | None:
        """What is wrong with a path below `trigger`, and what may be meant; None if nothing is."""
        name = path[0]
        if name not in self.given:
            what = said("the triggers here give no 'trigger.%(name)s'", name=name)
            return what, self._hint(name, self.given)
        if len(path) == 1:
            return None
        if name in ("from_state", "to_state"):
            return self._part(f"trigger.{name}", path[1], _OF_STATE)
        if name == "event" and self.event_types:
            return self._event(path[1:])
        return None

    def _event(self, path: tuple[str, ...]) -> tuple[str, str | None] | None:
        if any(each not in self.payloads for each in self.event_types):
            return None  # an automation's own event may hold anything
        payload = frozenset[str]().union(*(self.payloads[each] for each in self.event_types))
        if path[0] == "data":
            return self._part("trigger.event.data", path[1], payload) if len(path) > 1 else None
        return self._part("trigger.event", path[0], payload | _OF_EVENT)

    def _part(self, of: str, name: str, known: frozenset[str]) -> tuple[str, str | None] | None:
        if name in known or not name.isidentifier():
            return None
        what = said("there is no %(name)s in %(block)s", name=shorten(name), block=of)
        return what, self._hint(name, known)

    @staticmethod
    def _hint(name: str, known: frozenset[str]) -> str | None:
        hint = close_match(name, known)
        return hint or (said("there are %(names)s", names=sorted(known)) if known else None)


def ids(triggers: Iterable[Trigger | TriggerGroup]) -> frozenset[str]:
    """What `trigger.id` may be: each trigger's own, else its place in the list."""
    each = enumerate(flat(triggers))
    return frozenset(one.id if one.id is not None else str(index) for index, one in each)


def of(
    triggers: Iterable[Trigger | TriggerGroup], payloads: Mapping[str, frozenset[str]]
) -> Triggers:
    """What the triggers of an automation give."""
    each = flat(triggers)
    types = [kind for one in each if isinstance(one, EventTrigger) for kind in one.event_type]
    other = any(one.word in ("hub", "sun") for one in each)  # there `trigger.event` is a word
    return Triggers(
        COMMON.union(*(GIVEN[one.word] for one in each)),
        frozenset() if other else frozenset(types),
        payloads,
    )
