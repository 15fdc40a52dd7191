"""Calls of scripts while they go on, and which of them wait for which."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import groupby
from typing import Any


class Calling:
    """One call of a script while it goes on. `within` are the calls that it stands in, the
    outermost first; `waits_for` those that must end before it begins."""

    def __init__(self, script: str, within: tuple[Calling, ...]) -> None:
        self.script = script
        self.within = within
        self.waits_for: tuple[Calling, ...] = ()
        self.ended = asyncio.Event()
        self.stop_reason: str | None = None
        self.task: asyncio.Task[Any] | None = None
        self._parts: list[Calling] = []

    def begin(self) -> None:
        """From now on the call that it stands in cannot end before it."""
        if self.within:
            self.within[-1]._parts.append(self)

    def end(self) -> None:
        """It is over; whoever waited for it may go on."""
        if self.within:
            self.within[-1]._parts.remove(self)
        self.ended.set()

    async def turn(self) -> None:
        """Wait until those have ended that came before."""
        for other in self.waits_for:
            await other.ended.wait()
        self.waits_for = ()  # a long line of calls must not keep all that were ever in it

    def stop(self, reason: str) -> None:
        """End it; its caller goes on."""
        if self.stop_reason is None:
            self.stop_reason = reason
            if self.task is not None:
                self.task.cancel()

    def circle(self, before: Iterable[Calling]) -> list[str] | None:
        """The scripts that would wait for each other for ever if this call waited for those
        `before` it; None where there is no such circle.

        A call ends after the calls within it, and begins after those that it waits for. There is a
        circle where that leads from one of `before` to a call that this one stands in. Only a new
        call that waits can close one, so it is enough to look then.
        """
        ways: list[tuple[Calling, ...]] = [(other,) for other in before]
        seen: set[Calling] = set()
        while ways:
            way = ways.pop()
            last = way[-1]
            if last in self.within:
                names = [self.script, *(each.script for each in way), self.script]
                return [name for name, _ in groupby(names)]
            if last not in seen and not last.ended.is_set():
                seen.add(last)
                ways += [(*way, each) for each in (*last._parts, *last.waits_for)]
        return None
