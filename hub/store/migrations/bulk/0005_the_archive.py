"""The archive: each stream of a camera has files of its own, with what keeping them asks for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

AT_ONCE = 5000


def upgrade() -> None:
    op.rename_table("segments", "segments_before")
    op.drop_index("segments_by_time", "segments_before")
    _make_segments()
    _take_over_segments()
    op.create_index("recordings_by_time", "recordings", ["camera", "end"])
    op.drop_table("segments_before")
    _make_derived()
    _derive()
    _make_ledger()
    _make_keeping()


def _make_segments() -> None:
    op.create_table(
        "segments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("camera", sa.String(length=128), nullable=False),
        sa.Column("stream", sa.String(length=16), nullable=False),
        sa.Column("tier", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("codec", sa.String(length=16), nullable=False),
        sa.Column("audio", sa.String(length=16), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("keyframes", sa.Integer(), nullable=False),
        sa.Column("masked", sa.Boolean(), nullable=False),
        sa.Column("cls", sa.SmallInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("path"),
    )
    op.create_index("segments_by_time", "segments", ["camera", "stream", "start"])
    op.create_index("segments_by_age", "segments", ["tier", "cls", "start"])
    unsettled = sa.text("state != 'finished'")
    op.create_index(
        "segments_not_finished",
        "segments",
        ["state"],
        sqlite_where=unsettled,
        postgresql_where=unsettled,
    )


def _take_over_segments() -> None:
    """All files of older hubs were ordered: their class is 1, or 2 where it was for an incident."""
    connection = op.get_bind()
    windows = _windows(connection)
    for rows in _pages(connection):
        for row in rows:
            row["start"] = _millis(row["start"])
            row["end"] = None if row["end"] is None else _millis(row["end"])
            wanted = windows.get(row["camera"], [])
            end = row["start"] if row["end"] is None else row["end"]
            row["cls"] = max((c for a, b, c in wanted if a < end and row["start"] < b), default=1)
            row |= {"tier": "main", "keyframes": 0, "masked": False}
        connection.execute(_segments().insert(), rows)


def _windows(connection: sa.Connection) -> dict[str, list[tuple[int, int, int]]]:
    query = sa.text('SELECT camera, start, "end", incident FROM recordings')
    windows: dict[str, list[tuple[int, int, int]]] = {}
    for camera, start, end, incident in connection.execute(query):
        window = (_millis(start), _millis(end), 1 if incident is None else 2)
        windows.setdefault(camera, []).append(window)
    return windows


def _pages(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    columns = 'id, camera, stream, path, start, "end", bytes, epoch, codec, width, height, state'
    query = sa.text(
        f"SELECT {columns} FROM segments_before WHERE id > :after ORDER BY id LIMIT {AT_ONCE}"
    )
    after = 0
    while rows := [dict(row) for row in connection.execute(query, {"after": after}).mappings()]:
        after = int(rows[-1]["id"])
        yield rows


def _segments() -> sa.TableClause:
    names = (
        "id camera stream tier path start end bytes epoch codec width height keyframes masked cls"
        " state"
    )
    return sa.table("segments", *(sa.column(name) for name in names.split()))


def _millis(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _make_derived() -> None:
    op.create_table(
        "coverage",
        sa.Column("camera", sa.String(length=128), nullable=False),
        sa.Column("stream", sa.String(length=16), nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("camera", "stream", "start"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "archive_hours",
        sa.Column("camera", sa.String(length=128), nullable=False),
        sa.Column("stream", sa.String(length=16), nullable=False),
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_ms", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("camera", "stream", "hour"),
        sqlite_with_rowid=False,
    )


def _derive() -> None:
    """Fill the derived tables by the rules of the hub that made them, which may change later."""
    connection = op.get_bind()
    query = sa.text(
        'SELECT camera, stream, start, "end", bytes FROM segments'
        " WHERE state = 'finished' AND \"end\" > start ORDER BY camera, stream, start"
    )
    covered: list[list[Any]] = []
    hours: dict[tuple[str, str, int], list[int]] = {}
    for camera, stream, start, end, size in connection.execute(query):
        if covered and covered[-1][:2] == [camera, stream] and start <= covered[-1][3] + 1000:
            covered[-1][3] = max(covered[-1][3], end)
        else:
            covered.append([camera, stream, start, end])
        for hour, low, high in _hours(start, end):
            share = size * (high - start) // (end - start) - size * (low - start) // (end - start)
            hours.setdefault((camera, stream, hour), [0, 0])[1] += share
    for camera, stream, start, end in covered:
        for hour, low, high in _hours(start, end):
            hours.setdefault((camera, stream, hour), [0, 0])[0] += high - low
    _fill("coverage", "camera stream start end", covered)
    rows = [[*key, *values] for key, values in hours.items()]
    _fill("archive_hours", "camera stream hour recorded_ms bytes", rows)


def _hours(start: int, end: int) -> Iterator[tuple[int, int, int]]:
    for hour in range(start // 3_600_000, (end - 1) // 3_600_000 + 1):
        yield hour, max(start, hour * 3_600_000), min(end, (hour + 1) * 3_600_000)


def _fill(name: str, columns: str, rows: list[list[Any]]) -> None:
    names = columns.split()
    table = sa.table(name, *(sa.column(column) for column in names))
    for at in range(0, len(rows), AT_ONCE):
        page = [dict(zip(names, row, strict=True)) for row in rows[at : at + AT_ONCE]]
        op.get_bind().execute(table.insert(), page)


def _make_ledger() -> None:
    op.create_table(
        "record_modes",
        sa.Column("id", sa.Integer(), nullable=False),
        *_stream(),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("record_modes_by_time", "record_modes", ["camera", "stream", "at"])
    op.create_table(
        "outages",
        sa.Column("id", sa.Integer(), nullable=False),
        *_stream(nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("camera", "stream", "start", "cause"),
    )
    op.create_index("outages_by_end", "outages", ["camera", "stream", "end"])
    _make_gaps()
    op.create_table(
        "archive_beat",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _make_gaps() -> None:
    op.create_table(
        "gaps",
        sa.Column("id", sa.Integer(), nullable=False),
        *_stream(),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.String(length=255), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("gaps_of_stream", "gaps", ["camera", "stream", "start"])
    op.create_index("gaps_by_time", "gaps", ["start"])
    op.create_table(
        "gap_marks",
        *_stream(),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("camera", "stream"),
    )


def _stream(*, nullable: bool = False) -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("camera", sa.String(length=128), nullable=nullable),
        sa.Column("stream", sa.String(length=16), nullable=nullable),
    )


def _make_keeping() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("case_number", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "hold_cameras",
        sa.Column("hold", sa.Integer(), nullable=False),
        sa.Column("camera", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["hold"], ["holds.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hold", "camera"),
    )
    _make_purges()


def _make_purges() -> None:
    op.create_table(
        "purges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        *_stream(),
        sa.Column("tier", sa.String(length=64), nullable=False),
        sa.Column("cls", sa.SmallInteger(), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("purges_by_day", "purges", ["day"])
    op.create_table(
        "erasure_records",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=True),
        sa.Column("signature", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )


def downgrade() -> None:
    """Only the tables of keeping and the ledger can go: the archive is read by this form alone."""
    raise RuntimeError("the index of the archive cannot be turned back; restore a copy of bulk.db")
