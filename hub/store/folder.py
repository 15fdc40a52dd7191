"""The data folder: one hub at a time works in it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from hub.store.migrate import migrate
from hub.store.store import Store
from hub.store.tables import alarms, bulk


class FolderInUse(Exception):
    """Another hub works in this data folder."""


class DataFolder:
    """Holds the lock and the two stores of a data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.alarms = Store.at(path / "alarms.db", synchronous="FULL")
        self.bulk = Store.at(path / "bulk.db", synchronous="FULL")
        self._lock: int | None = None

    def open(self) -> None:
        """Take the lock, bring both databases up to date, start their writers; blocks.

        Raises FolderInUse, StoreTooNew, OSError.
        """
        self.path.chmod(0o700)
        self._take_lock()
        migrate(self.alarms, alarms)
        migrate(self.bulk, bulk)
        self.alarms.open()
        self.bulk.open()

    def open_beside(self) -> None:
        """Open the stores beside a running hub: for commands that change people, say."""
        migrate(self.bulk, bulk)
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
