"""All triggers. A new one is a file in this folder and a line in `_Union`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, WrapValidator

from hub.automation.triggers.base import Detach, Site, Trigger
from hub.automation.triggers.event import EventTrigger
from hub.automation.triggers.state import StateTrigger
from hub.automation.triggers.time import TimeTrigger
from hub.automation.words import by_key, picked, table

_Union = EventTrigger | StateTrigger | TimeTrigger

LATER = frozenset(
    {
        "calendar",
        "conversation",
        "device",
        "geo_location",
        "homeassistant",
        "hub",
        "mqtt",
        "numeric_state",
        "persistent_notification",
        "sun",
        "tag",
        "template",
        "time_pattern",
        "webhook",
        "zone",
    }
)


TABLE = table(_Union)


def _choose(value: Any) -> type[BaseModel]:
    return by_key("trigger", "trigger", TABLE, LATER, value)


AnyTrigger = Annotated[_Union, WrapValidator(picked(_choose))]

__all__ = ["AnyTrigger", "Detach", "Site", "Trigger"]
