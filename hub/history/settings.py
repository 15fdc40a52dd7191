"""How long the history is kept: the block `store.history` of config.yaml."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator

from hub.model.config import Duration, PluginConfig
from hub.model.said import said


def _a_day_at_least(value: timedelta) -> timedelta:
    if value < timedelta(days=1):
        raise ValueError(said("history is kept for a day at least: write '1d' or more"))
    return value


Keep = Annotated[Duration, AfterValidator(_a_day_at_least)]


class HistorySettings(PluginConfig):
    """How long what has happened is kept, by its kind."""

    states: Keep = timedelta(days=30)
    """Each change of a state: readings, doors, words."""
    events: Keep = timedelta(days=365)
    """Events that are no change of a state."""
    durable_events: Keep = timedelta(days=3 * 365)
    """Events that must not be lost: presses, matches, tampering."""
    statistics: Keep = timedelta(days=3 * 365)
    """Statistics by hour."""
