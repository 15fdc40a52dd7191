"""Condition `numeric_state`: numbers lie between limits."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from hub.automation.conditions.base import Condition, Outcome
from hub.automation.numeric import NoNumber, NumericWord
from hub.automation.scope import Scope
from hub.automation.triggers.seen import state_data
from hub.model.entity import State


class NumericStateCondition(NumericWord, Condition):
    """The numbers of all these entities lie above the one limit and below the other. A number
    that is not known lies nowhere."""

    word: ClassVar[str] = "numeric_state"

    condition: Literal["numeric_state"]
    """`numeric_state`."""

    def evaluate(self, scope: Scope) -> Outcome:
        """Look at the present states."""
        seen: dict[str, Any] = {}
        passed = True
        for entity_id in self.entity_id:
            seen[entity_id], inside = self._look(scope, scope.world.town.get(entity_id))
            passed = passed and inside
        for name, limit in (("above", self.above), ("below", self.below)):
            if isinstance(limit, str):
                state = scope.world.town.get(limit)
                seen[name] = None if state is None else state.text
        return Outcome(self.word, passed, seen)

    def _look(self, scope: Scope, state: State | None) -> tuple[Any, bool]:
        """What is seen of one entity, and whether it passes."""
        try:
            inner = scope
            if self.value_template is not None:
                inner = Scope(scope.world, {**scope.variables, "state": state_data(state)})
            number = self.number(state, inner)
            if number is None:
                return None if state is None else state.text, False
            return number, bool(self.within(number, scope))
        except NoNumber as error:
            return str(error), False
