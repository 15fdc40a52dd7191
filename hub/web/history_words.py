"""Words of the history's pages: what a band was, how long something lasted."""

from __future__ import annotations

from datetime import timedelta

from babel.dates import format_timedelta

from hub.clock import Clock
from hub.model.entity import Entity, State
from hub.web.render import LOCALES, PAGES
from hub.web.routes import Visit
from hub.web.words import N_

MANY = N_("many changes")
GAP = N_("the hub did not run")
_VALUES = {"on": True, "off": False, "unknown": None}


class HistoryWords:
    """In one visitor's language."""

    def __init__(self, visit: Visit) -> None:
        self._words = visit.request.app[PAGES].words(visit.language)
        translations = visit.services.texts.translations(visit.language)
        self._gettext = translations.gettext
        self._locale = LOCALES[visit.language]
        self._clock: Clock = visit.services.clock

    def band(self, entity: Entity | None, state: str | None, changes: int) -> str:
        """What an entity was in a band; `changes` of it were too short to be drawn."""
        if changes > 1:
            return self._gettext(MANY)
        if state is None:
            return self._gettext(GAP)
        if entity is None:
            return state
        now = self._clock.now()
        known = State(
            entity_id=entity.entity_id, value=_VALUES.get(state, state),
            available=state != "unavailable", changed_at=now, updated_at=now,
        )  # fmt: skip
        return self._words.state(entity, known)

    def length(self, length: timedelta) -> str:
        """About how long, in the largest unit that says something."""
        return format_timedelta(length, threshold=1.5, format="short", locale=self._locale)

    def number(self, value: float | None) -> str:
        return "–" if value is None else self._words.number(value)
