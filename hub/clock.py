"""Time. Only this file asks the system for it; deadlines are instants, waits are monotonic."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a room may ask of time."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; at least one turn of the event loop, also for 0 or less."""
        ...

    def call_later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        """Call `call` from the event loop when so many seconds have passed, unless what is
        returned was called before. Cheaper than a task that sleeps."""
        ...


def cpu_seconds() -> float:
    """CPU time that this thread has used: for limits on work, which no virtual clock turns."""
    return time.thread_time()


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    def call_later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        return asyncio.get_running_loop().call_later(max(0.0, seconds), call).cancel


TIDY = 1_000  # sleepers, from which on a virtual clock looks for those that were given up


class VirtualClock:
    """A clock that stands still until told to advance: for tests and rehearsals."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._elapsed = 0.0
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._tidy_at = TIDY

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    def jump(self, seconds: float) -> None:
        """Shift the wall clock alone, as somebody who sets it (or NTP) does."""
        self._start += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        await self._future(seconds)

    def call_later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        future = self._future(seconds)
        future.add_done_callback(lambda done: None if done.cancelled() else call())

        def cancel() -> None:
            future.cancel()

        return cancel

    def _future(self, seconds: float) -> asyncio.Future[None]:
        if len(self._waiting) >= self._tidy_at:  # else those that were given up wait to their end
            self._waiting = [each for each in self._waiting if not each[2].done()]
            heapq.heapify(self._waiting)
            self._tidy_at = max(TIDY, 2 * len(self._waiting))
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self._elapsed + seconds, next(self._order), future))
        return future

    async def advance(self, seconds: float, settle: Callable[[], Awaitable[None]]) -> None:
        """Let `seconds` pass, waking each sleeper at its own moment; `settle` lets the rest of the
        program do what follows from each before time goes on."""
        end = self._elapsed + seconds
        await settle()
        while self._waiting and self._waiting[0][0] <= end:
            due, _, future = heapq.heappop(self._waiting)
            if future.done():
                continue
            self._elapsed = max(self._elapsed, due)
            future.set_result(None)
            await settle()
        self._elapsed = end
        await settle()


async def sleep_until(clock: Clock, instant: datetime) -> None:
    """Wait for an instant of the wall clock, in steps of at most a minute, so that a clock that
    is set in the meantime is noticed."""
    while (left := (instant - clock.now()).total_seconds()) > 0:
        await clock.sleep(min(left, 60.0))


class Waker:
    """Lets a loop sleep until an instant, or until somebody pokes it, whichever comes first."""

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock = clock
        self._name = name
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """Wake the loop; one that is at work now will not sleep the next time."""
        self._poked.set()

    async def wait(self, until: datetime | None = None) -> None:
        """Sleep until `until` (None: as long as nobody pokes)."""
        waiting: set[asyncio.Task[object]] = {
            asyncio.create_task(self._poked.wait(), name=f"{self._name}:poked")
        }
        if until is not None:
            timer = asyncio.create_task(sleep_until(self._clock, until), name=f"{self._name}:timer")
            waiting.add(timer)
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        self._poked.clear()
