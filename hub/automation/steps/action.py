"""Step `action`: ask the hub or a plugin to do something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from hub.automation.fields import TemplateData
from hub.automation.steps.base import Step
from hub.automation.targets import Target, resolve
from hub.model.references import ActionName

if TYPE_CHECKING:
    from hub.automation.run import Run


class ActionStep(Step):
    """Ask the hub or a plugin to do something."""

    word: ClassVar[str] = "action"

    action: ActionName
    """What to do, as in `camera.record`."""
    target: Target | None = None
    """What to do it to."""
    data: TemplateData = Field(default_factory=dict)
    """How to do it; any text may be a template."""
    response_variable: str | None = None
    """The variable that gets what the action answers."""

    async def run(self, run: Run, path: str) -> None:
        """Render data and target, then act."""
        asked = await run.decided(path, "asked", lambda: self._asked(run))
        run.note(action=self.action, data=asked["data"], targets=asked["targets"])
        if self.target is not None and not asked["targets"]:
            run.note(passed_over="there is nothing to act on")
            answer = None
        else:
            answer = await run.act(path, self.action, asked["data"], tuple(asked["targets"]))
        if self.response_variable is not None:
            run.scope.variables[self.response_variable] = answer

    def _asked(self, run: Run) -> dict[str, Any]:
        domain = run.actions.type_of(self.action).target
        targets = () if self.target is None else resolve(self.target, domain, run.scope)
        return {"data": run.scope.render(self.data), "targets": list(targets)}
