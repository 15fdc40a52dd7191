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

from hub.store.damage import PutAside, is_damage

log = logging.getLogger("hub.store")

T = TypeVar("T")

GROUP = 256  # at most so many writes share one commit
WAITING = 20_000  # at most so many writes wait; more are refused with StoreFull
READERS = 2
RENEWALS = 3  # of a database while the hub runs: what is damaged again and again is the disk
WHAT_TO_DO = (
    "stop the hub, look at the disk, and put the database back from a copy or rescue it, as "
    "docs/operations.md says"
)


class StoreFull(Exception):
    """More writes wait than the store can take; the caller must slow down or shed."""


class StoreClosed(Exception):
    """The store was closed before the write was committed."""


class BegunAnew(OSError):
    """The database was damaged and is put aside: what was asked of it may not fit the new one, and
    is to be asked again by whoever knows."""


class Store:
    """Runs functions of a SQLAlchemy connection: `write` in order, in one thread, `read` beside.

    `synchronous`: FULL syncs each commit to disk (alarms), NORMAL may lose the last commits at a
    power cut but never the database (bulk).

    `renew` is called in the writer's thread with what SQLite says of a database that it finds
    damaged; it puts the file aside and makes another. Then each of `renewed` is called in the event
    loop: what is remembered of the old rows (their numbers, say) is not true of the new database.
    Whatever was asked for before they were called fails with BegunAnew.
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
        self.renew: Callable[[str], PutAside] | None = None
        self.renewed: list[Callable[[PutAside], None]] = []
        self._age = 0  # databases that were put aside, as the writer knows
        self._known_age = 0  # and as those know who ask
        self._damage: BaseException | None = None
        self._is_told = False

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
        job = _Write(work, asyncio.get_running_loop(), self._known_age)
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
        loop = asyncio.get_running_loop()

        def run() -> T:
            age = self._age
            try:
                with self.engine.connect() as connection:
                    return work(connection)
            except Exception as error:
                if is_damage(error) and age == self._age:
                    self._tell_writer(error, loop)
                raise

        self._asked += 1
        try:
            return await loop.run_in_executor(self._readers, run)
        finally:
            self._asked -= 1

    def _tell_writer(self, error: BaseException, loop: asyncio.AbstractEventLoop) -> None:
        """A reader has found damage; the writer is woken to deal with it."""
        self._note_damage(error)
        wake = _Write(lambda connection: None, loop, self._age)
        wake.future.add_done_callback(asyncio.Future.exception)  # nobody waits for it
        with contextlib.suppress(queue.Full):  # then it is awake
            self._queue.put_nowait(wake)

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
                self._note_damage(error)
            else:
                self._commit(connection, self._of_this_age(jobs))
            if self._damage is not None:
                connection = self._begin_anew(connection, first.loop)
            if ended:
                break
        if connection is not None:
            connection.close()

    def _of_this_age(self, jobs: list[_Write]) -> list[_Write]:
        for job in jobs:
            if job.age != self._age:
                job.fail(BegunAnew(f"{self.name} was damaged, and is begun anew"))
                job.tell()
        return [job for job in jobs if job.age == self._age]

    def _note_damage(self, error: BaseException) -> None:
        """The writer, or a reader, has met this error."""
        if not is_damage(error):
            return
        if self.renew is not None:
            self._damage = error
        elif not self._is_told:
            self._is_told = True
            why = getattr(error, "orig", error)
            log.critical("%s is damaged (%s) and stays in use: %s", self.name, why, WHAT_TO_DO)

    def _begin_anew(
        self, connection: Connection | None, loop: asyncio.AbstractEventLoop
    ) -> Connection | None:
        """The connection to go on with."""
        error, self._damage = self._damage, None
        if self.renew is None or self._age >= RENEWALS:
            self.renew = None
            return connection
        why = str(getattr(error, "orig", error))
        with contextlib.suppress(Exception):  # it is damaged: letting go of it may fail too
            if connection is not None:
                connection.close()
        self.engine.dispose()
        try:
            aside = self.renew(why)
        except Exception:
            log.exception("%s is damaged and cannot be put aside before the next start", self.name)
            self.renew = None
            return None
        self.engine.dispose()  # what readers have opened meanwhile is the old one
        self._age += 1
        try:
            loop.call_soon_threadsafe(self._tell_renewed, aside)
        except RuntimeError:  # the loop that asked is gone, and nobody remembers anything
            self._known_age = self._age
        return None

    def _tell_renewed(self, aside: PutAside) -> None:
        self._known_age += 1
        for hear in self.renewed:
            try:
                hear(aside)
            except Exception:
                log.exception("%s was begun anew, and not everybody has taken note", self.name)

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
        if self._damage is not None:  # found by one of these, each of which was tried by itself
            for job in jobs:
                job.fail(self._damage)
                job.tell()
            return
        try:
            with connection.begin():
                for job in jobs:
                    job.run(connection)
        except Exception as error:
            self._note_damage(error)
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

    __slots__ = ("age", "error", "future", "loop", "result", "work")

    def __init__(
        self, work: Callable[[Connection], Any], loop: asyncio.AbstractEventLoop, age: int
    ) -> None:
        self.work = work
        self.age = age
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
