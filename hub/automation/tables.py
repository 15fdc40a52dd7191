"""Tables that belong to the engine: what runs need in the alarms database, what people look at
in the bulk one."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from hub.store.tables import Instant, alarms, bulk

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

traces = Table(
    "traces",
    bulk,
    Column("run", String(32), primary_key=True),
    Column("automation_id", String(255), nullable=False),
    Column("nearly", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("trace", Text, nullable=False),  # JSON
    Index("traces_of_automation", "automation_id", "nearly", "started_at"),
    Index("traces_by_time", "started_at"),
    Index("traces_by_state", "state"),
)
"""What automations did and nearly did last."""
