"""Moments at which steps end, as instants that are kept over a restart."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hub.automation.fields import span_of
from hub.automation.scope import Scope


def ends(span: timedelta | str | dict[str, Any], scope: Scope) -> str:
    """The instant at which something that begins now is over, as it is kept in the memo. Raises
    ValueError where a template gives no duration."""
    return (scope.world.clock.now() + span_of(span, scope.render)).isoformat()


def seconds_left(until: str, scope: Scope) -> float:
    """How long it is to such an instant. Asked once, when a step begins: a clock that is set
    while the step waits changes nothing."""
    return (datetime.fromisoformat(until) - scope.world.clock.now()).total_seconds()
