"""Step `parallel`: several things at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from hub.automation.errors import SequenceEnds
from hub.automation.fields import OneOrMany
from hub.automation.steps.base import Step

if TYPE_CHECKING:
    from hub.automation.run import Run, Runnable
    from hub.automation.steps import AnyStep

OWN = "wait"
"""The variable that each branch keeps to itself, as in Home Assistant."""


def _branches(value: Any) -> Any:
    """A branch may be a bare list of steps."""
    if not isinstance(value, list):
        return value
    return [{"sequence": item} if isinstance(item, list) else item for item in value]


class ParallelStep(Step):
    """Do several things at once, and go on when all have ended.

    One that fails does not end the others; when they have ended, the failure of the first in the
    list counts. A false condition ends its branch.
    """

    word: ClassVar[str] = "parallel"

    parallel: Annotated[OneOrMany[AnyStep], BeforeValidator(_branches)] = Field(min_length=1)
    """The branches: single steps, and `sequence` for several in a row."""

    async def run(self, run: Run, path: str) -> None:
        """Run all branches. Each sees the variables as they were when it began; what it sets is
        seen by the steps after, where two set the same the later one in the list wins."""
        before, incident = dict(run.scope.variables), run.incident
        branches = [
            (run.inner(before), step, f"{path}/parallel/{index}")
            for index, step in enumerate(self.parallel)
            if step.enabled
        ]
        ended = await asyncio.gather(
            *(_branch(branch, step, place) for branch, step, place in branches),
            return_exceptions=True,
        )
        for branch, _, _ in branches:
            for name, value in branch.scope.variables.items():
                if name != OWN and (name not in before or before[name] is not value):
                    run.scope.variables[name] = value
            if branch.incident != incident:
                run.incident = branch.incident
        for outcome in ended:
            if outcome is not None:
                raise outcome


async def _branch(branch: Run, step: Runnable, path: str) -> None:
    try:
        await branch.one(step, path)
    except SequenceEnds:
        return
