"""What the hub itself lets automations do."""

from __future__ import annotations

from hub.alarms.actions import ACTIONS as ALARM_ACTIONS
from hub.model.action import Action

CORE_ACTIONS: tuple[type[Action], ...] = (*ALARM_ACTIONS,)
