"""The waits of `for:`, kept over a restart.

A wait is written once it has stood for SETTLE_S, in one commit with the others: a sensor that
flaps faster than that writes nothing. What is written is the instant at which the wait is due;
within one process it is counted by the monotonic clock, so that a clock that is set changes
nothing, and the instants that are kept are then moved along.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, Connection, String, Table, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from hub.automation.memo import pack, unpack
from hub.clock import Clock
from hub.store.damage import PutAside
from hub.store.store import Store
from hub.store.tables import RESCUED, Instant, bulk
from hub.tasks import Tasks

log = logging.getLogger("hub.automation")

SETTLE_S = 5.0  # a younger wait is not written; a crash within this time loses it
CHECK_S = 60.0  # how often the kept instants are compared with a clock that may have been set
SET_S = 1.0  # a smaller step of the clock is let pass
CLAIMED_WITHIN_S = 600.0  # a kept wait whose trigger is not there any more is forgotten after this
MOST = 10_000  # waits that are kept; what is more waits in memory only

automation_waits = Table(
    "automation_waits",
    bulk,
    Column("place", String(255), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("mark", String(64), nullable=False),
    Column("due", Instant, nullable=False),
    Column("data", JSON, nullable=False),
    info={RESCUED: True},
)
"""Waits under way. `place` names the trigger, `key` what it waits for (an entity), `mark` is a
hash of what the trigger says, `data` is what templates will see."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One wait: `due` on the wall clock, `data` for the trigger's templates."""

    place: str
    key: str
    mark: str
    due: datetime
    data: Mapping[str, Any]


@dataclass(slots=True)
class _Live:
    """A wait under way, by the monotonic clock."""

    mark: str
    since: float
    due: float
    data: Mapping[str, Any]


class Waits:
    """Keeps the waits of all triggers in the bulk store; without a store, in memory alone."""

    def __init__(self, clock: Clock, tasks: Tasks, store: Store | None = None) -> None:
        self._clock = clock
        self._tasks = tasks
        self._store = store
        self._live: dict[Key, _Live] = {}
        self._stored: dict[Key, datetime] = {}
        self._before: dict[str, list[Wait]] = {}
        self._left: list[Wait] | None = None
        self._undecided: set[Key] = set()
        self._full = False
        self._settling = False
        self._changed = False
        self._watching = False
        self._closed = False

    async def load(self) -> None:
        """Read what was kept before the last end; each trigger takes up its own as it begins to
        listen."""
        if self._store is None:
            return
        self._store.renewed.append(self._begin_anew)
        try:
            rows = await self._store.read(lambda conn: conn.execute(_ALL).mappings().all())
        except (SQLAlchemyError, OSError) as error:
            log.error("waits from before the last end cannot be read (%s); they begin anew", error)
            return
        for row in rows:
            try:
                wait = Wait(**{**row, "data": unpack(row["data"])})
            except (TypeError, ValueError) as error:
                log.warning("the wait of %s cannot be read: %s", row["place"], error)
                continue
            self._before.setdefault(wait.place, []).append(wait)
            self._stored[wait.place, wait.key] = wait.due
        if rows:
            self._tasks.start(self._forget(), "forget waits that nobody takes up")

    def take(self, place: str, mark: str) -> list[Wait]:
        """The waits that a trigger had under way before the last end, if it says the same now. It
        must `put` or `drop` each."""
        found = [*self._before.pop(place, []), *self._handed_on(place, mark)]
        kept = [wait for wait in found if wait.mark == mark]
        self._undecided |= {(wait.place, wait.key) for wait in kept}
        if len(kept) < len(found):
            self._settle()
        return kept

    @contextmanager
    def over_a_change(self) -> Iterator[None]:
        """While the configuration is taken over: what triggers `leave` meanwhile goes on with the
        trigger of the same automation that says the same, wherever in its list it stands now. What
        none of them takes has ended."""
        self._left = []
        try:
            yield
        finally:
            self._left = None
            self._settle()

    def leave(self, wait: Wait) -> None:
        """A trigger that listens no more had this wait under way; it has dropped it."""
        if self._left is not None:
            self._left.append(wait)

    def _handed_on(self, place: str, mark: str) -> list[Wait]:
        owner = place.rpartition(":")[0]
        mine = [
            wait
            for wait in self._left or ()
            if wait.mark == mark and wait.place.rpartition(":")[0] == owner
        ]
        self._left = [wait for wait in self._left or () if wait not in mine] if mine else self._left
        return [replace(wait, place=place) for wait in mine]

    def put(
        self, place: str, key: str, mark: str, span: timedelta, data: Mapping[str, Any]
    ) -> None:
        """A wait begins (or begins anew); `span` is what is left of it."""
        if self._closed or self._store is None:
            return
        self._undecided.discard((place, key))
        if len(self._live) >= MOST and (place, key) not in self._live:
            if not self._full:
                log.warning("more than %d waits are under way; the rest is not kept", MOST)
            self._full = True
            return
        now = self._clock.monotonic()
        self._live[place, key] = _Live(mark, now, now + span.total_seconds(), data)
        self._settle()

    def drop(self, place: str, key: str) -> None:
        """A wait has ended, one way or the other."""
        if self._closed:
            return
        self._undecided.discard((place, key))
        gone = self._live.pop((place, key), None)
        if gone is not None or (place, key) in self._stored:
            self._settle()

    async def close(self) -> None:
        """Write what is under way and change nothing from here on: triggers that let go because
        the hub ends must not take their waits along."""
        if self._closed:
            return
        self._closed = True
        if self._store is not None:
            await self._write(settled=0.0)

    def _begin_anew(self, _aside: PutAside) -> None:
        """The database was damaged, and has some of the old rows: all are written once more."""
        self._stored = dict.fromkeys(self._stored, _LONG_AGO)
        self._settle()

    async def _forget(self) -> None:
        await self._clock.sleep(CLAIMED_WITHIN_S)
        if self._before:
            self._before.clear()
            self._settle()

    def _settle(self) -> None:
        self._changed = True
        if not self._settling and not self._closed and self._store is not None:
            self._settling = True
            self._tasks.start(self._soon(), "keep waits")
        if not self._watching and self._live:
            self._watching = True
            self._tasks.start(self._watch(), "waits and the clock")

    async def _soon(self) -> None:
        young = True
        while (young or self._changed) and not self._closed:
            await self._clock.sleep(SETTLE_S)
            self._changed = False  # what comes while it is written is for the next time
            young = await self._write(settled=SETTLE_S)
        self._settling = False

    async def _watch(self) -> None:
        """Move what is kept along with a clock that is set."""
        while self._live and not self._closed:
            offset = self._offset()
            await self._clock.sleep(CHECK_S)
            if abs((self._offset() - offset).total_seconds()) > SET_S:
                self._settle()
        self._watching = False

    def _offset(self) -> datetime:
        return self._clock.now() - timedelta(seconds=self._clock.monotonic())

    async def _write(self, *, settled: float) -> bool:
        """Bring the table up to what is under way; True where some of it is too young yet."""
        if self._store is None:
            return False
        now, offset = self._clock.monotonic(), self._offset()
        old = {key: live for key, live in self._live.items() if now - live.since >= settled}
        young = len(old) < len(self._live)
        dues = {key: offset + timedelta(seconds=live.due) for key, live in old.items()}
        kept = {(wait.place, wait.key) for waits in self._before.values() for wait in waits}
        kept |= self._undecided | dues.keys()
        gone = [key for key in self._stored if key not in kept]
        rows = [row for key, due in dues.items() if (row := self._row(key, due, old[key]))]
        if gone or rows:
            try:
                await self._store.write(lambda connection: _replace(connection, gone, rows))
            except Exception:
                log.exception("the waits of automations cannot be kept; again in %.0f s", SETTLE_S)
                return True
        for key in gone:
            self._stored.pop(key, None)
        self._stored.update({(row["place"], row["key"]): row["due"] for row in rows})
        return young

    def _row(self, key: Key, due: datetime, live: _Live) -> dict[str, Any] | None:
        """The row to write, None where it stands there already or cannot be written."""
        before = self._stored.get(key)
        if before is not None and abs((before - due).total_seconds()) <= SET_S:
            return None
        try:
            data = pack(live.data)
        except TypeError as error:
            log.warning("the wait of %s for %s is not kept: %s", *key, error)
            return None
        return {"place": key[0], "key": key[1], "mark": live.mark, "due": due, "data": data}


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_ALL = select(*automation_waits.c)


def _replace(connection: Connection, gone: list[Key], rows: list[dict[str, Any]]) -> None:
    table = automation_waits
    for place, key in [*gone, *((row["place"], row["key"]) for row in rows)]:
        connection.execute(delete(table).where(table.c.place == place, table.c.key == key))
    if rows:
        connection.execute(insert(table), rows)
