"""What the hub itself lets automations do."""

from __future__ import annotations

from hub.alarms.actions import ACTIONS as ALARM_ACTIONS
from hub.automation.core_actions import PublishMqtt
from hub.automation.switch_actions import ACTIONS as SWITCH_ACTIONS
from hub.model.action import Action
from hub.modes import ACTIONS as MODE_ACTIONS
from hub.video.actions import ACTIONS as VIDEO_ACTIONS

CORE_ACTIONS: tuple[type[Action], ...] = (
    *ALARM_ACTIONS,
    *VIDEO_ACTIONS,
    *MODE_ACTIONS,
    *SWITCH_ACTIONS,
    PublishMqtt,
)
