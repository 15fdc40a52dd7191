"""All conditions. A new one is a file in this folder and a line in `_Union`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, WrapValidator

from hub.automation.conditions.base import Condition, Outcome, evaluate_all
from hub.automation.conditions.logic import AndCondition, NotCondition, OrCondition
from hub.automation.conditions.mode import ModeCondition
from hub.automation.conditions.numeric_state import NumericStateCondition
from hub.automation.conditions.state import StateCondition
from hub.automation.conditions.sun import SunCondition
from hub.automation.conditions.template import TemplateCondition
from hub.automation.conditions.time import TimeCondition
from hub.automation.conditions.trigger import TriggerCondition
from hub.automation.words import by_key, picked, table
from hub.model.references import is_template
from hub.model.said import said

_Union = (
    StateCondition
    | NumericStateCondition
    | TimeCondition
    | SunCondition
    | TemplateCondition
    | TriggerCondition
    | ModeCondition
    | AndCondition
    | OrCondition
    | NotCondition
)

LOGIC = ("and", "or", "not")
INSTEAD = {
    "device": said("name the device's entity with 'state'"),
    "zone": said("use 'state' of an entity that says who is where, or a template with 'distance'"),
}
"""What to use in place of Home Assistant's conditions that a town has no use for."""


TABLE = table(_Union)


def written_out(value: Any) -> Any:
    """Home Assistant's short forms written out: a template alone or under `condition`, and
    `or: [...]`."""
    if is_template(value):
        return {"condition": "template", "value_template": value}
    if isinstance(value, dict) and is_template(value.get("condition")):
        return {**value, "condition": "template", "value_template": value["condition"]}
    if isinstance(value, dict) and "condition" not in value:
        for word in LOGIC:
            if word in value:
                rest = {key: item for key, item in value.items() if key != word}
                return {"condition": word, "conditions": value[word], **rest}
    return value


def _choose(value: Any) -> type[BaseModel]:
    return by_key("condition", "condition", TABLE, INSTEAD, value)


AnyCondition = Annotated[_Union, WrapValidator(picked(_choose)), BeforeValidator(written_out)]

for _logic in (AndCondition, OrCondition, NotCondition):
    _logic.model_rebuild(_types_namespace={"AnyCondition": AnyCondition})

__all__ = ["AnyCondition", "Condition", "Outcome", "evaluate_all"]
