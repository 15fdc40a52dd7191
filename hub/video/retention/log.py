"""What was deleted, for the record of erasure: a row for each day, stream, class and reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, func, insert, select, update

from hub.video.indexing.classes import Cls
from hub.video.retention.plan import Why
from hub.video.tables import erasure_records, purges


@dataclass(frozen=True, slots=True)
class Entry:
    """What files that are counted together have in common."""

    camera: str
    stream: str
    tier: str
    cls: Cls
    why: Why


@dataclass(frozen=True, slots=True)
class Gone:
    """One file. `line`: its path and its SHA-256, or a dash where that was never known."""

    start: int
    end: int
    bytes: int
    line: str


def record(connection: Connection, now: int, day: str, gone: Iterable[tuple[Entry, Gone]]) -> None:
    """Count files into the log of a day, or of the first later one whose record is not made yet:
    what is signed is not added to. The digest is SHA-256 over the digest before (in hex; none at
    the first) and each file's line with its newline, in the order of their deletion."""
    grouped: dict[Entry, list[Gone]] = {}
    for entry, each in gone:
        grouped.setdefault(entry, []).append(each)
    if not grouped:
        return
    sealed = connection.execute(select(func.max(erasure_records.c.day))).scalar()
    if sealed is not None and sealed >= day:
        day = _next(sealed)
    for entry, files in grouped.items():
        _count(connection, now, day, entry, files)


def _count(connection: Connection, now: int, day: str, entry: Entry, files: list[Gone]) -> None:
    own = purges.c
    of_entry = {
        "day": day, "camera": entry.camera, "stream": entry.stream, "tier": entry.tier,
        "cls": int(entry.cls), "why": entry.why.value,
    }  # fmt: skip
    known = connection.execute(
        select(purges).where(*(own[name] == value for name, value in of_entry.items()))
    ).first()
    values = {
        "at": now,
        "first": min(each.start for each in files),
        "last": max(each.end for each in files),
        "segments": len(files),
        "bytes": sum(each.bytes for each in files),
        "digest": digest("" if known is None else known.digest, (each.line for each in files)),
    }
    if known is None:
        connection.execute(insert(purges).values(of_entry | values))
        return
    values["first"] = min(known.first, values["first"])
    values["last"] = max(known.last, values["last"])
    values["segments"] += known.segments
    values["bytes"] += known.bytes
    connection.execute(update(purges).where(own.id == known.id).values(values))


def digest(before: str, lines: Iterable[str]) -> str:
    """See `record`."""
    whole = hashlib.sha256(before.encode())
    for line in lines:
        whole.update(f"{line}\n".encode())
    return whole.hexdigest()


def _next(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
