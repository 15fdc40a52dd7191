"""Tables of the alarm path, in alarms.db."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, text

from hub.store.tables import Instant, alarms

journal = Table(
    "journal",
    alarms,
    Column("seq", Integer, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("type", String, nullable=False),
    Column("source", String, nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Column("event", JSON, nullable=False),
    Column("claimed_by", String),  # automation id, or "default": who answers for it
    Column("settled_at", Instant),  # an incident or a message came of it
    Index("journal_open", "seq", sqlite_where=text("settled_at IS NULL")),
)

incidents = Table(
    "incidents",
    alarms,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),  # what opens it twice joins it
    Column("kind", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("status", String, nullable=False),
    Column("area", String),
    Column("source", String),
    Column("title", String, nullable=False),
    Column("message", String, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("last_event_at", Instant, nullable=False),
    Column("events", Integer, nullable=False),
    Column("owner", String),
    Column("acknowledged_at", Instant),
    Column("ended_at", Instant),
    Column("reason", String),
    Column("escalation", String),
    Column("automation", String),
    Column("drill", Boolean, nullable=False),
    Index("incidents_open", "status", "kind", "source"),
)

incident_events = Table(
    "incident_events",
    alarms,
    Column("event_id", String(32), primary_key=True),  # an event belongs to one incident
    Column("incident", ForeignKey("incidents.id"), nullable=False, index=True),
)

incident_keys = Table(
    "incident_keys",
    alarms,
    Column("key", String, primary_key=True),  # of each opening, also those that joined
    Column("incident", ForeignKey("incidents.id"), nullable=False),
)

incident_journal = Table(
    "incident_journal",
    alarms,
    Column("id", Integer, primary_key=True),
    Column("incident", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("actor", String, nullable=False),
    Column("way", String, nullable=False),
    Column("what", String, nullable=False),
    Column("detail", String, nullable=False, server_default=""),
)

incident_media = Table(
    "incident_media",
    alarms,
    Column("id", Integer, primary_key=True),
    Column("incident", ForeignKey("incidents.id"), nullable=False),
    Column("camera", String, nullable=False),
    Column("kind", String, nullable=False),  # snapshot, recording
    Column("ref", String, nullable=False),  # path in data_dir, or id of a recording
    Column("at", Instant, nullable=False),
    Index("incident_media_once", "incident", "ref", unique=True),
)

ladders = Table(
    "ladders",
    alarms,
    Column("incident", ForeignKey("incidents.id"), primary_key=True),
    Column("name", String, nullable=False),
    Column("rungs", JSON, nullable=False),  # as configured when the incident was opened
    Column("rung", Integer, nullable=False),
    Column("told", Integer, nullable=False),  # how often a rung was told, repeats included
    Column("due_at", Instant, nullable=False),
    Column("hurried", Integer, nullable=False),  # the last rung that a failure cut short
    Column("ended_at", Instant),
    Index("ladders_due", "due_at", sqlite_where=text("ended_at IS NULL")),
)

outbox = Table(
    "outbox",
    alarms,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("incident", ForeignKey("incidents.id"), index=True),
    Column("kind", String, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("notifier", String, nullable=False),
    Column("person", String, nullable=False),
    Column("address", String, nullable=False),
    Column("text", String, nullable=False),
    Column("token", String(32), unique=True),
    Column("media", ForeignKey("incident_media.id")),
    Column("follows", Integer),  # the note that it replies to
    Column("made_at", Instant, nullable=False),
    Column("state", String, nullable=False),  # pending sending delivered failed superseded
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("repeat", Boolean, nullable=False),
    Column("proof", JSON),
    Column("error", String),
    Index("outbox_undone", "id", sqlite_where=text("state IN ('pending','sending')")),
)

deliveries = Table(
    "deliveries",
    alarms,
    Column("id", Integer, primary_key=True),
    Column("note", ForeignKey("outbox.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("result", String, nullable=False),  # delivered, failed
    Column("detail", JSON, nullable=False),
)
