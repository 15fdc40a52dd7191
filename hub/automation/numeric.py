"""Numbers of states, and the limits that they are compared with."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from hub.automation.fields import EntityIds
from hub.automation.scope import Scope
from hub.automation.words import Word
from hub.model.entity import State
from hub.model.references import EntityId, TemplateText
from hub.model.said import said

NO_STATE = (None, "unknown", "unavailable")


class NoNumber(ValueError):
    """A value that should be a number is something else; the message says which."""


def _read_limit(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(said("a number is wanted here, or an entity whose state is one"))
    try:
        number = float(value)
    except (TypeError, ValueError):
        return value
    if not math.isfinite(number):
        raise ValueError(said("a finite number is wanted here"))
    return number


Limit = Annotated[float | EntityId, BeforeValidator(_read_limit)]
"""A number, or the entity whose state is the number."""


class NumericWord(Word):
    """What the trigger and the condition `numeric_state` have in common."""

    entity_id: EntityIds = Field(min_length=1)
    """The entity, or several."""
    above: Limit | None = None
    """More than this number, or than this entity's state."""
    below: Limit | None = None
    """Less than this number, or than this entity's state."""
    attribute: str | None = None
    """Look at this attribute instead of the state."""
    value_template: TemplateText | None = None
    """Look at what this gives; it sees the state as `state`, as in `{{ state.attributes.x }}`."""

    @model_validator(mode="after")
    def _possible(self) -> NumericWord:
        if self.above is None and self.below is None:
            raise ValueError(said("needs 'above' or 'below'"))
        numbers = isinstance(self.above, float) and isinstance(self.below, float)
        if numbers and self.above >= self.below:  # type: ignore[operator]
            raise ValueError(said("no number is above the one and below the other: swap them"))
        return self

    def number(self, state: State | None, scope: Scope) -> float | None:
        """The number to compare; None where there is none now. `scope` knows `state`. Raises
        NoNumber, TemplateProblem."""
        if state is None or not state.available:
            return None
        value: Any = state.value
        if self.value_template is not None:
            value = scope.render(self.value_template)
        elif self.attribute is not None:
            value = state.attributes.get(self.attribute)
        return as_number(value, f"'{state.entity_id}'")

    def within(self, number: float | None, scope: Scope) -> bool | None:
        """Whether a number is between the limits; None where it, or a limit, is not known now.
        Raises NoNumber where the state of a limit's entity is something else."""
        above, below = self._limit(self.above, scope), self._limit(self.below, scope)
        if number is None or (self.above is not None and above is None):
            return None
        if self.below is not None and below is None:
            return None
        return (above is None or number > above) and (below is None or number < below)

    @staticmethod
    def _limit(limit: float | str | None, scope: Scope) -> float | None:
        if not isinstance(limit, str):
            return limit
        state = scope.world.town.get(limit)
        return as_number(None if state is None or not state.available else state.value, limit)


def as_number(value: Any, what: str) -> float | None:
    """A value as a number, None for unknown and unavailable. Raises NoNumber."""
    if value in NO_STATE:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise NoNumber(f"{what} gives '{str(value)[:60]}', which is no number") from None
    if not math.isfinite(number):
        raise NoNumber(f"{what} gives '{number}', which is no number to compare")
    return number
