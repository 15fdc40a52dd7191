"""What may be set about recording."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from hub.model.config import Duration, PluginConfig


class VideoSettings(PluginConfig):
    """The block `recording:` of config.yaml, as far as capture needs it."""

    pre_roll: Duration = timedelta(seconds=35)
    """How much of each camera is kept in memory, so that a recording can begin in the past."""

    pre_roll_bytes: int = Field(default=64 << 20, ge=1 << 20, le=1 << 30)
    """At most so many bytes of memory per camera for it."""

    linger: Duration = timedelta(minutes=10)
    """How long the capture process goes on recording without a hub."""
