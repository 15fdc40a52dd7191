"""All steps. A new one is a file in this folder and a line in `_Steps`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, WrapValidator

from hub.automation.conditions import INSTEAD as CONDITIONS_INSTEAD
from hub.automation.conditions import TABLE as CONDITIONS
from hub.automation.conditions import AnyCondition, written_out
from hub.automation.script_model import ScriptConfig
from hub.automation.steps.action import ActionStep
from hub.automation.steps.base import Step
from hub.automation.steps.choose import ChooseStep, Option
from hub.automation.steps.delay import DelayStep
from hub.automation.steps.event import EventStep
from hub.automation.steps.if_then import IfStep
from hub.automation.steps.parallel import ParallelStep
from hub.automation.steps.repeat import RepeatBlock, RepeatStep
from hub.automation.steps.sequence import SequenceStep
from hub.automation.steps.stop import StopStep
from hub.automation.steps.variables import VariablesStep
from hub.automation.steps.waits import WaitForTriggerStep, WaitTemplateStep
from hub.automation.words import by_key, picked, table, wrong
from hub.model.said import said

_Steps = (
    ActionStep
    | DelayStep
    | WaitTemplateStep
    | WaitForTriggerStep
    | EventStep
    | ChooseStep
    | IfStep
    | RepeatStep
    | ParallelStep
    | SequenceStep
    | VariablesStep
    | StopStep
)
TABLE = table(_Steps)
"""The steps by the key that tells one from the others."""

INSTEAD = {
    "service": said("write 'action' instead of 'service'"),
    "scene": said(
        "what a scene does is written as a script here, and called: {action: script.NAME}"
    ),
    "device_id": "this hub has no device actions: name what is to be done, as in "
    "{action: camera.record, target: {entity_id: camera.NAME}}",
    "set_conversation_response": said(
        "nobody talks to this hub: tell people with {action: notify.send}"
    ),
}
"""Steps of Home Assistant that this hub does not take, and what to write."""


def _normal(value: Any) -> Any:
    if isinstance(value, dict) and any(key in TABLE for key in value):
        return value
    return written_out(value)


def _choose(value: Any) -> type[BaseModel]:
    if not isinstance(value, dict):
        raise wrong("step", said("a step is a mapping, as in {action: camera.record}"))
    if "condition" in value:
        return by_key("condition", "condition", CONDITIONS, CONDITIONS_INSTEAD, value)
    found = [key for key in TABLE if key in value]
    if len(found) == 1:
        return TABLE[found[0]]
    if found:
        raise wrong(
            "step",
            said(
                "a step is one thing; this one has %(names)s", names=" and ".join(map(repr, found))
            ),
        )
    for key, what in INSTEAD.items():
        if key in value:
            raise wrong("step", what)
    raise wrong("step", said("a step has one of the keys %(names)s", names=[*TABLE, "condition"]))


AnyStep = Annotated[_Steps | AnyCondition, WrapValidator(picked(_choose)), BeforeValidator(_normal)]

for _nesting in (
    RepeatBlock,
    Option,
    ChooseStep,
    IfStep,
    RepeatStep,
    ParallelStep,
    SequenceStep,
    ScriptConfig,
):
    _nesting.model_rebuild(_types_namespace={"AnyStep": AnyStep})

__all__ = ["AnyStep", "Step"]
