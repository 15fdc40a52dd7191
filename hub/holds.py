"""Holds: a person keeps what some cameras recorded in some time from being deleted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from hub.store.tables import bulk

holds = Table(
    "holds",
    bulk,
    Column("id", Integer, primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger),
    Column("reason", String, nullable=False),
    Column("person", String, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("released_at", BigInteger),
    Column("released_by", String),
    Column("case_number", String),
)
"""Instants are milliseconds since 1970, UTC. `end` none: from `start` on. `until`: the hold ends by
itself; `released_at`: somebody ended it."""

hold_cameras = Table(
    "hold_cameras",
    bulk,
    Column("hold", Integer, ForeignKey("holds.id", ondelete="CASCADE"), primary_key=True),
    Column("camera", String(128), primary_key=True),
)
"""The cameras of a hold; none of them: all cameras."""
