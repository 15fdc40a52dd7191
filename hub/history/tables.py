"""Tables of the history, in bulk.db. Instants are microseconds since 1970, UTC; what repeats itself
(names, types, attributes) is stored once and referred to by number."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from hub.store.tables import RESCUED, bulk

Sequence = BigInteger().with_variant(Integer, "sqlite")
"""In SQLite only INTEGER is the row's own number, which needs no index beside it."""

sources = Table(
    "history_sources",
    bulk,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("area", String, nullable=False),
    UniqueConstraint("name", "area"),
)
"""An entity (or a plugin) at a place: one that is moved elsewhere gets another number, so what was
recorded stays where it happened. `area` is empty for what has no place."""

types = Table(
    "history_types",
    bulk,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("durable", Boolean, nullable=False),
)
"""Types of event; `durable` as it was when the type was first recorded."""

attributes = Table(
    "history_attributes",
    bulk,
    Column("id", Integer, primary_key=True),
    Column("hash", BigInteger, nullable=False, index=True),
    Column("json", Text, nullable=False),
    Column("used_day", Integer, nullable=False),
)
"""Sets of attributes. `used_day` is the last day (since 1970) on which a row referred to it."""

states = Table(
    "history_states",
    bulk,
    Column("id", Sequence, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("source", Integer, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("number", Double),
    Column("text", String),
    Column("attributes", Integer),
    Column("cause", String),
    Index("history_states_by_time", "at"),
    Index("history_states_by_source", "source", "at"),
)
"""Changes of state. `id` counts states and events together, in the order of their arrival. `kind`
is described in hub/history/rows.py."""

events = Table(
    "history_events",
    bulk,
    Column("id", Sequence, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("source", Integer, nullable=False),
    Column("type", Integer, nullable=False),
    Column("data", Text, nullable=False),
    Index("history_events_by_time", "at"),
    Index("history_events_by_type", "type", "at"),
    Index("history_events_by_source", "source", "at"),
)
"""All other events. `data` is the rest of the event as JSON: its payload, and what else of the
envelope is set."""

hours = Table(
    "history_hours",
    bulk,
    Column("source", Integer, primary_key=True, autoincrement=False),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
    Column("known_s", Double, nullable=False),
    Column("on_s", Double),
    Column("low", Double),
    Column("high", Double),
    Column("mean", Double),
    Index("history_hours_by_hour", "hour"),
    sqlite_with_rowid=False,
)
"""Statistics by hour (hours since 1970, UTC). `known_s`: seconds in which the value was known."""

hours_done = Table(
    "history_hours_done",
    bulk,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("hour", Integer, nullable=False),
)
"""One row: the last hour whose statistics are complete."""

runs = Table(
    "history_runs",
    bulk,
    Column("id", Integer, primary_key=True),
    Column("began", BigInteger, nullable=False),
    Column("ended", BigInteger, nullable=False),
)
"""When the hub recorded: between runs nothing is known. `ended` is renewed while it runs."""

witness = Table(
    "history_clock",
    bulk,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("trusted", BigInteger, nullable=False),
    info={RESCUED: True},
)
"""One row: the latest moment of which the hub was sure (hub/history/clock_trust.py)."""
