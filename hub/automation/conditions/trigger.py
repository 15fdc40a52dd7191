"""Condition `trigger`: which of the triggers it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from hub.automation.conditions.base import Condition, Outcome
from hub.automation.fields import OneOrMany
from hub.automation.scope import Scope
from hub.model.references import Ref

TriggerId = Annotated[
    str, BeforeValidator(lambda value: str(value) if type(value) is int else value), Ref("trigger")
]


class TriggerCondition(Condition):
    """It was a trigger of one of these ids."""

    word: ClassVar[str] = "trigger"

    condition: Literal["trigger"]
    """`trigger`."""
    id: OneOrMany[TriggerId] = Field(min_length=1)
    """The trigger's `id`, or its place in the list (0 is the first); or several."""

    def evaluate(self, scope: Scope) -> Outcome:
        """Look at what triggered; nothing did where a person began the run."""
        trigger = scope.variables.get("trigger")
        found = trigger.get("id") if isinstance(trigger, Mapping) else None
        return Outcome(self.word, found in self.id, {"id": found})
