"""Tables of the alarms database that belong to the engine."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from hub.store.tables import Instant, alarms

runs = Table(
    "runs",
    alarms,
    Column("id", String(32), primary_key=True),
    Column("automation_id", String(255), nullable=False),
    Column("event_id", String(32), nullable=False),
    Column("event", JSON, nullable=False),
    Column("trigger", JSON, nullable=False),
    Column("config_hash", String(64), nullable=False),
    Column("config", JSON, nullable=False),
    Column("memo", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("incident", Integer),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("error", Text),
    UniqueConstraint("automation_id", "event_id", name="runs_once_per_event"),
    Index("runs_by_state", "state"),
)
"""Runs that a durable event started. `memo` maps a step's path to what was decided there."""

automation_switches = Table(
    "automation_switches",
    alarms,
    Column("automation_id", String(255), primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
)
"""Automations that an operator switched on or off, other than the configuration says."""
