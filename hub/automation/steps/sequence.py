"""Step `sequence`: steps as a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.automation.fields import OneOrMany
from hub.automation.steps.base import Step

if TYPE_CHECKING:
    from hub.automation.run import Run
    from hub.automation.steps import AnyStep


class SequenceStep(Step):
    """Steps as a group."""

    word: ClassVar[str] = "sequence"

    sequence: OneOrMany[AnyStep]
    """The steps."""

    async def run(self, run: Run, path: str) -> None:
        """Run them in order."""
        await run.sequence(self.sequence, f"{path}/sequence")
