"""What an alarm is called, and where it is, in words for people."""

from __future__ import annotations

from hub.alarms.outbox import Place
from hub.model.event import Event
from hub.model.incident import Incident
from hub.registry import Registry


class Wording:
    """Finds names and places in the registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def describe(self, event: Event) -> str:
        """One line for an incident that was given no title: the name of what it is about."""
        name = self._registry.name_of(event.source)
        area = self._registry.area(event.area or "")
        return name if area is None or area.name in name else f"{name}, {area.name}"

    def place(self, incident: Incident) -> Place:
        area = self._registry.area(incident.area or "")
        if incident.source is None:
            return Place(area.name if area else None)
        return Place(
            area_name=area.name if area else None,
            source_name=self._registry.name_of(incident.source),
            location=self._registry.location_of(incident.source),
        )
