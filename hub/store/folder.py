"""The data folder: one hub at a time works in it.

A damaged `bulk.db` is put aside and begun anew, since what it holds (but the people, who are
carried over) nobody needs to be told of an alarm. A damaged `alarms.db` is left where it is: it
holds alarms that nobody has answered, and what becomes of them a person must say.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from sqlalchemy import MetaData

from hub.clock import Clock, SystemClock
from hub.store.anew import Begin, begin_anew
from hub.store.damage import PutAside, is_damage
from hub.store.migrate import CannotBeRead, migrate
from hub.store.store import Store
from hub.store.tables import alarms, bulk

ALARMS_DAMAGED = (
    "{path} is damaged ({why}). It holds alarms that nobody has answered yet, so the hub does not "
    "put it aside by itself. Put it back from a copy, or rescue what can be read: sqlite3 "
    "{path} .recover | sqlite3 rescued.db, and put rescued.db in its place. To start without it, "
    "move it and its -wal and -shm elsewhere: what it holds is then told to nobody"
)
BESIDE_DAMAGED = "{path} is damaged ({why}); the hub puts it aside when it is started"


class FolderInUse(Exception):
    """Another hub works in this data folder."""


class Damaged(OSError):
    """A database is damaged, and a person must act; the message says how."""


class DataFolder:
    """Holds the lock and the two stores of a data folder. `begin` writes the first rows of a
    bulk.db that takes the place of a damaged one; `put_aside` are those that were damaged when the
    folder was opened."""

    def __init__(self, path: Path, clock: Clock | None = None, begin: Begin | None = None) -> None:
        self.path = path
        self.put_aside: list[PutAside] = []
        self._clock = clock or SystemClock()
        self._begin = begin
        self.alarms = Store.at(path / "alarms.db", synchronous="FULL")
        self.bulk = Store.at(path / "bulk.db", synchronous="FULL")
        self._lock: int | None = None

    def open(self) -> None:
        """Take the lock, bring both databases up to date, start their writers; blocks.

        Raises FolderInUse, StoreTooNew, Damaged, OSError.
        """
        self.path.chmod(0o700)
        self._take_lock()
        self._migrate(self.alarms, alarms, ALARMS_DAMAGED)
        try:
            migrate(self.bulk, bulk)
        except CannotBeRead as error:
            if not is_damage(error.__cause__ or error):
                raise
            self.bulk.engine.dispose()
            self.put_aside.append(self._begin_anew(error.why))
        self.bulk.renew = self._begin_anew
        self.alarms.open()
        self.bulk.open()

    def _begin_anew(self, why: str) -> PutAside:
        return begin_anew(self.path / "bulk.db", bulk, why, self._clock, self._begin)

    def _migrate(self, store: Store, metadata: MetaData, advice: str) -> None:
        try:
            migrate(store, metadata)
        except CannotBeRead as error:
            if not is_damage(error.__cause__ or error):
                raise
            path = self.path / f"{store.name}.db"
            raise Damaged(advice.format(path=path, why=error.why)) from error

    def open_beside(self) -> None:
        """Open the stores beside a running hub: for commands that change people, say. Raises
        Damaged, StoreTooNew, OSError."""
        self._migrate(self.bulk, bulk, BESIDE_DAMAGED)
        self.bulk.open()

    def _take_lock(self) -> None:
        handle = os.open(self.path / "hub.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise FolderInUse(f"another hub works in {self.path}") from None
        self._lock = handle

    async def close(self) -> None:
        """Commit what waits, and let go of the lock (the system does it at a crash)."""
        await self.alarms.close()
        await self.bulk.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
