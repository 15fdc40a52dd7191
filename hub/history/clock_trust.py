"""Whether the clock may be believed when it says that something is too old.

A clock that is set forward by a year would empty the history. So the latest moment of which the hub
was sure is kept in the database, and nothing is deleted while the clock is further on than can be:

- in a run of the hub: by more than SLACK beyond the seconds that have really passed since (those of
  the monotonic clock, which nobody can set);
- since an earlier run: by more than LONGEST_OFF, as a hub is seldom off for longer.

It is trusted again when it is set right, or when a person says that it is right. A clock that is
set back makes nothing old, and does not move the witness.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from hub.clock import Clock
from hub.history import tables as t
from hub.history.rows import instant, micros
from hub.store.store import Store

SLACK = timedelta(hours=1)
LONGEST_OFF = timedelta(days=7)


class ClockTrust:
    """Keeps the witness."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._sure: datetime | None = None
        self._at = 0.0
        self._slack = LONGEST_OFF
        self.trusted = False

    @property
    def sure(self) -> datetime | None:
        """The latest moment of which the hub was sure; None before the first look."""
        return self._sure

    @property
    def behind(self) -> bool:
        """Whether the clock is further back than it can be, as after a battery that is empty; also
        before the first look."""
        return self._sure is None or self._clock.now() < self._sure - LONGEST_OFF

    async def look(self) -> bool:
        """Compare the clock with the witness; called every minute. Raises what the store raises."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        if self._sure is None:
            known = await self._store.read(_read)
            self._sure, self._at = known or now, monotonic
        latest = self._sure + timedelta(seconds=monotonic - self._at) + self._slack
        self.trusted = now <= latest
        if self.trusted and now >= self._sure:
            await self._believe(now, monotonic)
        return self.trusted

    async def vouch(self) -> None:
        """A person says that the clock is right."""
        await self._believe(self._clock.now(), self._clock.monotonic())
        self.trusted = True

    async def _believe(self, now: datetime, monotonic: float) -> None:
        await self._store.write(lambda connection: _write(connection, now))
        self._sure, self._at, self._slack = now, monotonic, SLACK


def _read(connection: Connection) -> datetime | None:
    """The witness; in a history that has none yet, its newest row."""
    found = connection.execute(select(t.witness.c.trusted)).scalar()
    if found is None:
        newest = [
            connection.execute(select(func.max(table.c.at))).scalar()
            for table in (t.states, t.events)
        ]
        found = max((at for at in newest if at is not None), default=None)
    return None if found is None else instant(found)


def _write(connection: Connection, now: datetime) -> None:
    if not connection.execute(update(t.witness).values(trusted=micros(now))).rowcount:
        connection.execute(insert(t.witness).values(id=1, trusted=micros(now)))
