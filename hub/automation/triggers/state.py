"""Trigger `state`: an entity's state changed."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from hub.automation.fields import EntityIds, OneOrMany, Span, StateText
from hub.automation.triggers.base import Detach, Site, Trigger
from hub.model.core_events import StateChanged
from hub.model.entity import State, spell
from hub.model.event import Event

_Texts = OneOrMany[StateText]


class StateTrigger(Trigger):
    """An entity's state changed.

    Without `from`, `to` and their kin any change fires, one of an attribute too; `to: null` fires
    on any change of the state itself.
    """

    word: ClassVar[str] = "state"

    trigger: Literal["state"]
    """`state`."""
    entity_id: EntityIds = Field(min_length=1)
    """The entity, or several."""
    from_: _Texts | None = Field(default=None, alias="from")
    """The state before was one of these."""
    to: _Texts | None = None
    """The state is one of these now."""
    not_from: _Texts | None = None
    """The state before was none of these."""
    not_to: _Texts | None = None
    """The state is none of these now."""
    attribute: str | None = None
    """Look at this attribute instead of the state."""
    for_: Span | None = Field(default=None, alias="for")
    """Fire when the new state has lasted so long."""

    @model_validator(mode="after")
    def _one_of_each(self) -> StateTrigger:
        if self.from_ is not None and self.not_from is not None:
            raise ValueError("'from' and 'not_from' exclude each other")
        if self.to is not None and self.not_to is not None:
            raise ValueError("'to' and 'not_to' exclude each other")
        return self

    def attach(self, site: Site) -> Detach:
        """Listen to the entities."""
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

    @property
    def any_change(self) -> bool:
        """Whether a change of an attribute alone fires too."""
        asked = {"from_", "to", "not_from", "not_to"} & self.model_fields_set
        return self.attribute is None and not asked

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
        )


class _Watch:
    """One trigger at work; holds the waits of `for`, one per entity."""

    def __init__(self, trigger: StateTrigger, site: Site) -> None:
        self._trigger = trigger
        self._site = site
        self._waits: dict[str, Any] = {}

    def handle(self, event: Event) -> None:
        if not isinstance(event, StateChanged):
            return
        old, new = self._trigger.value(event.old), self._trigger.value(event.new)
        if old == new and not (self._trigger.any_change and event.old is not None):
            return
        if old != new:
            self._cancel(event.entity_id)
        if not self._trigger.matches(old, new):
            return
        if self._trigger.for_ is None:
            self._fire(event)
        elif event.entity_id not in self._waits:
            self._waits[event.entity_id] = self._site.tasks.start(
                self._later(event, self._trigger.for_.total_seconds()), "wait for a state to last"
            )

    async def _later(self, event: StateChanged, seconds: float) -> None:
        await self._site.world.clock.sleep(seconds)
        self._waits.pop(event.entity_id, None)
        self._fire(event)

    def _fire(self, event: StateChanged) -> None:
        entity = self._site.world.town.entity(event.entity_id)
        self._site.fire(
            {
                "entity_id": event.entity_id,
                "area_id": event.area or (entity.area if entity else None),
                "from_state": state_data(event.old),
                "to_state": state_data(event.new),
                "for": self._trigger.for_,
                "attribute": self._trigger.attribute,
            },
            event,
        )

    def _cancel(self, entity_id: str) -> None:
        wait = self._waits.pop(entity_id, None)
        if wait is not None:
            wait.cancel()

    def close(self) -> None:
        for entity_id in list(self._waits):
            self._cancel(entity_id)


def state_data(state: State | None) -> dict[str, Any] | None:
    """What templates see of a state, in Home Assistant's words."""
    if state is None:
        return None
    return {
        "entity_id": state.entity_id,
        "state": state.text,
        "attributes": dict(state.attributes),
        "last_changed": state.changed_at,
        "last_updated": state.updated_at,
    }
