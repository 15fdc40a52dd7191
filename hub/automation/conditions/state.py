"""Condition `state`: entities are in one of the given states, for a while where asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from hub.automation.conditions.base import Condition, Outcome
from hub.automation.fields import EntityIds, OneOrMany, StateText, TemplateSpan, no_truths, span_of
from hub.automation.scope import Scope
from hub.model.entity import State, spell


class StateCondition(Condition):
    """Entities are in one of the given states."""

    word: ClassVar[str] = "state"

    condition: Literal["state"]
    """`state`."""
    entity_id: EntityIds = Field(min_length=1)
    """The entity, or several: then all must match, unless `match: any`."""
    state: OneOrMany[StateText] = Field(min_length=1)
    """The state, or several of which one is enough."""
    attribute: str | None = None
    """Compare this attribute instead of the state."""
    for_: TemplateSpan | None = Field(default=None, alias="for")
    """The state has lasted at least so long."""
    match: Literal["all", "any"] = "all"
    """Whether all entities must match, or any."""

    @model_validator(mode="before")
    @classmethod
    def _states_are_text(cls, value: Any) -> Any:
        return no_truths(value, "state")

    def evaluate(self, scope: Scope) -> Outcome:
        """Look at the present states."""
        seen: dict[str, Any] = {}
        results = []
        span = None if self.for_ is None else span_of(self.for_, scope.render)
        since = None if span is None else scope.world.clock.now() - span
        for entity_id in self.entity_id:
            state = scope.world.town.get(entity_id)
            seen[entity_id] = self._value(state)
            results.append(self._matches(state, since))
        passed = all(results) if self.match == "all" else any(results)
        return Outcome("state", passed, seen)

    def _value(self, state: State | None) -> str | None:
        if state is None:
            return None
        if self.attribute is None:
            return state.text
        value = state.attributes.get(self.attribute)
        return spell(value) if self.attribute in state.attributes else None

    def _matches(self, state: State | None, since: datetime | None) -> bool:
        if state is None or self._value(state) not in self.state:
            return False
        return since is None or state.changed_at <= since
