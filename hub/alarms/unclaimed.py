"""No alarm goes unanswered for because a rule is missing, switched off or broken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from hub.alarms.journal import Journal
from hub.clock import Clock, Waker
from hub.model.event import Event

GRACE = timedelta(seconds=5)


class Unclaimed:
    """Opens the default incident for a durable event that no rule has claimed within GRACE.

    Its list is only a cache: at start it is filled again from the journal.
    """

    def __init__(
        self, journal: Journal, clock: Clock, open_default: Callable[[Event], Awaitable[None]]
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._open_default = open_default
        self._watched: dict[str, tuple[Event, float]] = {}
        self._waker = Waker(clock, "unclaimed")
        journal.on_unhandled = open_default

    def watch(self, event: Event) -> None:
        self._watched[event.id] = event, self._clock.monotonic() + GRACE.total_seconds()
        self._waker.poke()

    def forget(self, event_id: str) -> None:
        self._watched.pop(event_id, None)

    async def run(self) -> None:
        """Serve for ever."""
        self._give_grace()
        while True:
            await self._open_due()
            soonest = min((due for _, due in self._watched.values()), default=None)
            wait = None if soonest is None else timedelta(seconds=soonest - self._clock.monotonic())
            await self._waker.wait(None if wait is None else self._clock.now() + wait)

    def _give_grace(self) -> None:
        """After a restart the rules come first: they hear of old events only now."""
        due = self._clock.monotonic() + GRACE.total_seconds()
        self._watched = {number: (event, due) for number, (event, _) in self._watched.items()}

    async def _open_due(self) -> None:
        now = self._clock.monotonic()
        due = [event for event, at in self._watched.values() if at <= now]
        if not due:
            return
        open_now = {event.id for event in await self._journal.unclaimed()}
        for event in due:
            if event.id in open_now:
                await self._open_default(event)
            self.forget(event.id)
