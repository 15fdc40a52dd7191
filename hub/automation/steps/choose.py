"""Step `choose`: the first of several options whose conditions pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hub.automation.conditions import AnyCondition, evaluate_all
from hub.automation.fields import OneOrMany
from hub.automation.steps.base import Step
from hub.automation.words import Word

if TYPE_CHECKING:
    from hub.automation.run import Run
    from hub.automation.steps import AnyStep

LOOKED_AT = 20
"""Of so many options the trace tells what their conditions saw: of the last ones that were looked
at, among which is the one that was taken."""


class Option(Word):
    """One option of `choose`."""

    conditions: OneOrMany[AnyCondition]
    """All must pass for this option to be taken."""
    sequence: OneOrMany[AnyStep]
    """The steps of this option."""


class ChooseStep(Step):
    """Take the first option whose conditions pass."""

    word: ClassVar[str] = "choose"

    choose: OneOrMany[Option]
    """The options, looked at in order."""
    default: OneOrMany[AnyStep] | None = None
    """The steps where no option is taken."""

    async def run(self, run: Run, path: str) -> None:
        """Choose, then run the option's steps."""
        choice = await run.decided(path, "chose", lambda: self._choose(run))
        run.note(**choice)
        taken = choice["option"]
        if taken is not None:
            await run.sequence(self.choose[taken].sequence, f"{path}/choose/{taken}/sequence")
        elif self.default is not None:
            await run.sequence(self.default, f"{path}/default")

    def _choose(self, run: Run) -> dict[str, Any]:
        """Which option is taken, None for none; and what those saw that were looked at."""
        looked: list[dict[str, Any]] = []
        for index, option in enumerate(self.choose):
            if not option.enabled:
                continue
            passed, outcomes = evaluate_all(option.conditions, run.scope)
            found = [outcome.plain() for outcome in outcomes]
            looked.append({"option": index, "passed": passed, "conditions": found})
            if passed:
                return {"option": index, "options": looked[-LOOKED_AT:]}
        return {"option": None, "options": looked[-LOOKED_AT:]}
