"""No alarm goes unanswered for because a rule is missing, switched off or broken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

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
        self._watched: dict[str, Event] = {}
        self._waker = Waker(clock, "unclaimed")
        journal.on_unhandled = open_default

    def watch(self, event: Event) -> None:
        self._watched[event.id] = event
        self._waker.poke()

    def forget(self, event_id: str) -> None:
        self._watched.pop(event_id, None)

    async def run(self) -> None:
        """Serve for ever."""
        while True:
            await self._open_due()
            await self._waker.wait(min(map(self._due, self._watched.values()), default=None))

    async def _open_due(self) -> None:
        now = self._clock.now()
        due = [event for event in self._watched.values() if self._due(event) <= now]
        if not due:
            return
        open_now = {event.id for event in await self._journal.unclaimed()}
        for event in due:
            if event.id in open_now:
                await self._open_default(event)
            self.forget(event.id)

    def _due(self, event: Event) -> datetime:
        assert event.received_at is not None
        return event.received_at + GRACE
