"""What a recorded event says, in words: where it came from, and what it carries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from gettext import NullTranslations
from typing import Any

from hub.registry import Registry
from hub.web.words import N_, PEOPLE, PURGES, REASONS, STATUSES, WAYS, Words

LONGEST = 300
FACTS = {
    "added": N_("added"),
    "automation": N_("automation"),
    "by": N_("by whom"),
    "bytes": N_("bytes"),
    "cameras": N_("cameras"),
    "changed": N_("changed"),
    "complete": N_("complete"),
    "days": N_("days"),
    "dropped": N_("dropped"),
    "end": N_("end"),
    "file": N_("file"),
    "first": N_("first"),
    "kind": N_("kind"),
    "plugin": N_("plugin"),
    "problems": N_("problems"),
    "reason": N_("reason"),
    "removed": N_("removed"),
    "segments": N_("files"),
    "severity": N_("severity"),
    "start": N_("start"),
    "status": N_("status"),
    "stream": N_("stream"),
    "tier": N_("disk"),
    "to": N_("to"),
    "waiting": N_("waiting"),
    "way": N_("way"),
    "why": N_("why"),
}
"""What the hub's own events carry, by name; what a plugin's carry goes by its own names."""
ELSEWHERE = frozenset({"incident", "note", "recording", "run"})
"""The incident is a link of its own; the others are keys, of use to programs only."""
CHANGES = {"joined": N_("an event was added"), "media": N_("a picture or a recording was added")}
"""Changes of an incident that are no status of it."""


class EventWords:
    """One language, and the names of the town."""

    def __init__(
        self,
        translations: NullTranslations,
        words: Words,
        registry: Registry,
        moment: Callable[[datetime], str],
    ) -> None:
        self._gettext = translations.gettext
        self._words = words
        self._registry = registry
        self._moment = moment

    def source(self, source: str) -> str:
        """Who or what told of it: a name of the town, else a word of the hub."""
        if source in PEOPLE:
            return self._words.who(source)
        return self._words.way(source) if source in WAYS else self._registry.name_of(source)

    def facts(self, source: str, data: Mapping[str, Any]) -> str:
        """What it carries, in a line; not what its source says already."""
        line = ", ".join(self._each(source, data))
        return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"

    def _each(self, source: str, data: Mapping[str, Any]) -> Iterator[str]:
        for name, value in data.items():
            if name in ELSEWHERE or value is None or source in (value, f"{name}.{value}"):
                continue
            told = self._gettext(FACTS[name]) if name in FACTS else name
            yield f"{told}: {self._value(name, value)}"

    def _value(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return self._gettext(N_("yes")) if value else self._gettext(N_("no"))
        text = str(value)
        match name:
            case "kind":
                return self._words.kind(text)
            case "severity":
                return self._words.severity(text)
            case "status" if text in STATUSES:
                return self._words.status(text)
            case "status" if text in CHANGES:
                return self._gettext(CHANGES[text])
            case "reason" | "why" if text in REASONS:
                return self._words.reason(text)
            case "why" if text in PURGES:
                return self._words.purge(text)
            case "cameras" if isinstance(value, list | tuple):
                return ", ".join(self._registry.name_of(camera) for camera in value)
            case "by" | "to":
                return self._words.who(text)
            case "start" | "end":
                return self._when(text)
            case "automation":
                return self._registry.name_of(f"automation.{text}")
        return text

    def _when(self, text: str) -> str:
        try:
            return self._moment(datetime.fromisoformat(text))
        except ValueError:  # of a plugin, which means something else by the name
            return text
