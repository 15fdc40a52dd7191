"""What happened where cameras look: events of the cameras and their places, doors that opened,
sensors that saw something. The player marks them, and jumps from one to the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from hub.history.queries import EventRow, Query, StateRow
from hub.web.event_words import EventWords
from hub.web.render import PAGES
from hub.web.routes import Visit

MOST = 500
STATES = 200
"""So many changes of sensors are looked at for those that turned one on."""
QUIET = frozenset({"recording.finished", "recording.stopped", "recording.resumed"})
"""Events that tell of the archive itself."""
SENSOR = "binary_sensor"


@dataclass(frozen=True, slots=True)
class Happening:
    """A moment to jump to, in words. `incident`: the number of the one it belongs to."""

    at: datetime
    kind: str
    text: str
    source: str
    incident: int | None


class Happenings:
    """Looks for happenings around cameras."""

    def __init__(self, visit: Visit, cameras: Sequence[str]) -> None:
        self._visit = visit
        self._registry = visit.services.registry
        found = (self._registry.area_of(camera) for camera in cameras)
        self._areas = tuple(sorted({area.id for area in found if area is not None}))
        self._sensors = self._found_sensors()
        self._sources = (*cameras, *self._sensors)
        pages, language = visit.request.app[PAGES], visit.language
        self._words = pages.words(language)
        translations = visit.services.texts.translations(language)
        moment = partial(pages.moment, language)
        self._told = EventWords(translations, self._words, self._registry, moment)

    async def between(
        self, since: datetime, until: datetime, *, newest_first: bool = True, limit: int = MOST
    ) -> list[Happening]:
        """Those from `since` to `until`, in order of time; of very many the newest, or oldest."""
        if since >= until:
            return []
        history = self._visit.services.history
        ask = Query(since=since, until=until, newest_first=newest_first)
        types = tuple(one for one in await history.event_types() if one not in QUIET)
        ask_events = replace(ask, types=types, limit=limit)
        events: list[EventRow] = []
        if types:
            events += (await history.events(replace(ask_events, sources=self._sources))).rows
        if types and self._areas:
            events += (await history.events(replace(ask_events, areas=self._areas))).rows
        states: Sequence[StateRow] = ()
        if self._sensors:
            asked = replace(ask, sources=self._sensors, limit=max(STATES, limit))
            states = (await history.states(asked)).rows
        once = {row.id: row for row in events}.values()
        found = sorted([*map(self._event, once), *self._opened(states)], key=lambda one: one.at)
        return found[-limit:] if newest_first else found[:limit]

    def _found_sensors(self) -> tuple[str, ...]:
        """Sensors that are on or off, in the places that the cameras see."""
        return tuple(
            entity.entity_id
            for entity in self._registry.entities()
            if entity.domain == SENSOR and self._place(entity.entity_id) in self._areas
        )

    def _place(self, entity: str) -> str | None:
        area = self._registry.area_of(entity)
        return area.id if area is not None else None

    def _event(self, row: EventRow) -> Happening:
        incident = row.data.get("incident")
        number = incident if isinstance(incident, int) else None
        text = self._words.event(row.type)
        return Happening(row.at, row.type, text, self._told.source(row.source), number)

    def _opened(self, rows: Iterable[StateRow]) -> Iterable[Happening]:
        """Changes to on: an alarm's end is no moment to look at."""
        for row in rows:
            entity = self._registry.entity(row.entity_id)
            if row.value is True and not row.first and entity is not None:
                text = self._words.state(entity, row.state)
                yield Happening(row.at, "state", text, entity.name, None)
