"""Step `stop`: end the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.automation.errors import RunStops, StepFailed
from hub.automation.steps.base import Step
from hub.model.references import TemplateText

if TYPE_CHECKING:
    from hub.automation.run import Run


class StopStep(Step):
    """End the run here; in a script, end the script."""

    word: ClassVar[str] = "stop"

    stop: TemplateText | None
    """Why; it appears in the trace."""
    error: bool = False
    """The run counts as failed; whoever called the script fails with it."""
    response_variable: str | None = None
    """The variable whose value a script answers to whoever called it."""

    async def run(self, run: Run, path: str) -> None:
        """End the run."""
        reason = await run.decided(path, "why", lambda: run.scope.text(self.stop or ""))
        response = None
        if self.response_variable is not None:
            if self.response_variable not in run.scope.variables:
                raise StepFailed(f"the variable '{self.response_variable}' is not set")
            response = run.scope.variables[self.response_variable]
            run.note(response=response)
        raise RunStops(reason, error=self.error, response=response)
