"""Doing an action within a run: once, also over a crash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.automation.errors import StepFailed
from hub.automation.run import Run
from hub.model.action import Call
from hub.model.problem import ActionFailed

UNDER_WAY = "it was under way when the hub ended, and is not safe to repeat"


async def act(
    run: Run, path: str, name: str, data: Mapping[str, Any], targets: tuple[str, ...]
) -> Any:
    """Do an action once, and give its answer; a crash before now may have done it already.
    Raises StepFailed."""
    answer = await run.once(path, lambda: _do(run, path, name, data, targets))
    run.note(answer=answer)
    _take_incident(run, answer)
    return answer


async def _do(
    run: Run, path: str, name: str, data: Mapping[str, Any], targets: tuple[str, ...]
) -> Any:
    try:
        safe = not run.durable or run.actions.type_of(name).repeat == "safe"
        if not safe and not await run.begin(path):
            run.note(passed_over=UNDER_WAY)
            return None
        answer = await run.actions.run(name, data, _call(run, path, targets))
    except ActionFailed as error:
        raise StepFailed(str(error)) from None
    _take_incident(run, answer)
    return answer


def _take_incident(run: Run, answer: Any) -> None:
    """The rule: an answer with the key `incident` names the incident of the steps after it."""
    if answer and isinstance(answer, Mapping) and isinstance(answer.get("incident"), int):
        run.incident = answer["incident"]


def _call(run: Run, path: str, targets: tuple[str, ...]) -> Call:
    return Call(
        key=f"{run.id}:{path}",
        targets=targets,
        event=run.event,
        incident=run.incident,
        automation=run.trace.automation,
        run=run.id,
    )
