"""All that a template can name without being given it: functions and constants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from hub.clock import Clock
from hub.model.entity import Location
from hub.text.calls import Function
from hub.text.filters import CONSTANTS, FUNCTIONS
from hub.text.states import States, StateView
from hub.text.times import TIME_NAMES, Times
from hub.text.town import TOWN_NAMES, TownFunctions

__all__ = ["LIMITED", "NAMES", "StateView", "functions"]

LIMITED: Mapping[str, Any] = {**FUNCTIONS, **CONSTANTS}
"""What templates have that see neither the town nor the time."""

NAMES = frozenset({"states", *TIME_NAMES, *TOWN_NAMES, *LIMITED})
"""What `functions` gives; the check of templates takes these names as known."""


def functions(
    view: StateView, clock: Clock, time_zone: ZoneInfo, home: Location | None = None
) -> Mapping[str, Any]:
    """The functions by name; times are given in `time_zone`, distances without a beginning are
    measured from `home`."""
    bound = {**Times(clock, time_zone).functions(), **TownFunctions(view, home).functions()}
    return {
        **LIMITED,
        **{name: Function(function) for name, function in bound.items()},
        "states": States(view),
    }
