"""All steps. A new one is a file in this folder and a line in `_Steps`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, WrapValidator

from hub.automation.conditions import LATER as CONDITIONS_LATER
from hub.automation.conditions import TABLE as CONDITIONS
from hub.automation.conditions import AnyCondition, written_out
from hub.automation.steps.action import ActionStep
from hub.automation.steps.base import Step
from hub.automation.steps.choose import ChooseStep, Option
from hub.automation.steps.delay import DelayStep
from hub.automation.steps.if_then import IfStep
from hub.automation.steps.sequence import SequenceStep
from hub.automation.steps.stop import StopStep
from hub.automation.steps.variables import VariablesStep
from hub.automation.words import by_key, not_yet, picked, table, wrong

_Steps = ActionStep | DelayStep | ChooseStep | IfStep | SequenceStep | VariablesStep | StopStep
TABLE = table(_Steps)
"""The steps by the key that tells one from the others."""

LATER = (
    "repeat",
    "parallel",
    "wait_template",
    "wait_for_trigger",
    "event",
    "device_id",
    "scene",
    "set_conversation_response",
)


def _normal(value: Any) -> Any:
    if isinstance(value, dict) and any(key in TABLE for key in value):
        return value
    return written_out(value)


def _choose(value: Any) -> type[BaseModel]:
    if not isinstance(value, dict):
        raise wrong("step", "a step is a mapping, as in {action: camera.record}")
    if "condition" in value:
        return by_key("condition", "condition", CONDITIONS, CONDITIONS_LATER, value)
    found = [key for key in TABLE if key in value]
    if len(found) == 1:
        return TABLE[found[0]]
    if found:
        raise wrong("step", f"a step is one thing; this one has {' and '.join(map(repr, found))}")
    for key in value:
        if key in LATER:
            raise not_yet("step", key)
    if "service" in value:
        raise wrong("step", "write 'action' instead of 'service'")
    raise wrong("step", f"a step has one of the keys {', '.join(TABLE)}, condition")


AnyStep = Annotated[_Steps | AnyCondition, WrapValidator(picked(_choose)), BeforeValidator(_normal)]

for _nesting in (Option, ChooseStep, IfStep, SequenceStep):
    _nesting.model_rebuild(_types_namespace={"AnyStep": AnyStep})

__all__ = ["AnyStep", "Step"]
