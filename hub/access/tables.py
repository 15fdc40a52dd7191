"""Tables of people and of the audit log, in the bulk database."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, UniqueConstraint

from hub.store.tables import RESCUED, Instant, bulk

persons = Table(
    "persons",
    bulk,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("language", String),
    Column("added_at", Instant, nullable=False),
    info={RESCUED: True},
)

duties = Table(
    "duties",
    bulk,
    Column("person", ForeignKey("persons.id", ondelete="CASCADE"), primary_key=True),
    Column("duty", String, primary_key=True),
    info={RESCUED: True},
)

contacts = Table(
    "contacts",
    bulk,
    Column("person", ForeignKey("persons.id", ondelete="CASCADE"), primary_key=True),
    Column("contact", String, primary_key=True),
    Column("address", String, nullable=False),
    UniqueConstraint("contact", "address"),  # an answer must name one person
    info={RESCUED: True},
)

audit = Table(
    "audit",
    bulk,
    Column("seq", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("way", String, nullable=False),
    Column("permission", String, nullable=False),
    Column("target", String, nullable=False),
    Column("result", String, nullable=False),  # begun, done, refused, failed
    Column("detail", String, nullable=False),
    Column("hash", String(64), nullable=False),  # SHA-256 over the row and the hash before it
)
