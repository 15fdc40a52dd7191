"""The key `trace` of automations and scripts."""

from __future__ import annotations

from pydantic import Field

from hub.model.config import PluginConfig


class TraceConfig(PluginConfig):
    """How much is kept of what an automation or a script did."""

    stored_traces: int = Field(default=20, ge=0, le=200)
    """How many of its last runs are kept, each with all that it saw and did. The last 20 triggers
    that led to no run are kept beside them."""
