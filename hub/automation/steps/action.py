"""Step `action`: ask the hub or a plugin to do something, or call a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from hub.automation.acting import act
from hub.automation.fields import TemplateData, VariableName
from hub.automation.script_model import script_called
from hub.automation.steps.base import Step
from hub.automation.targets import Target, resolve
from hub.model.references import ActionName

if TYPE_CHECKING:
    from hub.automation.run import Run


class ActionStep(Step):
    """Ask the hub or a plugin to do something, or call a script."""

    word: ClassVar[str] = "action"

    action: ActionName
    """What to do, as in `camera.record`; `script.NAME` runs a script, and waits for its end."""
    target: Target | None = None
    """What to do it to."""
    data: TemplateData = Field(default_factory=dict)
    """How to do it; any text may be a template."""
    response_variable: VariableName | None = None
    """The variable that gets what the action answers: a word of letters, digits and '_'."""

    async def run(self, run: Run, path: str) -> None:
        """Render data and target, then act."""
        script = script_called(self.action)
        if script is not None:
            data = await run.decided(path, "asked", lambda: run.scope.render(self.data))
            run.note(action=self.action, data=data)
            answer = await run.tools.scripts.call(run, path, script, data)
        else:
            answer = await self._act(run, path)
        if self.response_variable is not None:
            run.scope.variables[self.response_variable] = answer

    async def _act(self, run: Run, path: str) -> Any:
        asked = await run.decided(path, "asked", lambda: self._asked(run))
        run.note(action=self.action, data=asked["data"], targets=asked["targets"])
        if self.target is not None and not asked["targets"]:
            run.note(passed_over="there is nothing to act on")
            return None
        return await act(run, path, self.action, asked["data"], tuple(asked["targets"]))

    def _asked(self, run: Run) -> dict[str, Any]:
        domain = run.actions.type_of(self.action).target
        targets = () if self.target is None else resolve(self.target, domain, run.scope)
        return {"data": run.scope.render(self.data), "targets": list(targets)}
