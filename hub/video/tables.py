"""Tables of the archive, in bulk.db: files of video, what is derived from them, what should have
been recorded and was not, and what was deleted. Instants are milliseconds since 1970, UTC, but in
`recordings`. Each file belongs to a camera (an entity id) and one of its streams."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    literal_column,
)

from hub.store.tables import RESCUED, Instant, bulk

segments = Table(
    "segments",
    bulk,
    Column("id", Integer, primary_key=True),
    Column("camera", String(128), nullable=False),
    Column("stream", String(16), nullable=False),
    Column("tier", String(64), nullable=False),
    Column("path", String(255), nullable=False, unique=True),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger),
    Column("bytes", BigInteger, nullable=False),
    Column("epoch", String(16), nullable=False),
    Column("codec", String(16), nullable=False),
    Column("audio", String(16)),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("keyframes", Integer, nullable=False),
    Column("masked", Boolean, nullable=False),
    Column("cls", SmallInteger, nullable=False),
    Column("sha256", String(64)),
    Column("state", String(16), nullable=False),
    Index("segments_by_time", "camera", "stream", "start"),
    Index("segments_by_age", "tier", "cls", "start"),
)
"""One row a file. `end` is none while it is written; `state`: open, finished, missing (the file is
gone, nobody knows why) or purging (it is being deleted). `cls`: see `hub.video.indexing.classes`.
`sha256` is of the finished file, in hex; none in rows of older hubs."""

NOT_FINISHED = segments.c.state != literal_column("'finished'")
"""The condition of a partial index, in the words by which a database knows it again: ask for it
beside the state that is wanted."""

Index(
    "segments_not_finished",
    segments.c.state,
    sqlite_where=NOT_FINISHED,
    postgresql_where=NOT_FINISHED,
)

coverage = Table(
    "coverage",
    bulk,
    Column("camera", String(128), primary_key=True),
    Column("stream", String(16), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("end", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Where something is recorded. Derived from `segments`: see `hub.video.indexing.rollup`."""

archive_hours = Table(
    "archive_hours",
    bulk,
    Column("camera", String(128), primary_key=True),
    Column("stream", String(16), primary_key=True),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("recorded_ms", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How much of each hour (counted since 1970) is recorded. Derived like `coverage`."""

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
    Index("recordings_by_time", "camera", "end"),
    info={RESCUED: True},
)
"""Windows of time that somebody ordered."""

record_modes = Table(
    "record_modes",
    bulk,
    Column("id", Integer, primary_key=True),
    Column("camera", String(128), nullable=False),
    Column("stream", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("mode", String(16), nullable=False),  # continuous, events, off
    Column("why", String(16), nullable=False),  # see hub.video.missing.policy.Why
    Column("by", String(255), nullable=False),
    Index("record_modes_by_time", "camera", "stream", "at"),
    info={RESCUED: True},
)
"""What should be recorded, from `at` on until the stream's next row."""

outages = Table(
    "outages",
    bulk,
    Column("id", Integer, primary_key=True),
    Column("camera", String(128)),
    Column("stream", String(16)),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger),
    Column("cause", String(32), nullable=False),
    Column("detail", String(255), nullable=False),
    UniqueConstraint("camera", "stream", "start", "cause"),
    Index("outages_by_end", "camera", "stream", "end"),
    info={RESCUED: True},
)
"""Times in which something kept a stream (none: all of them) from being recorded; `end` is none
while it lasts."""

gaps = Table(
    "gaps",
    bulk,
    Column("id", Integer, primary_key=True),
    Column("camera", String(128), nullable=False),
    Column("stream", String(16), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("cause", String(32), nullable=False),
    Column("detail", String(255), nullable=False),
    Column("by", String(255), nullable=False),
    Index("gaps_of_stream", "camera", "stream", "start"),
    Index("gaps_by_time", "start"),
    info={RESCUED: True},
)
"""The ledger: what should have been recorded and was not, and why."""

gap_marks = Table(
    "gap_marks",
    bulk,
    Column("camera", String(128), primary_key=True),
    Column("stream", String(16), primary_key=True),
    Column("settled", BigInteger, nullable=False),
    info={RESCUED: True},
)
"""How far the ledger of a stream is written."""

archive_beat = Table(
    "archive_beat",
    bulk,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    info={RESCUED: True},
)
"""One row: the last moment in which the hub is known to have lived."""

purges = Table(
    "purges",
    bulk,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("day", String(10), nullable=False),
    Column("camera", String(128), nullable=False),
    Column("stream", String(16), nullable=False),
    Column("tier", String(64), nullable=False),
    Column("cls", SmallInteger, nullable=False),
    Column("why", String(32), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Index("purges_by_day", "day"),
    info={RESCUED: True},
)
"""What was deleted. `day`: the town's day (ISO date) in whose record of erasure it stands."""

erasure_records = Table(
    "erasure_records",
    bulk,
    Column("day", String(10), primary_key=True),
    Column("made_at", BigInteger, nullable=False),
    Column("path", String(255), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("before", String(64)),
    Column("signature", String(255), nullable=False),
    info={RESCUED: True},
)
"""The signed record of each day's deletions; `before` is the hash of the record before it."""
