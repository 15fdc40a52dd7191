"""Tables of the bulk store: files of video, and the windows of time that were ordered."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from hub.store.tables import RESCUED, Instant, bulk

segments = Table(
    "segments",
    bulk,
    Column("id", Integer, primary_key=True),
    Column("camera", String(128), nullable=False),
    Column("stream", String(16), nullable=False),
    Column("path", String(255), nullable=False, unique=True),
    Column("start", Instant, nullable=False),
    Column("end", Instant),  # none while it is being written
    Column("bytes", Integer, nullable=False),
    Column("epoch", String(16), nullable=False),
    Column("codec", String(16), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # open, finished, missing
    Index("segments_by_time", "camera", "start"),
)

recordings = Table(
    "recordings",
    bulk,
    Column("id", String(32), primary_key=True),
    Column("camera", String(128), nullable=False),
    Column("start", Instant, nullable=False),
    Column("end", Instant, nullable=False),
    Column("incident", Integer, index=True),
    Column("state", String(16), nullable=False, index=True),  # open, finished, incomplete
    Column("made_at", Instant, nullable=False),
    info={RESCUED: True},
)
