"""Step `delay`: wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hub.automation.fields import TemplateSpan
from hub.automation.steps.base import Step
from hub.automation.steps.spans import ends, seconds_left

if TYPE_CHECKING:
    from hub.automation.run import Run


class DelayStep(Step):
    """Wait. The moment when it ends is fixed when it begins, and is kept over a restart."""

    word: ClassVar[str] = "delay"

    delay: TemplateSpan
    """How long: `30s`, `00:02:00`, {minutes: 2}, or a template that gives such a text."""

    async def run(self, run: Run, path: str) -> None:
        """Wait until the moment that was fixed; a clock that is set meanwhile changes nothing."""
        kept = await run.decided(path, "ends", lambda: ends(self.delay, run.scope))
        run.note(until=kept["until"])
        if run.kept(path, "over") is None:
            await run.clock.sleep(seconds_left(kept, run.scope))
            await run.decided(path, "over", lambda: True)
