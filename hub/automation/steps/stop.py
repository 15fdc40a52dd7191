"""Step `stop`: end the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.automation.errors import RunStops
from hub.automation.steps.base import Step
from hub.model.references import TemplateText

if TYPE_CHECKING:
    from hub.automation.run import Run


class StopStep(Step):
    """End the run here."""

    word: ClassVar[str] = "stop"

    stop: TemplateText
    """Why; it appears in the trace."""
    error: bool = False
    """The run counts as failed."""

    async def run(self, run: Run, path: str) -> None:
        """End the run."""
        reason = await run.decided(path, "why", lambda: run.scope.text(self.stop))
        raise RunStops(reason, error=self.error)
