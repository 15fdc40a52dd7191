"""Durable runs as rows of the alarms database."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from hub.automation.ports import JournalPort
from hub.automation.tables import runs
from hub.clock import Clock
from hub.store.store import Store
from hub.tasks import Tasks

PATIENCE_S = 2.0  # a store that takes longer does not hold up an alarm; it catches up, or is told


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run as it is kept. All values are JSON-ready but the instant."""

    id: str
    automation_id: str
    event_id: str
    event: dict[str, Any]
    trigger: dict[str, Any]
    config_hash: str
    config: dict[str, Any]
    memo: dict[str, dict[str, Any]]
    started_at: datetime
    incident: int | None = None


class _Note:
    """What is to be written of a run; `taken` from when the store is at it."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.taken = False


class RunRows:
    """Writes and reads the rows. Writes of one run are committed in the order they are asked; a
    note that still waits in the store's line gives its place to a newer one."""

    def __init__(self, store: Store, journal: JournalPort, clock: Clock, tasks: Tasks) -> None:
        self._store = store
        self._journal = journal
        self._clock = clock
        self._tasks = tasks
        self._waiting: dict[str, _Note] = {}
        self._taking = threading.Lock()

    async def insert(self, row: RunRow) -> bool:
        """Begin a run and claim its event, in one commit. False where this automation has had a
        run for this event; True too where the store does not answer within PATIENCE_S or fails:
        an alarm is not held up by it."""
        values = {name: getattr(row, name) for name in RunRow.__dataclass_fields__}
        values["memo"] = copy.deepcopy(row.memo)

        def work(connection: Connection) -> None:
            connection.execute(insert(runs), [{**values, "state": "running"}])
            self._journal.claim(connection, row.event_id, row.automation_id)

        async def write() -> bool:
            try:
                await self._store.write(work)
            except IntegrityError:
                return False
            return True

        return await self._patiently(write()) is not False

    async def note(
        self, run_id: str, memo: dict[str, dict[str, Any]], incident: int | None, *, wait: bool
    ) -> None:
        """Keep what was decided. `wait`: until it is committed; otherwise it is only in line, in
        front of every later write."""
        values = {"memo": copy.deepcopy(memo), "incident": incident}
        if wait:
            await self._change(run_id, values)
        else:
            self._line_up(run_id, values)

    async def end(self, run_id: str, state: str, error: str | None, incident: int | None) -> None:
        """The run is over."""
        ended = {"state": state, "error": error, "incident": incident}
        await self._change(run_id, {**ended, "ended_at": self._clock.now()})

    async def known(self, automation_id: str, event_id: str) -> bool:
        """Whether the automation has (had) a run for the event."""
        query = select(runs.c.id).where(
            runs.c.automation_id == automation_id, runs.c.event_id == event_id
        )
        found = await self._store.read(lambda connection: connection.execute(query).first())
        return found is not None

    async def unfinished(self) -> list[RunRow]:
        """Runs that a crash (or a stop of the hub) interrupted, the oldest first."""
        columns = [runs.c[name] for name in RunRow.__dataclass_fields__]
        query = select(*columns).where(runs.c.state == "running")
        query = query.order_by(runs.c.started_at, runs.c.id)
        rows = await self._store.read(lambda connection: connection.execute(query).mappings().all())
        return [RunRow(**row) for row in rows]

    async def _change(self, run_id: str, values: dict[str, Any]) -> None:
        def work(connection: Connection) -> None:
            connection.execute(update(runs).where(runs.c.id == run_id).values(**values))

        self._waiting.pop(run_id, None)  # what comes after this write may not stand before it
        await self._patiently(self._store.write(work))

    def _line_up(self, run_id: str, values: dict[str, Any]) -> None:
        with self._taking:
            waiting = self._waiting.get(run_id)
            if waiting is not None and not waiting.taken:
                waiting.values = values
                return
        note = self._waiting[run_id] = _Note(values)

        def work(connection: Connection) -> None:
            with self._taking:
                note.taken = True
            connection.execute(update(runs).where(runs.c.id == run_id).values(**note.values))

        async def write() -> None:
            try:
                await self._store.write(work)
            finally:
                if self._waiting.get(run_id) is note:
                    del self._waiting[run_id]

        # tasks begin in the order they are started, and so does an action: this write is in line
        # before any that comes after it
        self._tasks.begin(write(), "note a run")

    async def _patiently(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What `work` gives; None where it failed (logged) or takes longer than PATIENCE_S."""
        writing = self._tasks.begin(work, "write a run")
        timer = asyncio.ensure_future(self._clock.sleep(PATIENCE_S))
        try:
            await asyncio.wait((writing, timer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        return writing.result() if writing.done() and writing.exception() is None else None
