"""Trigger `template`: a template becomes true."""

from __future__ import annotations

import logging
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from hub.automation.fields import TemplateSpan, span_of
from hub.automation.scope import truth
from hub.automation.triggers.base import Detach, Site, Trigger
from hub.automation.triggers.holding import Holds
from hub.automation.triggers.seen import state_data
from hub.automation.watching import Tracked
from hub.model.core_events import StateChanged
from hub.model.event import Event
from hub.model.references import TemplateText, is_template
from hub.model.said import said
from hub.text.templates import TemplateProblem

log = logging.getLogger("hub.automation")

DECIDED_WITHIN_S = 300.0  # a wait from before a restart whose template stays false is dropped then


class TemplateTrigger(Trigger):
    """A template turns from false to true. It is looked at when something that it read has
    changed, and each minute where it asks for the time; one that is true from the start must
    first turn false. An error counts as neither."""

    word: ClassVar[str] = "template"

    trigger: Literal["template"]
    """`template`."""
    value_template: TemplateText
    """True for: true, yes, on, enable, and numbers other than 0."""
    for_: TemplateSpan | None = Field(default=None, alias="for")
    """Fire when it has been true for so long; kept over a restart."""

    @field_validator("value_template")
    @classmethod
    def _is_one(cls, text: str) -> str:
        if not is_template(text):
            raise ValueError(said("not a template: write '{{ ... }}'"))
        return text

    def listen(self, site: Site) -> Detach:
        """Keep its value up to date."""
        return _Watch(self, site).close


class _Watch:
    """One trigger at work. `_armed`: the template was false since it fired last."""

    def __init__(self, trigger: TemplateTrigger, site: Site) -> None:
        self._trigger = trigger
        self._site = site
        self._holds = Holds(site, trigger) if trigger.for_ is not None else None
        self._tracked = Tracked(
            trigger.value_template,
            site.scope,
            bus=site.bus,
            tasks=site.tasks,
            owner=site.owner,
            changed=self._changed,
        )
        first = self._tracked.start()
        self._armed = self._tracked.problem is None and not truth(first)
        self._undecided = None
        if self._holds is not None and self._holds.undecided:
            self._decide(truth(first))
            work = self._give_up()
            self._undecided = site.tasks.start(work, f"template of {site.owner} after a restart")

    def _decide(self, true: bool) -> bool:
        """Take up the wait from before a restart where the template is true."""
        goes_on = self._holds is not None and self._holds.decide("", true or None)
        if goes_on:
            self._armed = False
        return goes_on

    async def _give_up(self) -> None:
        await self._site.world.clock.sleep(DECIDED_WITHIN_S)
        if self._holds is not None:
            self._holds.decide("", False)

    def _changed(self, value: Any, event: Event | None) -> None:
        if self._tracked.problem is not None:
            return
        if not truth(value):
            self._armed = True
            if self._holds is not None:
                self._holds.drop("")
        elif not self._decide(True) and self._armed:
            self._armed = False
            self._begin(event)

    def _begin(self, event: Event | None) -> None:
        data = self._data(event)
        if self._holds is None or self._trigger.for_ is None:
            self._site.fire(data, event)
            return
        try:
            data["for"] = span_of(self._trigger.for_, self._site.seeing(trigger=data).render)
        except (TemplateProblem, ValueError) as error:
            log.warning("%s: 'for' of its trigger 'template': %s", self._site.owner, error)
            return
        self._holds.begin("", data["for"], data, event)

    def _data(self, event: Event | None) -> dict[str, Any]:
        data: dict[str, Any] = {"entity_id": None, "from_state": None, "to_state": None}
        if isinstance(event, StateChanged):
            entity = self._site.world.town.entity(event.entity_id)
            data = {
                "entity_id": event.entity_id,
                "area_id": event.area,
                "from_state": state_data(event.old, entity),
                "to_state": state_data(event.new, entity),
            }
        return {**data, "for": None}

    def close(self) -> None:
        self._tracked.close()
        if self._undecided is not None:
            self._undecided.cancel()
        if self._holds is not None:
            self._holds.close()
