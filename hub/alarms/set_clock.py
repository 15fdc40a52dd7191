"""A clock that is set: deadlines are instants, so they go with it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, select, update

from hub.alarms import tables as t
from hub.clock import Clock
from hub.store.store import Store

log = logging.getLogger("hub.alarms")

LOOK_S = 5.0
SLACK = timedelta(seconds=2)


class ClockWatch:
    """Moves what is due back with a clock that is set back: else an alarm would wait until the
    clock has caught up. One that is set forward only makes it due sooner."""

    def __init__(self, store: Store, clock: Clock, moved: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._moved = moved

    async def run(self) -> None:
        """Serve for ever."""
        offset = self._offset()
        while True:
            await self._clock.sleep(LOOK_S)
            present = self._offset()
            back = offset - present
            if back > SLACK:
                log.error("the clock was set back by %.0f s", back.total_seconds())
                await self._store.write(partial(_bring_forward, back=back))
                self._moved()
            offset = present

    def _offset(self) -> datetime:
        return self._clock.now() - timedelta(seconds=self._clock.monotonic())


def _bring_forward(connection: Connection, back: timedelta) -> None:
    for table, key, at, waits in (
        (t.ladders, t.ladders.c.incident, t.ladders.c.due_at, t.ladders.c.ended_at.is_(None)),
        (t.outbox, t.outbox.c.id, t.outbox.c.next_at, t.outbox.c.state == "pending"),
    ):
        for row in connection.execute(select(key, at).where(waits)).all():
            connection.execute(update(table).where(key == row[0]).values({at.name: row[1] - back}))


def not_later_than_configured(connection: Connection, now: datetime) -> None:
    """At start: nothing waits longer than its own time from now, whatever the clock was before."""
    ladders = select(t.ladders).where(t.ladders.c.ended_at.is_(None))
    for ladder in connection.execute(ladders).all():
        latest = now + timedelta(seconds=ladder.rungs[ladder.rung]["within_s"])
        if ladder.due_at > latest:
            own = t.ladders.c.incident == ladder.incident
            connection.execute(update(t.ladders).where(own).values(due_at=latest))
    waits = (t.outbox.c.state == "pending") & (t.outbox.c.next_at > now)
    connection.execute(update(t.outbox).where(waits).values(next_at=now))
