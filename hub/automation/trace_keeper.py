"""Carries the book of traces into the bulk database, and reads there what memory has not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub.automation import trace_rows
from hub.automation.trace import Plain, Trace
from hub.automation.trace_rows import Latest, TraceRow
from hub.automation.traces import TraceBook, mark_of
from hub.clock import Clock
from hub.store.store import Store
from hub.tasks import Tasks

log = logging.getLogger("hub.automation")

EVERY_S = 5.0
SLICE = 20  # traces of one commit, so that neither the event loop nor the store waits long
ROUND = 1_000  # traces of one round
PURGE_S = 3_600.0
LONGEST = timedelta(days=90)  # traces hold what triggers saw, plates too: none is kept for ever
MOST = 100_000  # rows, of all automations
STOP_S = 5.0
PATIENCE_S = 0.5
LONGEST_PAUSE_S = 60.0
KNOWN_S = 30.0


class TraceKeeper:
    """Writes what has changed and is still kept, every few seconds and when the hub stops: a burst
    of triggers costs what is kept of it. Where the store fails, the traces stay in memory, as many
    as the book keeps. `may_delete`: whether the clock may be believed when it says that something
    is too old."""

    def __init__(self, book: TraceBook, store: Store, clock: Clock, tasks: Tasks) -> None:
        self._book = book
        self._store = store
        self._clock = clock
        self._tasks = tasks
        self._task: asyncio.Task[None] | None = None
        self._known: tuple[float, Mapping[str, Latest]] | None = None
        self._is_first = True
        self.may_delete: Callable[[], bool] = lambda: True

    async def start(self) -> None:
        """Before any run begins: those that the last process left under way were interrupted.
        Where the store is not at hand, that is noted with the first traces that are written."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._store.write(trace_rows.interrupt)
        except Exception as error:  # noqa: BLE001 - nothing of the store may hold up the hub
            log.error("the traces cannot be written yet: %s", error or type(error).__name__)
        self._tasks.loop(self._cut, "cut traces")
        self._task = self._tasks.loop(self._keep_on, "keep traces", longest_pause=LONGEST_PAUSE_S)

    async def stop(self) -> None:
        """After the last run ended."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        try:
            async with asyncio.timeout(STOP_S):
                while await self.flush():
                    pass
        except Exception:
            log.exception("the last traces cannot be written")

    async def _keep_on(self) -> None:
        purged: float | None = None
        while True:
            now = self._clock.monotonic()
            if purged is None or now - purged > PURGE_S:
                purged = now
                await self._purge()
            await self._clock.sleep(EVERY_S)
            await self.flush()

    async def _cut(self) -> None:
        """Runs that are over hold their values for a few seconds only, whether they can be written
        or not: one value may be a megabyte."""
        while True:
            await self._clock.sleep(EVERY_S)
            for number, trace in enumerate(self._book.uncut()):
                if number % SLICE == SLICE - 1:
                    await asyncio.sleep(0)
                trace.cut()

    async def _purge(self) -> None:
        if not self.may_delete():
            return
        before = self._clock.now() - LONGEST
        await self._store.write(lambda connection: trace_rows.purge(connection, before, MOST))

    async def flush(self) -> int:
        """Write what has changed, at most ROUND of it; how many were written."""
        waiting = self._book.unwritten(ROUND)
        for begin in range(0, len(waiting), SLICE):
            await self._write(waiting[begin : begin + SLICE])
        return len(waiting)

    async def _write(self, traces: list[Trace]) -> None:
        marks = [mark_of(trace) for trace in traces]
        rows = [self._row(trace) for trace in traces]
        is_first = self._is_first

        def work(connection: Connection) -> None:
            if is_first:
                trace_rows.interrupt(connection)
            trace_rows.write(connection, rows)

        await self._store.write(work)
        self._is_first = False
        for trace, mark in zip(traces, marks, strict=True):
            self._book.written(trace, mark)

    def _row(self, trace: Trace) -> TraceRow:
        keep = self._book.keep(trace.automation, nearly=trace.nearly)
        if trace.ended_at is not None and not trace.is_cut:
            trace.cut()
        return TraceRow(trace.plain(), trace.started_at, keep)

    async def of(self, automation_id: str) -> list[Plain]:
        """What an automation did and nearly did last, the newest first: from memory, and what was
        written by processes before."""
        fresh = [trace.plain() for trace in reversed(self._book.of(automation_id))]
        known = {plain["run"] for plain in fresh}
        old = await self._store.read(lambda connection: trace_rows.of(connection, automation_id))
        all_of_them = [*fresh, *(plain for plain in old if plain["run"] not in known)]
        found: list[Plain] = []
        for nearly in (False, True):
            kind = [plain for plain in all_of_them if plain["nearly"] is nearly]
            found += kind[: self._book.keep(automation_id, nearly=nearly)]
        return sorted(found, key=_started_at, reverse=True)

    async def latest(self) -> dict[str, Latest]:
        """The traces of each automation at a glance."""
        found = dict(await self._stored())
        for automation in self._book.automations():
            traces = self._book.of(automation)
            before = found.get(automation, Latest())
            nearly = max(before.nearly, sum(trace.nearly for trace in traces))
            runs = [trace for trace in traces if not trace.nearly]
            last = runs[-1] if runs else None
            found[automation] = (
                Latest(before.run, before.state, before.started_at, nearly)
                if last is None
                else Latest(last.run, last.state, last.started_at, nearly)
            )
        return found

    async def _stored(self) -> Mapping[str, Latest]:
        """What the database says of it; a look at all rows, so not at each refresh of a page. What
        happens meanwhile is in memory."""
        now = self._clock.monotonic()
        if self._known is None or now - self._known[0] > KNOWN_S:
            self._known = now, await self._store.read(_latest)
        return self._known[1]


def _latest(connection: Connection) -> dict[str, Latest]:
    return trace_rows.latest(connection)


def _started_at(plain: Plain) -> datetime:
    return datetime.fromisoformat(plain["started_at"])
