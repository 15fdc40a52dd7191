"""The record of erasure: what was deleted on a day and what is held, signed with the hub's key.

Each record is a file `records/erasure/<day>.json` of the data folder, made after midnight:
`{"record": {...}, "signature": "<base64>"}`. The signature is over the canonical JSON of `record`
(keys sorted, no spaces, UTF-8), and `before` in it is the SHA-256 of the record before, in the same
form: so neither a changed byte nor a record that was taken out goes unseen.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import os
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select

from hub.access import signing
from hub.access.signing import Signer
from hub.clock import Clock
from hub.store.store import Store
from hub.video.indexing.classes import Cls
from hub.video.instants import instant, millis
from hub.video.retention.holding import Holding, holding
from hub.video.tables import erasure_records, purges

log = logging.getLogger("hub.video.retention")

FOLDER = Path("records/erasure")
KEYS = Path("keys")
EVERY_S = 300.0
SETTLED = timedelta(minutes=10)
"""So long after midnight a deletion that began before it is surely logged."""
MOST_DAYS = 400
FIRST = ""
"""What stands in `before` of the first record."""

Plain = dict[str, Any]


class Erasure:
    """Makes the record of each day that is over. `sure`: whether the clock is trusted."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        data: Path,
        time_zone: ZoneInfo,
        town: str,
        sure: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._data = data
        self._zone = time_zone
        self._town = town
        self._sure = sure
        self._signer: Signer | None = None

    async def run(self) -> None:
        """Look now and then, for ever. Raises BadKey, OSError, and what the store raises."""
        while True:
            await self.look()
            await self._clock.sleep(EVERY_S)

    async def look(self) -> list[str]:
        """Make the records that are due; returns their days."""
        if not self._sure():
            return []
        today = (self._clock.now() - SETTLED).astimezone(self._zone).date()
        due = await self._store.read(partial(_due, yesterday=today - timedelta(days=1)))
        for day in due:
            await self._make(day)
        return due

    async def _make(self, day: str) -> None:
        if self._signer is None:
            self._signer = await asyncio.to_thread(Signer.at, self._data / KEYS)
        now = self._clock.now()
        read = partial(_read, day=day, now=millis(now))
        record: Plain = {
            "town": self._town,
            "day": day,
            "made_at": now.isoformat(timespec="milliseconds"),
            "key": self._signer.key_id,
            **await self._store.read(read),
        }
        data = canonical(record)
        signature = base64.b64encode(self._signer.sign(data)).decode()
        path = FOLDER / f"{day}.json"
        whole = json.dumps(
            {"record": record, "signature": signature}, ensure_ascii=False, indent=1, sort_keys=True
        )
        await asyncio.to_thread(_write, self._data / path, whole)
        row = {
            "day": day,
            "made_at": millis(now),
            "path": str(path),
            "hash": hashlib.sha256(data).hexdigest(),
            "before": record["before"] or None,
            "signature": signature,
        }
        await self._store.write(lambda c: c.execute(insert(erasure_records).values(row)))
        log.info("the record of erasure of %s is signed: %s", day, path)


def canonical(record: Plain) -> bytes:
    """The bytes that are signed."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def check(files: list[Path], public: bytes) -> list[str]:
    """What is wrong with these records, oldest first: each line names a file. Blocks."""
    wrong, before = [], None
    for path in sorted(files):
        try:
            whole = json.loads(path.read_bytes())
            record, signature = whole["record"], base64.b64decode(whole["signature"])
            data = canonical(record)
        except (OSError, ValueError, KeyError, TypeError) as error:
            wrong.append(f"{path.name}: it cannot be read ({error})")
            before = None
            continue
        if not signing.verify(public, data, signature):
            wrong.append(f"{path.name}: it was changed, or signed with another key")
        if record.get("day") != path.stem:
            wrong.append(f"{path.name}: it is the record of {record.get('day')}")
        if before is not None and record.get("before") != before:
            wrong.append(f"{path.name}: the record before it is not the one that it names")
        before = hashlib.sha256(data).hexdigest()
    return wrong


def days(connection: Connection) -> list[str]:
    """All days of which a record was made."""
    query = select(erasure_records.c.day).order_by(erasure_records.c.day)
    return list(connection.execute(query).scalars())


def _due(connection: Connection, yesterday: date) -> list[str]:
    """Days that are over and have no record: yesterday, and each on which something was deleted."""
    last = connection.execute(
        select(erasure_records.c.day).order_by(erasure_records.c.day.desc()).limit(1)
    ).scalar()
    query = select(purges.c.day).where(purges.c.day <= yesterday.isoformat()).distinct()
    if last is not None:
        query = query.where(purges.c.day > last)
    found = list(connection.execute(query.order_by(purges.c.day).limit(MOST_DAYS)).scalars())
    text = yesterday.isoformat()
    if text not in found and len(found) < MOST_DAYS and (last is None or last < text):
        found.append(text)
    return found


def _read(connection: Connection, day: str, now: int) -> Plain:
    own = purges.c
    rows = connection.execute(select(purges).where(own.day == day).order_by(own.id)).all()
    last = connection.execute(
        select(erasure_records.c.hash).order_by(erasure_records.c.day.desc()).limit(1)
    ).scalar()
    return {
        "before": last or FIRST,
        "deleted": [
            {
                "camera": row.camera,
                "stream": row.stream,
                "tier": row.tier,
                "class": Cls(row.cls).name.lower(),
                "why": row.why,
                "first": _text(row.first),
                "last": _text(row.last),
                "files": row.segments,
                "bytes": row.bytes,
                "digest": row.digest,
            }
            for row in rows
        ],
        "held": [_held(each) for each in holding(connection, now)],
    }


def _held(each: Holding) -> Plain:
    hold = each.hold
    return {
        "hold": hold.id,
        "cameras": list(hold.cameras),
        "start": hold.start.isoformat(),
        "end": None if hold.end is None else hold.end.isoformat(),
        "reason": hold.reason,
        "person": hold.person,
        "case": hold.case,
        "until": None if hold.until is None else hold.until.isoformat(),
        "about_hours": round(each.recorded.total_seconds() / 3600, 2),
        "about_bytes": each.bytes,
    }


def _text(ms: int) -> str:
    return instant(ms / 1000).isoformat(timespec="milliseconds")


def _write(path: Path, text: str) -> None:
    """All of it or nothing, also at a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
