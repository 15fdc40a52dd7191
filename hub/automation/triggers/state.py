"""Trigger `state`: an entity's state changed."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from hub.automation.fields import EntityIds, OneOrMany, StateText, TemplateSpan, no_truths, span_of
from hub.automation.triggers.base import Detach, Site, Trigger
from hub.automation.triggers.holding import Holds
from hub.automation.triggers.seen import state_data
from hub.model.core_events import StateChanged
from hub.model.entity import State, spell
from hub.model.event import Event
from hub.model.said import said
from hub.text.templates import TemplateProblem

log = logging.getLogger("hub.automation")

NO_STATE = ("unknown", "unavailable")

_Texts = OneOrMany[StateText]


class StateTrigger(Trigger):
    """An entity's state changed.

    Without `from`, `to` and their kin any change fires, one of an attribute too; `to: null` fires
    on any change of the state itself. Without the key `to`, a change to unknown or unavailable
    does not fire.
    """

    word: ClassVar[str] = "state"

    trigger: Literal["state"]
    """`state`."""
    entity_id: EntityIds = Field(min_length=1)
    """The entity, or several."""
    from_: _Texts | None = Field(default=None, alias="from")
    """The state before was one of these."""
    to: _Texts | None = None
    """The state is one of these now; null for any, unknown and unavailable included."""
    not_from: _Texts | None = None
    """The state before was none of these."""
    not_to: _Texts | None = None
    """The state is none of these now."""
    attribute: str | None = None
    """Look at this attribute instead of the state."""
    for_: TemplateSpan | None = Field(default=None, alias="for")
    """Fire when the new state has lasted so long; kept over a restart."""

    @model_validator(mode="before")
    @classmethod
    def _states_are_text(cls, value: Any) -> Any:
        return no_truths(value, "from", "to", "not_from", "not_to")

    @model_validator(mode="after")
    def _one_of_each(self) -> StateTrigger:
        if self.from_ is not None and self.not_from is not None:
            raise ValueError(said("'from' and 'not_from' exclude each other"))
        if self.to is not None and self.not_to is not None:
            raise ValueError(said("'to' and 'not_to' exclude each other"))
        return self

    def listen(self, site: Site) -> Detach:
        """Listen to the entities."""
        watch = _Watch(self, site)
        ends = [
            site.bus.subscribe(
                StateChanged.type, watch.handle, owner=site.owner, match={"entity_id": entity_id}
            )
            for entity_id in self.entity_id
        ]
        watch.resume()

        def detach() -> None:
            for end in ends:
                end()
            watch.close()

        return detach

    @cached_property
    def any_change(self) -> bool:
        """Whether a change of an attribute alone fires too."""
        asked = {"from_", "to", "not_from", "not_to"} & self.model_fields_set
        return self.attribute is None and not asked and self.for_ is None

    def value(self, state: State | None) -> str | None:
        """What is compared: the state's text, or the attribute's."""
        if state is None:
            return None
        if self.attribute is None:
            return state.text
        value = state.attributes.get(self.attribute)
        return None if value is None else spell(value)

    def matches(self, old: str | None, new: str | None) -> bool:
        """Whether a change from `old` to `new` is one of those asked for."""
        return (
            (self.from_ is None or old in self.from_)
            and (self.to is None or new in self.to)
            and (self.not_from is None or old not in self.not_from)
            and (self.not_to is None or new not in self.not_to)
            and (self._asks_for_new or not self.nothing(new))
        )

    @cached_property
    def _asks_for_new(self) -> bool:
        return "to" in self.model_fields_set

    def nothing(self, value: str | None) -> bool:
        """Whether a value is none: unknown or unavailable, or an attribute that is not there."""
        return value is None or (self.attribute is None and value in NO_STATE)

    def lasts(self, old: str | None, new: str | None, now: str | None) -> bool:
        """Whether a wait that began with a change from `old` to `new` goes on. With `from` alone
        it does for as long as the state is not back, otherwise for as long as it is the same."""
        if self.from_ is not None and self.to is None:
            return now != old
        return now == new


class _Watch:
    """One trigger at work."""

    def __init__(self, trigger: StateTrigger, site: Site) -> None:
        self._trigger = trigger
        self._site = site
        self._holds = Holds(site, trigger) if trigger.for_ is not None else None

    def handle(self, event: Event) -> None:
        if not isinstance(event, StateChanged):
            return
        trigger = self._trigger
        old, new = trigger.value(event.old), trigger.value(event.new)
        if self._goes_on(event.entity_id, new):
            return
        if old == new and not (trigger.any_change and event.old is not None):
            return
        if not trigger.matches(old, new):
            return
        data = self._data(event)
        if self._holds is None:
            self._site.fire(data, event)
        else:
            self._hold(event, data)

    def _hold(self, event: StateChanged, data: dict[str, Any]) -> None:
        if self._holds is None or self._trigger.for_ is None:
            return
        try:
            data["for"] = span_of(self._trigger.for_, self._site.seeing(trigger=data).render)
        except (TemplateProblem, ValueError) as error:
            log.warning("%s: 'for' of its trigger 'state': %s", self._site.owner, error)
            return
        self._holds.begin(event.entity_id, data["for"], data, event)

    def resume(self) -> None:
        """Take up the waits from before a restart, as far as the states are known."""
        if self._holds is not None:
            for entity_id in list(self._holds.undecided):
                state = self._site.world.town.get(entity_id)
                self._goes_on(entity_id, self._trigger.value(state))

    def _goes_on(self, entity_id: str, now: str | None) -> bool:
        """Whether a wait for this entity goes on; one that does not is dropped."""
        if self._holds is None:
            return False
        kept = self._holds.undecided.get(entity_id)
        if kept is not None:
            known = not self._trigger.nothing(now) or now in (self._trigger.to or ())
            lasts = self._lasts(kept.data, now) if known else None
            return self._holds.decide(entity_id, lasts)
        data = self._holds.data(entity_id)
        if data is None:
            return False
        if self._lasts(data, now):
            return True
        self._holds.drop(entity_id)
        return False

    def _lasts(self, data: Any, now: str | None) -> bool:
        old, new = (self._spelled(data[name]) for name in ("from_state", "to_state"))
        return self._trigger.lasts(old, new, now)

    def _spelled(self, state: dict[str, Any] | None) -> str | None:
        if state is None or self._trigger.attribute is None:
            return None if state is None else str(state["state"])
        value = state["attributes"].get(self._trigger.attribute)
        return None if value is None else spell(value)

    def _data(self, event: StateChanged) -> dict[str, Any]:
        entity = self._site.world.town.entity(event.entity_id)
        return {
            "entity_id": event.entity_id,
            "area_id": event.area or (entity.area if entity else None),
            "from_state": state_data(event.old, entity),
            "to_state": state_data(event.new, entity),
            "for": None,
            "attribute": self._trigger.attribute,
        }

    def close(self) -> None:
        if self._holds is not None:
            self._holds.close()
