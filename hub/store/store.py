"""One database: one writer thread that commits in groups, and a few threads that read."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError

log = logging.getLogger("hub.store")

T = TypeVar("T")

GROUP = 256  # at most so many writes share one commit
WAITING = 20_000  # at most so many writes wait; more are refused with StoreFull
READERS = 2


class StoreFull(Exception):
    """More writes wait than the store can take; the caller must slow down or shed."""


class StoreClosed(Exception):
    """The store was closed before the write was committed."""


class Store:
    """Runs functions of a SQLAlchemy connection: `write` in order, in one thread, `read` beside.

    `synchronous`: FULL syncs each commit to disk (alarms), NORMAL may lose the last commits at a
    power cut but never the database (bulk).
    """

    def __init__(self, name: str, url: str, *, synchronous: str = "FULL") -> None:
        self.name = name
        self.url = url
        self._synchronous = synchronous
        self.engine = self._make_engine()
        self._queue: queue.Queue[_Write | None] = queue.Queue(WAITING)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix=f"{name}-read")
        self._thread = threading.Thread(target=self._run, name=f"{name}-write", daemon=True)
        self._closed = False
        self._asked = 0

    @classmethod
    def at(cls, path: Path, *, synchronous: str = "FULL") -> Store:
        """A SQLite store in a file; its folder is made where missing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(path.stem, f"sqlite:///{path}", synchronous=synchronous)

    def _make_engine(self) -> Engine:
        engine = create_engine(self.url, hide_parameters=True)
        if engine.dialect.name == "sqlite":

            @event.listens_for(engine, "connect")
            def _connect(connection: Any, _record: Any) -> None:
                # pysqlite's own BEGIN comes too late for SAVEPOINT; `begin` below sends it
                connection.isolation_level = None
                cursor = connection.cursor()
                cursor.execute("PRAGMA journal_mode=WAL")
                cursor.execute(f"PRAGMA synchronous={self._synchronous}")
                cursor.execute("PRAGMA foreign_keys=ON")
                cursor.execute("PRAGMA busy_timeout=5000")
                cursor.close()

            @event.listens_for(engine, "begin")
            def _begin(connection: Connection) -> None:
                immediate = connection.get_execution_options().get("writes", False)
                connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

        return engine

    def open(self) -> None:
        """Start the writer; the tables must be there (see hub.store.migrate)."""
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in the writer; returns when it is committed (and synced, with FULL).

        Several writes may share one commit, each in a savepoint of its own: what one raises is
        raised here and undoes that one alone. Raises StoreFull and StoreClosed.
        """
        if self._closed:
            raise StoreClosed(f"{self.name} is closed")
        job = _Write(work, asyncio.get_running_loop())
        try:
            self._queue.put_nowait(job)
        except queue.Full:
            raise StoreFull(f"{WAITING} writes wait for {self.name}") from None
        self._asked += 1
        try:
            result: T = await job.future
        finally:
            self._asked -= 1
        return result

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a reading thread, on what is committed now."""

        def run() -> T:
            with self.engine.connect() as connection:
                return work(connection)

        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, run)
        finally:
            self._asked -= 1

    @property
    def asked(self) -> int:
        """Reads and writes that somebody waits for."""
        return self._asked

    async def close(self) -> None:
        """Commit what waits, then let go of the file."""
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        if self._thread.is_alive():
            await loop.run_in_executor(None, self._queue.put, None)
            await loop.run_in_executor(None, self._thread.join)
        self._readers.shutdown(wait=True)
        self.engine.dispose()

    def _run(self) -> None:
        connection: Connection | None = None
        while (first := self._queue.get()) is not None:
            jobs = [first]
            ended = self._take(jobs)
            try:
                connection = connection or self.engine.connect().execution_options(writes=True)
            except Exception as error:
                log.exception("%s cannot be opened; what was to be written is refused", self.name)
                for job in jobs:
                    job.fail(error)
                    job.tell()
            else:
                self._commit(connection, jobs)
            if ended:
                break
        if connection is not None:
            connection.close()

    def _take(self, jobs: list[_Write]) -> bool:
        while len(jobs) < GROUP:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return False
            if job is None:
                return True
            jobs.append(job)
        return False

    def _commit(self, connection: Connection, jobs: list[_Write]) -> None:
        try:
            with connection.begin():
                for job in jobs:
                    job.run(connection)
        except Exception as error:
            if len(jobs) > 1:  # one may have spoilt it for the others
                for job in jobs:
                    job.error = None
                    self._commit(connection, [job])
                return
            log.exception("%s: the commit failed; a write is undone", self.name)
            for job in jobs:
                job.fail(error)
        for job in jobs:
            job.tell()


class _Write:
    """One unit of work on its way to a commit."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[Connection], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        try:
            with connection.begin_nested():
                self.result = self.work(connection)
        except DBAPIError as error:
            if error.connection_invalidated or not isinstance(error, IntegrityError):
                raise  # disk full, I/O error, corruption: the whole commit is at stake
            self.error = error
        except Exception as error:  # noqa: BLE001 - it is raised again for the one who asked
            self.error = error

    def fail(self, error: BaseException) -> None:
        self.error = self.error or error

    def tell(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop that asked is gone
            self.loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)
