"""An event loop that knows when nothing is left to do: virtual time may go on only then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

from hub.store.store import Store

T = TypeVar("T")

TURNS = 1_000_000  # of the loop at one moment; rules that start each other without end need more


class NeverQuiet(Exception):
    """What happens at one moment leads to more without end."""


class QuietLoop(asyncio.SelectorEventLoop):
    """Counts what is scheduled. A turn in which nobody but the one who counts schedules anything
    has left nothing that could run before time goes on or a thread answers."""

    def __init__(self) -> None:
        super().__init__()
        self.scheduled = 0

    def call_soon(  # type: ignore[override]  # typeshed ties the arguments to the callback's
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """As in asyncio; and counted."""
        self.scheduled += 1
        return super().call_soon(callback, *args, context=context)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=QuietLoop) as runner:
        return runner.run(work)


class Quiet:
    """Waits until everything has happened that follows from what has happened."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._quiet_at = -1

    async def settle(self) -> None:
        """Returns at once where nothing was scheduled since the last time. To be awaited on a
        QuietLoop. Raises NeverQuiet."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, QuietLoop)
        began = loop.scheduled
        while loop.scheduled != self._quiet_at or self._store.asked:
            before = loop.scheduled
            if before - began > TURNS:
                raise NeverQuiet("what happens now leads to more without end")
            await asyncio.sleep(0)
            if loop.scheduled - before > 1:
                continue
            if self._store.asked:
                await self._store.write(lambda connection: None)  # what was asked is done first
                continue
            self._quiet_at = loop.scheduled
