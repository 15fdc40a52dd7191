"""Trigger `event`: something happened."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from hub.automation.fields import AreaIds, EntityIds, OneOrMany, TemplateData
from hub.automation.triggers.base import Detach, Site, Trigger
from hub.automation.triggers.seen import event_data
from hub.bus import Handler, field_of
from hub.model.event import Event
from hub.model.references import EventType


class EventTrigger(Trigger):
    """An event of one of these types, from these entities or areas, with this payload."""

    word: ClassVar[str] = "event"

    trigger: Literal["event"]
    """`event`."""
    event_type: OneOrMany[EventType] = Field(min_length=1)
    """The type, as in `panic_button.pressed`, or several; a template sees `trigger_variables`."""
    event_data: TemplateData = Field(default_factory=dict)
    """Fields of the payload and the values that they must have; a mapping in it names the fields
    that matter of a mapping there. Templates see `trigger_variables`, once, at load."""
    entity_id: EntityIds | None = Field(default=None, min_length=1)
    """Only events about one of these entities."""
    area_id: AreaIds | None = Field(default=None, min_length=1)
    """Only events in one of these areas."""

    def listen(self, site: Site) -> Detach:
        """Subscribe once for each combination, so that the bus finds it by its index."""
        data = site.limited(self.event_data)
        plain = {name: value for name, value in data.items() if _in_index(value)}
        rest = {name: value for name, value in data.items() if name not in plain}
        ends = [
            site.bus.subscribe(
                str(kind), _handler(site, rest), owner=site.owner, match=match, again=True
            )
            for kind in site.limited(self.event_type)
            for match in self._matches(plain)
        ]

        def detach() -> None:
            for end in ends:
                end()

        return detach

    def _matches(self, data: Mapping[str, Hashable]) -> Iterator[dict[str, Hashable]]:
        sources: list[dict[str, Hashable]] = [{"source": name} for name in self.entity_id or ()]
        areas: list[dict[str, Hashable]] = [{"area": name} for name in self.area_id or ()]
        for source, area in itertools.product(sources or [{}], areas or [{}]):
            yield {**source, **area, **data}


def _handler(site: Site, rest: Mapping[str, Any]) -> Handler:
    """Compares what the bus cannot."""

    def handle(event: Event) -> None:
        if all(_fits(value, field_of(event, name)) for name, value in rest.items()):
            site.fire(event_data(event), event)

    return handle


def _in_index(value: Any) -> bool:
    """Whether the bus can find it: no list and no mapping, nor a tuple that has one in it."""
    try:
        hash(value)
    except TypeError:
        return False
    return not isinstance(value, tuple)


def _fits(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return all(name in found and _fits(item, found[name]) for name, item in wanted.items())
    if isinstance(wanted, list | tuple) and isinstance(found, list | tuple):
        return list(wanted) == list(found)
    return bool(wanted == found)
