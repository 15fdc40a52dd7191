"""Holds: a person keeps what some cameras recorded in some time from being deleted.

A hold that is in force wins over every rule of keeping. Whoever deletes asks `held` inside the
transaction that gives a file up, and keeps `Holds.deleting` until the file is gone: a hold that is
placed meanwhile waits for that, so that it never promises what is being deleted.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    Row,
    Select,
    String,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from hub.clock import Clock
from hub.store.damage import PutAside
from hub.store.store import Store
from hub.store.tables import RESCUED, bulk

log = logging.getLogger("hub.holds")

COPY = Path("records/holds.json")
"""The copy, in the data folder."""

FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
MOST_HOLDS = 10_000
"""In force at a time: each file that may be deleted is compared with all of them."""
MOST_CAMERAS = 1_000
MOST_TEXT = 2_000
MOST_NAME = 255
PAGE = 200

_CAMERA = re.compile(r"camera\.[a-z0-9_]{1,120}")

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
    info={RESCUED: True},
)
"""Instants are milliseconds since 1970, UTC. `end` none: from `start` on. `until`: the hold ends by
itself; `released_at`: somebody ended it."""

hold_cameras = Table(
    "hold_cameras",
    bulk,
    Column("hold", Integer, ForeignKey("holds.id", ondelete="CASCADE"), primary_key=True),
    Column("camera", String(128), primary_key=True),
    info={RESCUED: True},
)
"""The cameras of a hold; none of them: all cameras."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What is kept, for whom and why. No `cameras`: of all. `end` None: from `start` on.

    `until` None: until a person releases it.
    """

    id: int
    cameras: tuple[str, ...]
    start: datetime
    end: datetime | None
    reason: str
    person: str
    made_at: datetime
    until: datetime | None
    case: str | None
    released_at: datetime | None
    released_by: str | None

    def in_force(self, now: datetime) -> bool:
        """Whether it keeps anything now."""
        return self.released_at is None and (self.until is None or self.until > now)


class NoSuchHold(LookupError):
    """There is no hold of that number, or it was released before."""


class Holds:
    """Places holds and releases them; none is ever forgotten. Those in force are also written to
    `copy`, a file, so that a damaged database takes none of them along: nothing is written there,
    or deleted, before the database knows all that the copy does."""

    def __init__(self, store: Store, clock: Clock, copy: Path | None = None) -> None:
        self._store = store
        self._clock = clock
        self._copy = copy
        self._age = 0  # of the database: a damaged one is begun anew, and may know none
        self._restored: int | None = None
        self._restoring = asyncio.Lock()
        store.renewed.append(self._begin_anew)
        self.deleting = asyncio.Lock()
        """Whoever deletes holds it from the look at the holds until the files are gone."""

    def now(self) -> datetime:
        """The instant by which a hold is in force or not."""
        return self._clock.now()

    @property
    def whole(self) -> bool:
        """Whether the database knows every hold that the copy does: until then nothing may be
        deleted."""
        return self._restored == self._age

    def _begin_anew(self, _aside: PutAside) -> None:
        self._age += 1

    async def place(
        self,
        *,
        cameras: Collection[str],
        start: datetime,
        end: datetime | None,
        reason: str,
        person: str,
        until: datetime | None = None,
        case: str | None = None,
    ) -> int:
        """Keep what these cameras (entity ids; none: all) recorded, and will record, from `start`
        to `end`; it is in force when this returns its number. Raises ValueError with all that is
        wrong."""
        now = self._clock.now()
        reason, person, case = reason.strip(), person.strip(), (case or "").strip() or None
        wrong = [
            *_wrong_cameras(cameras),
            *_wrong_times(start, end, until, now),
            *_wrong_texts(reason, person, case),
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        row = {
            "start": _millis(start),
            "end": None if end is None else _millis(end),
            "reason": reason,
            "person": person,
            "made_at": _millis(now),
            "until": None if until is None else _millis(until),
            "case_number": case,
        }
        of = sorted(set(cameras))
        await self.restore()
        async with self.deleting:
            number = await self._store.write(lambda connection: _place(connection, row, of))
            await self._write_copy()
        return number

    async def release(self, id: int, by: str) -> None:
        """End a hold; what it kept is deleted when its time is over. Raises NoSuchHold,
        ValueError."""
        by = by.strip()
        if not by:
            raise ValueError("a hold is released by somebody: the name is missing")
        now = _millis(self._clock.now())
        change = update(holds).where(holds.c.id == id, holds.c.released_at.is_(None))
        values = {"released_at": now, "released_by": by[:MOST_NAME]}
        await self.restore()
        if not await self._store.write(lambda c: c.execute(change.values(values)).rowcount):
            raise NoSuchHold(f"there is no hold {id} that could be released")
        async with self.deleting:
            await self._write_copy()

    async def restore(self) -> int:
        """Place again what the copy knows and the database does not, as after a damage, where that
        was not done; returns how many. Raises what the store raises, and OSError and ValueError
        for a copy that cannot be read."""
        async with self._restoring:
            if self.whole:
                return 0
            age, restored = self._age, 0
            if self._copy is not None and await asyncio.to_thread(self._copy.exists):
                known = json.loads(await asyncio.to_thread(self._copy.read_bytes))
                restored = await self._store.write(lambda connection: _restore(connection, known))
            self._restored = age
            return restored

    async def _write_copy(self) -> None:
        if self._copy is None:
            return
        rows = await self._in_force()
        while not self.whole:  # the database was damaged meanwhile
            await self.restore()
            rows = await self._in_force()
        try:
            await asyncio.to_thread(_write, self._copy, json.dumps(rows, ensure_ascii=False))
        except OSError as error:
            log.error("the copy of the holds cannot be written: %s", error)

    async def _in_force(self) -> list[dict[str, Any]]:
        now = _millis(self._clock.now())
        return await self._store.read(lambda connection: _plain(connection, now))

    async def active(self) -> list[Hold]:
        """All that are in force now, the oldest first."""
        now = _millis(self._clock.now())
        query = select(holds).where(_in_force(now)).order_by(holds.c.id)
        return await self._store.read(lambda connection: _read(connection, query))

    async def latest(self, before: int | None = None, limit: int = PAGE) -> list[Hold]:
        """Holds of all times, the newest first; `before`: those with a lower number."""
        query = select(holds).order_by(holds.c.id.desc()).limit(min(limit, PAGE))
        if before is not None:
            query = query.where(holds.c.id < before)
        return await self._store.read(lambda connection: _read(connection, query))


def held(
    camera: ColumnElement[str], start: ColumnElement[int], end: ColumnElement[int], now: int
) -> ColumnElement[bool]:
    """Whether a hold is in force at `now` for a row of another table, which has these columns.
    Milliseconds since 1970; a row without an end goes on for ever."""
    return exists().where(_covers(camera, start, end, now))


def in_force(connection: Connection, now: int) -> list[Hold]:
    """All holds that are in force at `now` (milliseconds since 1970), in this transaction."""
    return _read(connection, select(holds).where(_in_force(now)).order_by(holds.c.id))


def _covers(
    camera: ColumnElement[str], start: ColumnElement[int], end: ColumnElement[int], now: int
) -> ColumnElement[bool]:
    named = select(hold_cameras.c.camera).where(hold_cameras.c.hold == holds.c.id).correlate(holds)
    return and_(
        _in_force(now),
        or_(holds.c.end.is_(None), start <= holds.c.end),
        or_(end.is_(None), end >= holds.c.start),
        or_(camera.in_(named), ~named.exists()),
    )


def _in_force(now: int) -> ColumnElement[bool]:
    return and_(holds.c.released_at.is_(None), or_(holds.c.until.is_(None), holds.c.until > now))


def _place(connection: Connection, row: Mapping[str, object], cameras: Iterable[str]) -> int:
    made_at = row["made_at"]
    assert isinstance(made_at, int)
    count = select(func.count()).select_from(holds).where(_in_force(made_at))
    if connection.execute(count).scalar_one() >= MOST_HOLDS:
        raise ValueError(f"{MOST_HOLDS} holds are in force: release some that are needed no more")
    key = connection.execute(insert(holds).values(row)).inserted_primary_key
    assert key is not None
    number = int(key[0])
    rows = [{"hold": number, "camera": camera} for camera in cameras]
    if rows:
        connection.execute(insert(hold_cameras), rows)
    return number


def _plain(connection: Connection, now: int) -> list[dict[str, Any]]:
    """The holds in force, with all that the database says of them."""
    rows = connection.execute(select(holds).where(_in_force(now)).order_by(holds.c.id)).all()
    cameras = {hold.id: hold.cameras for hold in in_force(connection, now)}
    return [{**row._mapping, "cameras": list(cameras[row.id])} for row in rows]


def _restore(connection: Connection, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    for row in rows:
        same = select(holds.c.id).where(holds.c.id == row["id"])
        if connection.execute(same).first() is not None:
            continue
        cameras = row.pop("cameras")
        connection.execute(insert(holds).values(row))
        linked = [{"hold": row["id"], "camera": camera} for camera in cameras]
        connection.execute(delete(hold_cameras).where(hold_cameras.c.hold == row["id"]))
        if linked:
            connection.execute(insert(hold_cameras), linked)
        count += 1
    return count


def _write(path: Path, text: str) -> None:
    """All of it or nothing, also at a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)


def _read(connection: Connection, query: Select[tuple[object, ...]]) -> list[Hold]:
    rows = connection.execute(query).all()
    cameras: dict[int, list[str]] = {}
    if rows:
        numbers = [row.id for row in rows]
        between = hold_cameras.c.hold.between(min(numbers), max(numbers))
        for link in connection.execute(select(hold_cameras).where(between)):
            cameras.setdefault(link.hold, []).append(link.camera)
    return [_hold(row, tuple(sorted(cameras.get(row.id, ())))) for row in rows]


def _hold(row: Row[tuple[object, ...]], cameras: tuple[str, ...]) -> Hold:
    return Hold(
        id=row.id,
        cameras=cameras,
        start=_instant(row.start),
        end=None if row.end is None else _instant(row.end),
        reason=row.reason,
        person=row.person,
        made_at=_instant(row.made_at),
        until=None if row.until is None else _instant(row.until),
        case=row.case_number,
        released_at=None if row.released_at is None else _instant(row.released_at),
        released_by=row.released_by,
    )


def _wrong_cameras(cameras: Collection[str]) -> Iterable[str]:
    if len(cameras) > MOST_CAMERAS:
        yield f"a hold names at most {MOST_CAMERAS} cameras; name none, and it holds for all"
        return
    for camera in cameras:
        if not _CAMERA.fullmatch(camera):
            yield f"'{camera[:MOST_NAME]}' is no camera: its entity id reads camera.NAME"


def _wrong_times(
    start: datetime, end: datetime | None, until: datetime | None, now: datetime
) -> Iterable[str]:
    if any(at is not None and at.tzinfo is None for at in (start, end, until)):
        yield "an instant needs its time zone, as in 2026-11-22T14:00:00+02:00"
        return
    if any(at is not None and not FIRST < at < LAST for at in (start, end, until)):
        yield "an instant lies between 1900 and 9000; leave it out for no end"
        return
    if end is not None and end <= start:
        yield "the hold's end is not after its start"
    if until is not None and until <= now:
        yield "the moment until which it is in force is past"


def _wrong_texts(reason: str, person: str, case: str | None) -> Iterable[str]:
    if not reason:
        yield "a hold has a reason, and none is given"
    if not person:
        yield "a hold is placed by somebody: the name is missing"
    if len(reason) > MOST_TEXT:
        yield f"the reason is longer than {MOST_TEXT} characters"
    if max(len(person), len(case or "")) > MOST_NAME:
        yield f"a name or a case's number is longer than {MOST_NAME} characters"


def _millis(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _instant(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)
