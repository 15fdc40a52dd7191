"""Supervised tasks: each has an owner, a name and an end."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

from hub.clock import Clock

log = logging.getLogger("hub.tasks")

T = TypeVar("T")

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 300.0
HEALTHY_AFTER_S = 60.0  # a loop that ran this long starts again with the shortest pause


EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}


def begin(work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
    """A task. From Python 3.12 on its first stretch runs at once, which spares a turn of the event
    loop where it never has to wait."""
    return asyncio.Task(work, loop=asyncio.get_running_loop(), name=name, **EAGER)


class Tasks:
    """The tasks of one owner; `close()` ends them all."""

    def __init__(self, owner: str, clock: Clock) -> None:
        self.owner = owner
        self._clock = clock
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(
        self, work: Coroutine[Any, Any, Any], name: str, *, alone: bool = False
    ) -> asyncio.Task[Any]:
        """Run once. A failure is logged with the owner's name and ends nobody else. `alone`: what
        goes on for long is no consequence of whatever happened to begin it."""
        self._check_open(work, name)
        context = Context() if alone else None
        full_name = f"{self.owner}:{name}"
        task = asyncio.create_task(self._once(work, name), name=full_name, context=context)
        return self._own(task, work)

    def begin(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """The same, begun at once where Python can. Who awaits it gets what it raises."""
        self._check_open(work, name)
        task = begin(work, f"{self.owner}:{name}")
        if task.done():
            self._tell_failure(task)
        else:
            self._own(task, work).add_done_callback(self._tell_failure)
        return task

    def _tell_failure(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("%s: task '%s' failed", self.owner, task.get_name(), exc_info=error)

    def _check_open(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        if self._closed:
            work.close()
            raise RuntimeError(f"{self.owner} is closed; it starts no '{name}'")

    def _own(self, task: asyncio.Task[Any], work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        def ended(_: object) -> None:
            self._tasks.discard(task)
            work.close()  # it never began if it was cancelled at once

        self._tasks.add(task)
        task.add_done_callback(ended)
        return task

    def loop(
        self,
        work: Callable[[], Awaitable[Any]],
        name: str,
        *,
        failed: Callable[[BaseException], None] | None = None,
        longest_pause: float = LONGEST_PAUSE_S,
    ) -> asyncio.Task[Any]:
        """Run for ever: when it raises, again after a pause (1 s, doubling, to `longest_pause`).
        When it returns, it is done. `failed` hears of each failure, after the log."""
        return self.start(self._again(work, name, failed, longest_pause), name, alone=True)

    async def _once(self, work: Coroutine[Any, Any, Any], name: str) -> Any:
        try:
            return await work
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("%s: task '%s' failed", self.owner, name)
            return None

    async def _again(
        self,
        work: Callable[[], Awaitable[Any]],
        name: str,
        failed: Callable[[BaseException], None] | None,
        longest_pause: float,
    ) -> None:
        pause = FIRST_PAUSE_S
        while True:
            began = self._clock.monotonic()
            try:
                await work()
                return
            except asyncio.CancelledError:
                raise
            except Exception as error:
                if self._clock.monotonic() - began > HEALTHY_AFTER_S:
                    pause = FIRST_PAUSE_S
                log.exception("%s: '%s' failed; again in %.0f s", self.owner, name, pause)
                if failed is not None:
                    failed(error)
            await self._clock.sleep(pause)
            pause = min(pause * 2, longest_pause)

    async def close(self, timeout: float = 5.0) -> list[str]:
        """Cancel all and wait; returns the names of those that did not end in time."""
        self._closed = True
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if not tasks:
            return []
        _, left = await asyncio.wait(tasks, timeout=timeout)
        names = [task.get_name() for task in left]
        for name in names:
            log.error("task '%s' did not end within %.0f s", name, timeout)
        return names
