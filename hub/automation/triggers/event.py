"""Trigger `event`: something happened."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from hub.automation.fields import AreaIds, EntityIds, OneOrMany
from hub.automation.triggers.base import Detach, Site, Trigger
from hub.bus import field_of
from hub.model.event import Event, OtherEvent, to_plain
from hub.model.references import EventType


class EventTrigger(Trigger):
    """An event of one of these types, from these entities or areas, with this payload."""

    word: ClassVar[str] = "event"

    trigger: Literal["event"]
    """`event`."""
    event_type: OneOrMany[EventType] = Field(min_length=1)
    """The type, as in `panic_button.pressed`, or several."""
    event_data: dict[str, Any] = Field(default_factory=dict)
    """Fields of the payload and the values that they must have."""
    entity_id: EntityIds | None = Field(default=None, min_length=1)
    """Only events about one of these entities."""
    area_id: AreaIds | None = Field(default=None, min_length=1)
    """Only events in one of these areas."""

    def attach(self, site: Site) -> Detach:
        """Subscribe once for each combination, so that the bus finds it by its index."""
        ends = [
            site.bus.subscribe(kind, self._handler(site), owner=site.owner, match=match, again=True)
            for kind in self.event_type
            for match in self._matches()
        ]

        def detach() -> None:
            for end in ends:
                end()

        return detach

    def _matches(self) -> Iterator[dict[str, Hashable]]:
        data = {k: v for k, v in self.event_data.items() if isinstance(v, Hashable)}
        sources: list[dict[str, Hashable]] = [{"source": name} for name in self.entity_id or ()]
        areas: list[dict[str, Hashable]] = [{"area": name} for name in self.area_id or ()]
        for source, area in itertools.product(sources or [{}], areas or [{}]):
            yield {**source, **area, **data}

    def _handler(self, site: Site) -> Any:
        rest = {k: v for k, v in self.event_data.items() if not isinstance(v, Hashable)}

        def handle(event: Event) -> None:
            if all(field_of(event, name) == value for name, value in rest.items()):
                site.fire(event_data(event), event)

        return handle


def event_data(event: Event) -> dict[str, Any]:
    """What templates see of an event. `trigger.event` holds the envelope and the payload side by
    side, and, as in Home Assistant, `event_type` and `data`."""
    plain = to_plain(event)
    other = isinstance(event, OtherEvent)
    payload = plain["data"] if other else {name: plain[name] for name in event.payload}
    seen = {**payload, **plain, "event_type": event.type, "data": payload}
    entity_id = event.source if "." in event.source else None
    return {"event": seen, "entity_id": entity_id, "area_id": event.area}
