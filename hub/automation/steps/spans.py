"""Moments at which steps end, as instants that are kept over a restart."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hub.automation.fields import span_of
from hub.automation.scope import Scope

Ends = dict[str, Any]
"""When something is over, as it is kept in the memo: `until`, and how many `seconds` it takes."""


def ends(span: timedelta | str | dict[str, Any], scope: Scope) -> Ends:
    """When something that begins now is over. Raises ValueError where a template gives no
    duration."""
    found = span_of(span, scope.render)
    until = scope.world.clock.now() + found
    return {"until": until.isoformat(), "seconds": found.total_seconds()}


def seconds_left(kept: Ends, scope: Scope) -> float:
    """How long it is till then. Asked once, when a step begins: a clock that is set while the
    step waits changes nothing, and one that is far behind after a restart (a machine without a
    battery for it) makes nothing longer than it was."""
    left = datetime.fromisoformat(kept["until"]) - scope.world.clock.now()
    return min(left.total_seconds(), float(kept["seconds"]))
