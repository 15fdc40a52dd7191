"""Conditions `and`, `or`, `not`: of other conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from hub.automation.conditions.base import Condition, Outcome
from hub.automation.fields import OneOrMany
from hub.automation.scope import Scope

if TYPE_CHECKING:
    from hub.automation.conditions import AnyCondition


class _Logic(Condition):
    conditions: OneOrMany[AnyCondition] = Field(min_length=1)
    """The conditions that it joins."""

    def _outcomes(self, scope: Scope, until: bool | None) -> tuple[Outcome, ...]:
        """The outcomes in turn, as far as the first that is `until`."""
        found: list[Outcome] = []
        for condition in self.conditions:
            if not condition.enabled:
                continue
            found.append(condition.evaluate(scope))
            if found[-1].passed is until:
                break
        return tuple(found)


class AndCondition(_Logic):
    """All of them pass."""

    word: ClassVar[str] = "and"

    condition: Literal["and"]
    """`and`."""

    def evaluate(self, scope: Scope) -> Outcome:
        """Look as far as the first that does not pass."""
        inner = self._outcomes(scope, until=False)
        return Outcome("and", all(outcome.passed for outcome in inner), inner=inner)


class OrCondition(_Logic):
    """One of them passes."""

    word: ClassVar[str] = "or"

    condition: Literal["or"]
    """`or`."""

    def evaluate(self, scope: Scope) -> Outcome:
        """Look as far as the first that passes."""
        inner = self._outcomes(scope, until=True)
        return Outcome("or", any(outcome.passed for outcome in inner), inner=inner)


class NotCondition(_Logic):
    """None of them passes."""

    word: ClassVar[str] = "not"

    condition: Literal["not"]
    """`not`."""

    def evaluate(self, scope: Scope) -> Outcome:
        """Look as far as the first that passes."""
        inner = self._outcomes(scope, until=True)
        return Outcome("not", not any(outcome.passed for outcome in inner), inner=inner)
