"""Step `variables`: set variables for the steps that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hub.automation.fields import TemplateData
from hub.automation.steps.base import Step

if TYPE_CHECKING:
    from hub.automation.run import Run


class VariablesStep(Step):
    """Set variables for the steps that follow, in the order they are written."""

    word: ClassVar[str] = "variables"

    variables: TemplateData
    """The variables; any text may be a template, and see those above it."""

    async def run(self, run: Run, path: str) -> None:
        """Render them one after the other."""
        values = await run.decided(path, "set", lambda: rendered(self.variables, run))
        run.note(variables=values)
        run.scope.variables.update(values)


def rendered(variables: dict[str, Any], run: Run) -> dict[str, Any]:
    """The values of a block of variables, each seeing those before it."""
    for name, value in variables.items():
        run.scope.variables[name] = run.scope.render(value)
    return {name: run.scope.variables[name] for name in variables}
