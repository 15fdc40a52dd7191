"""All triggers. A new one is a file in this folder and a line in `_Union`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, Field, WrapValidator

from hub.automation.fields import OneOrMany
from hub.automation.triggers.base import Detach, Site, Trigger, at_load
from hub.automation.triggers.event import EventTrigger
from hub.automation.triggers.hub import HubTrigger
from hub.automation.triggers.mqtt import MqttTrigger
from hub.automation.triggers.numeric_state import NumericStateTrigger
from hub.automation.triggers.state import StateTrigger
from hub.automation.triggers.sun import SunTrigger
from hub.automation.triggers.template import TemplateTrigger
from hub.automation.triggers.time import TimeTrigger
from hub.automation.triggers.time_pattern import TimePatternTrigger
from hub.automation.triggers.webhook import WebhookTrigger
from hub.automation.words import by_key, picked, table
from hub.model.config import PluginConfig
from hub.model.said import said

_Union = (
    EventTrigger
    | HubTrigger
    | MqttTrigger
    | NumericStateTrigger
    | StateTrigger
    | SunTrigger
    | TemplateTrigger
    | TimeTrigger
    | TimePatternTrigger
    | WebhookTrigger
)

INSTEAD = {
    "calendar": said("use 'time' with an entity that tells when, or 'time' with 'weekday'"),
    "conversation": said("the hub does not listen to speech; use 'event' or 'webhook'"),
    "device": said(
        "name the device's entity with 'state', or what its plugin reports with 'event'"
    ),
    "geo_location": said("use 'event' with the plugin's event type and 'area_id'"),
    "homeassistant": said("write 'trigger: hub'"),
    "persistent_notification": said("use 'event', as in incident.opened or incident.changed"),
    "tag": said("use 'event' with what the reader's plugin reports, or 'mqtt'"),
    "zone": said("use 'state' of an entity that says who is where, or 'event' with 'area_id'"),
}
"""What to use in place of Home Assistant's triggers that a town has no use for."""

TABLE = table(_Union)


class TriggerGroup(PluginConfig):
    """A list of triggers within the list, as if they stood there one by one."""

    triggers: OneOrMany[AnyTrigger] = Field(min_length=1)
    """Its triggers."""


def _choose(value: Any) -> type[BaseModel]:
    if isinstance(value, dict) and "triggers" in value and "trigger" not in value:
        return TriggerGroup
    return by_key("trigger", "trigger", TABLE, INSTEAD, value)


AnyTrigger = Annotated[_Union | TriggerGroup, WrapValidator(picked(_choose))]

TriggerGroup.model_rebuild()


def flat(triggers: Iterable[Trigger | TriggerGroup]) -> list[Trigger]:
    """The triggers in their order, those of groups one by one; a trigger's place in this list is
    its `idx`."""
    found: list[Trigger] = []
    for each in triggers:
        found += flat(each.triggers) if isinstance(each, TriggerGroup) else [each]
    return found


__all__ = ["AnyTrigger", "Detach", "Site", "Trigger", "TriggerGroup", "at_load", "flat"]
