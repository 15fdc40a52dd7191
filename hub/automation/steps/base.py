"""What every step is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.automation.words import Word

if TYPE_CHECKING:
    from hub.automation.run import Run


class Step(Word):
    """Base of all steps."""

    continue_on_error: bool = False
    """Go on with the next step where this one fails."""

    async def run(self, run: Run, path: str) -> None:
        """Do it. `path` names the step within the automation, as in `2/then/1`.

        What is decided here must pass through `run.decided`, so that a run that is resumed after
        a crash goes on by what was decided before it. Raises StepFailed.
        """
        raise TypeError(f"{self.__class__.__name__} cannot be run")
