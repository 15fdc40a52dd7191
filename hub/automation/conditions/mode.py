"""Condition `mode`: the town is in a mode."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from hub.automation.conditions.base import Condition, Outcome
from hub.automation.fields import OneOrMany
from hub.automation.scope import Scope
from hub.model.references import ModeName


class ModeCondition(Condition):
    """The town is in one of these modes."""

    word: ClassVar[str] = "mode"

    condition: Literal["mode"]
    """`mode`."""
    mode: OneOrMany[ModeName] = Field(min_length=1)
    """The mode, by its name under `modes:`, or several of which one is enough."""

    def evaluate(self, scope: Scope) -> Outcome:
        """Look at the modes' entities, `mode.NAME`."""
        states = {name: scope.world.town.get(f"mode.{name}") for name in self.mode}
        seen = {name: None if state is None else state.text for name, state in states.items()}
        return Outcome(self.word, "on" in seen.values(), seen)
