"""Words of the pages about automations: states of runs, kinds of steps, names of the town."""

from __future__ import annotations

from collections.abc import Callable
from gettext import NullTranslations

from hub.automation.in_words import Speech
from hub.automation.trace_facts import By
from hub.model.entity import State
from hub.registry import Registry
from hub.text.translations import Texts
from hub.web.words import N_, Words

RUN_STATES = {
    "running": N_("under way"),
    "finished": N_("done"),
    "failed": N_("failed"),
    "stopped": N_("stopped"),
    "refused": N_("refused"),
    "false": N_("conditions did not pass"),
    "interrupted": N_("interrupted"),
}
KINDS = {
    "action": N_("action"),
    "choose": N_("choice"),
    "delay": N_("pause"),
    "event": N_("event"),
    "if": N_("fork"),
    "parallel": N_("several at once"),
    "repeat": N_("repetition"),
    "sequence": N_("group of steps"),
    "stop": N_("end of the run"),
    "variables": N_("variables"),
    "wait_for_trigger": N_("wait for a trigger"),
    "wait_template": N_("wait for a template"),
    "and": N_("all of these"),
    "mode": N_("mode of the town"),
    "not": N_("none of these"),
    "numeric_state": N_("a number"),
    "or": N_("at least one of these"),
    "state": N_("a state"),
    "sun": N_("the sun"),
    "template": N_("a template"),
    "time": N_("the time"),
    "trigger": N_("what triggered it"),
    "hub": N_("the hub"),
    "mqtt": "MQTT",
    "time_pattern": N_("the time"),
    "webhook": N_("a webhook"),
}
"""Kinds of steps, conditions and triggers."""
BAD = frozenset({"failed", "interrupted"})
GOOD = frozenset({"finished"})


class AutomationWords:
    """One language."""

    def __init__(self, translations: NullTranslations) -> None:
        self._gettext = translations.gettext

    def state(self, state: str) -> str:
        return self._gettext(RUN_STATES[state]) if state in RUN_STATES else state

    def kind(self, kind: str) -> str:
        return self._gettext(KINDS[kind]) if kind in KINDS else kind

    def tone(self, state: str) -> str:
        """How a state looks: good, bad, or neither."""
        return "good" if state in GOOD else "bad" if state in BAD else "plain"


class TownNames:
    """What people call things, by the registry. It fills the describer's `Names`."""

    def __init__(self, registry: Registry, words: Words) -> None:
        self._registry = registry
        self._words = words

    def entity(self, entity_id: str) -> str:
        """Its name; its id where it has gone."""
        return self._registry.name_of(entity_id)

    def area(self, area_id: str) -> str:
        """A place's name."""
        area = self._registry.area(area_id)
        return area.name if area is not None else area_id

    def event(self, event_type: str) -> str:
        """What happened, in words; an unknown type as it is written."""
        told = self._words.event(event_type)
        return event_type if told == event_type.replace("_", " ") else told

    def state(self, entity_id: str, state: str) -> str:
        """`open` for a door that is on."""
        entity, present = self._registry.entity(entity_id), self._registry.get(entity_id)
        if entity is None or present is None:
            return state
        value = {"on": True, "off": False}.get(state)
        if value is None or entity.domain == "automation":
            return state
        at = present.changed_at
        return self._words.state(
            entity, State(entity_id=entity_id, value=value, changed_at=at, updated_at=at)
        )


def told_by(speech: Speech, by: By) -> str:
    """What triggered a run, in words."""
    if by.alias is not None:
        return by.alias
    _ = speech.gettext
    if by.event_type is not None:
        what: str | None = speech.names.event(by.event_type)
    elif by.kind is None:
        what = _("by hand, or by an action")
    else:
        what = None if by.about is not None else _(KINDS.get(by.kind, by.kind))
    about = speech.names.entity(by.about) if by.about is not None else None
    return ": ".join(part for part in (what, about) if part)


def speech_of(
    texts: Texts, language: str, registry: Registry, *, scrub: Callable[[str], str]
) -> Speech:
    """The describer's words in one language, with the names of the town."""
    translations = texts.translations(language)
    return Speech(translations, language, TownNames(registry, Words(translations)), scrub)
