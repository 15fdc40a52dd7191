"""Takes note of what happens on the bus, and writes it to bulk.db in batches."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import asdict
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from hub.bus import Bus, Unsubscribe
from hub.clock import Clock, Waker
from hub.history.buffer import Buffer
from hub.history.writing import StateMet, Writer
from hub.model.core_events import HistoryCaughtUp, HistoryShed
from hub.model.entity import State
from hub.model.event import Event
from hub.store.store import Store, StoreClosed, StoreFull
from hub.tasks import Tasks

log = logging.getLogger("hub.history")

EVERY_S = 1.0
BATCH = 500
"""Rows of a batch: few, so that the audit log, which shares the writer of bulk.db, is not held up;
only one batch is under way at a time."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
STOP_S = 5.0


class Recorder:
    """The bus only appends to the buffer; one task writes it, every second or when a batch is full.

    What cannot be written (a full disk) waits in the buffer, which is bounded: then the least
    important is dropped. Both are told once when they begin and once when they are over.
    """

    def __init__(
        self, store: Store, bus: Bus, clock: Clock, tasks: Tasks, buffer: Buffer | None = None
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._tasks = tasks
        self._buffer = buffer if buffer is not None else Buffer()
        self._writer = Writer()
        self._waker = Waker(clock, "history")
        self._writing = asyncio.Lock()
        self._under_way = 0
        self._is_shedding = False
        self._is_broken = False
        self._refused: set[str] = set()
        self._unsubscribe: Unsubscribe = lambda: None
        self.written = 0
        """Events that were committed since the start."""

    @property
    def waiting(self) -> int:
        """Events that are not committed yet."""
        return len(self._buffer) + self._under_way

    def start(self) -> None:
        """Listen, and write from now on."""
        self._unsubscribe = self._bus.subscribe(None, self._take, owner="history")
        self._tasks.loop(self._run, "recorder", longest_pause=LONGEST_PAUSE_S)
        self._tasks.loop(self._tick, "ticks of the recorder")

    async def stop(self) -> None:
        """Write what waits, for at most STOP_S."""
        self._unsubscribe()
        try:
            async with asyncio.timeout(STOP_S):
                await self.flush()
        except TimeoutError:
            log.error("the history was not written in time: %d events are lost", self.waiting)

    def _take(self, event: Event) -> None:
        if event.received_at is None:
            event = event.stamped(area=None, received_at=self._clock.now())
        if self._buffer.put(event) == BATCH:
            self._waker.poke()

    def begin_anew(self) -> None:
        """The database is another one: what was written into the one before is not known there."""
        self._writer = Writer()

    def meet(self, present: Iterable[tuple[State, str | None]]) -> None:
        """Take note of what entities are now, where the history does not know it."""
        now = self._clock.now()
        for state, area in present:
            self._take(StateMet(source=state.entity_id, area=area, received_at=now, state=state))

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(EVERY_S)
            self._tell()
            if self._buffer:
                self._waker.poke()

    async def _run(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            await self._waker.wait()
            if await self.flush():
                pause = FIRST_PAUSE_S
                continue
            await self._clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def flush(self) -> bool:
        """Write all that waits now. False where the database could not be written: what waits stays
        and is tried again."""
        async with self._writing:
            while batch := self._buffer.take(BATCH):
                self._under_way = len(batch)
                try:
                    await self._store.write(partial(self._writer.write, batch=batch))
                except (SQLAlchemyError, OSError, StoreFull, StoreClosed) as error:
                    self._writer.forget()
                    self._buffer.put_back(batch)
                    self._say_broken(error)
                    return False
                finally:
                    self._under_way = 0
                self.written += len(batch)
                self._say_written(self._writer.keep())
        return True

    # what people are told

    def _say_broken(self, error: Exception) -> None:
        if not self._is_broken:
            self._is_broken = True
            log.error(
                "the history cannot be written (%s); %d events wait in memory, and are tried again",
                getattr(error, "orig", None) or error, self.waiting,
            )  # fmt: skip

    def _say_written(self, refused: dict[str, str]) -> None:
        if self._is_broken:
            self._is_broken = False
            log.warning("the history is written again")
        for event_type in refused.keys() - self._refused:
            self._refused.add(event_type)
            log.error("'%s' cannot be recorded: %s", event_type, refused[event_type])

    def _tell(self) -> None:
        """That events are dropped, and that it is over: at most half of what may wait does."""
        shed, now = self._buffer.shed, self._clock.now()
        if shed.total and not self._is_shedding:
            self._is_shedding = True
            log.error("the history falls behind and drops the least important: %s", shed)
            self._bus.publish(HistoryShed(source="hub", received_at=now, **asdict(shed)))
        elif self._is_shedding and self.waiting <= self._buffer.bound // 2:
            self._is_shedding = False
            self._buffer.start_over()
            log.warning("the history has caught up; dropped in all: %s", shed)
            self._bus.publish(HistoryCaughtUp(source="hub", received_at=now, **asdict(shed)))
