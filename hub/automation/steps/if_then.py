"""Step `if`: some steps where conditions pass, others where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from hub.automation.conditions import AnyCondition, evaluate_all
from hub.automation.fields import OneOrMany
from hub.automation.steps.base import Step

if TYPE_CHECKING:
    from hub.automation.run import Run
    from hub.automation.steps import AnyStep


class IfStep(Step):
    """Run some steps where conditions pass, others where they do not."""

    word: ClassVar[str] = "if"

    if_: OneOrMany[AnyCondition] = Field(alias="if")
    """All must pass for `then`."""
    then: OneOrMany[AnyStep]
    """The steps where they pass."""
    else_: OneOrMany[AnyStep] | None = Field(default=None, alias="else")
    """The steps where they do not."""

    async def run(self, run: Run, path: str) -> None:
        """Look, then run one of the two."""
        found = await run.decided(path, "found", lambda: self._look(run))
        run.note(**found)
        if found["passed"]:
            await run.sequence(self.then, f"{path}/then")
        elif self.else_ is not None:
            await run.sequence(self.else_, f"{path}/else")

    def _look(self, run: Run) -> dict[str, Any]:
        passed, outcomes = evaluate_all(self.if_, run.scope)
        return {"passed": passed, "conditions": [outcome.plain() for outcome in outcomes]}
