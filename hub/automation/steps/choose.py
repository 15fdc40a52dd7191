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
        for index, option in enumerate(self.choose):
            if option.enabled and evaluate_all(option.conditions, run.scope)[0]:
                return {"option": index}
        return {"option": None}
