"""What every condition is, and what comes of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.automation.errors import SequenceEnds
from hub.automation.scope import Scope
from hub.automation.words import Word

if TYPE_CHECKING:
    from hub.automation.run import Run


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a condition found: `seen` holds the values that it looked at, for the trace."""

    kind: str
    passed: bool
    seen: Mapping[str, Any] = field(default_factory=dict)
    inner: tuple[Outcome, ...] = ()

    def plain(self) -> dict[str, Any]:
        """JSON-ready."""
        found: dict[str, Any] = {"condition": self.kind, "passed": self.passed}
        if self.seen:
            found["seen"] = dict(self.seen)
        if self.inner:
            found["inner"] = [outcome.plain() for outcome in self.inner]
        return found


class Condition(Word):
    """Base of all conditions; a condition may stand among the steps too."""

    continue_on_error: bool = False
    """Among steps: go on with the next one where this one fails."""

    def evaluate(self, scope: Scope) -> Outcome:
        """Look now. Raises TemplateProblem and the like where it cannot tell."""
        raise TypeError(f"{self.__class__.__name__} cannot be evaluated")

    async def run(self, run: Run, path: str) -> None:
        """As a step: where it is false, the steps after it in its list are left out."""
        found = await run.decided(path, "passed", lambda: self.evaluate(run.scope).plain())
        run.note(condition=found)
        if not found["passed"]:
            raise SequenceEnds


def evaluate_all(conditions: Sequence[Condition], scope: Scope) -> tuple[bool, list[Outcome]]:
    """Whether all that are enabled pass; looks no further than the first that does not."""
    outcomes: list[Outcome] = []
    for condition in conditions:
        if not condition.enabled:
            continue
        outcome = condition.evaluate(scope)
        outcomes.append(outcome)
        if not outcome.passed:
            return False, outcomes
    return True, outcomes
