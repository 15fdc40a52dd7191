"""Trigger `numeric_state`: a number crosses a limit."""

from __future__ import annotations

import logging
from typing import Any, ClassVar, Literal

from pydantic import Field

from hub.automation.fields import TemplateSpan, span_of
from hub.automation.numeric import NoNumber, NumericWord
from hub.automation.triggers.base import Detach, Site, Trigger
from hub.automation.triggers.holding import Holds
from hub.automation.triggers.seen import state_data
from hub.model.core_events import StateChanged
from hub.model.entity import State
from hub.model.event import Event
from hub.text.templates import TemplateProblem

log = logging.getLogger("hub.automation")


class NumericStateTrigger(NumericWord, Trigger):
    """A number comes to lie between the limits: above the one, below the other. It fires when the
    number comes in, and not again before it was out. A number that is not known (the sensor is
    unknown or unavailable) is neither in nor out, but ends the wait of `for`."""

    word: ClassVar[str] = "numeric_state"

    trigger: Literal["numeric_state"]
    """`numeric_state`."""
    for_: TemplateSpan | None = Field(default=None, alias="for")
    """Fire when it has lain there for so long; kept over a restart."""

    def listen(self, site: Site) -> Detach:
        """Listen to the entities; not to those of the limits."""
        watch = _Watch(self, site)
        ends = [
            site.bus.subscribe(
                StateChanged.type, watch.handle, owner=site.owner, match={"entity_id": entity_id}
            )
            for entity_id in self.entity_id
        ]

        def detach() -> None:
            for end in ends:
                end()
            watch.close()

        return detach


class _Watch:
    """One trigger at work. `_armed`: entities whose number was out since they fired last."""

    def __init__(self, trigger: NumericStateTrigger, site: Site) -> None:
        self._trigger = trigger
        self._site = site
        self._holds = Holds(site, trigger) if trigger.for_ is not None else None
        self._told: set[str] = set()
        states = {name: site.world.town.get(name) for name in trigger.entity_id}
        within = {name: self._within(name, state) for name, state in states.items()}
        self._armed = {name for name, inside in within.items() if not inside}
        if self._holds is not None:
            for name in list(self._holds.undecided):
                self._take_up(name, within.get(name))

    def handle(self, event: Event) -> None:
        if not isinstance(event, StateChanged):
            return
        name = event.entity_id
        inside = self._within(name, event.new)
        if self._take_up(name, inside):
            return
        if inside is None:
            self._lose(name)
        elif not inside:
            self._armed.add(name)
            if self._holds is not None:
                self._holds.drop(name)
        elif name in self._armed:
            self._armed.discard(name)
            self._begin(event)

    def _take_up(self, name: str, inside: bool | None) -> bool:
        """Go on with a wait from before a restart, where there is one and the number lies right."""
        goes_on = self._holds is not None and self._holds.decide(name, inside)
        if goes_on:
            self._armed.discard(name)
        return goes_on

    def _lose(self, name: str) -> None:
        """The number is not known any more: a wait ends, and begins anew when it is back."""
        if self._holds is not None and self._holds.data(name) is not None:
            self._holds.drop(name)
            self._armed.add(name)

    def _begin(self, event: StateChanged) -> None:
        data = self._data(event)
        if self._holds is None or self._trigger.for_ is None:
            self._site.fire(data, event)
            return
        try:
            data["for"] = span_of(self._trigger.for_, self._site.seeing(trigger=data).render)
        except (TemplateProblem, ValueError) as error:
            log.warning("%s: 'for' of its trigger 'numeric_state': %s", self._site.owner, error)
            return
        self._holds.begin(event.entity_id, data["for"], data, event)

    def _within(self, name: str, state: State | None) -> bool | None:
        trigger = self._trigger
        scope = self._site.scope
        try:
            if trigger.value_template is not None:
                scope = self._site.seeing(
                    state=state_data(state), trigger={"platform": trigger.word, "entity_id": name}
                )
            inside = trigger.within(trigger.number(state, scope), scope)
        except (NoNumber, TemplateProblem) as error:
            if name not in self._told:
                log.warning("%s: its trigger 'numeric_state': %s", self._site.owner, error)
            self._told.add(name)
            return None
        self._told.discard(name)
        return inside

    def _data(self, event: StateChanged) -> dict[str, Any]:
        entity = self._site.world.town.entity(event.entity_id)
        return {
            "entity_id": event.entity_id,
            "area_id": event.area or (entity.area if entity else None),
            "above": self._trigger.above,
            "below": self._trigger.below,
            "attribute": self._trigger.attribute,
            "from_state": state_data(event.old, entity),
            "to_state": state_data(event.new, entity),
            "for": None,
        }

    def close(self) -> None:
        if self._holds is not None:
            self._holds.close()
