"""When the hub recorded. Between its runs nothing is known, and nothing is made up."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from hub.clock import Clock
from hub.history import tables as t
from hub.history.rows import micros, span
from hub.store.store import Store

JUMP = timedelta(minutes=5)
"""A clock that is set by more than this between two beats begins a new run; so does a machine
that slept."""

Span = tuple[int, int]


class Runs:
    """One row a run, renewed by `beat`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._run: int | None = None
        self._began: datetime | None = None

    async def beat(self) -> None:
        """The hub runs: called every minute, and at the end."""
        now = self._clock.now()
        began = now - timedelta(seconds=self._clock.monotonic())
        jumped = self._began is not None and abs(began - self._began) > JUMP
        run = None if jumped else self._run
        self._run = await self._store.write(lambda connection: _beat(connection, run, micros(now)))
        self._began = began


def _beat(connection: Connection, run: int | None, now: int) -> int:
    if run is not None:
        mine = (t.runs.c.id == run) & (t.runs.c.began <= now)
        if connection.execute(update(t.runs).where(mine).values(ended=now)).rowcount:
            return run
    highest = connection.execute(select(func.coalesce(func.max(t.runs.c.id), 0))).scalar_one()
    connection.execute(insert(t.runs).values(id=highest + 1, began=now, ended=now))
    return int(highest) + 1


def runs_within(connection: Connection, since: int, until: int) -> list[Span]:
    """The spans of time in which the hub ran, cut to a window and joined where they overlap."""
    query = (
        select(t.runs.c.began, t.runs.c.ended)
        .where(t.runs.c.ended > since, t.runs.c.began < until)
        .order_by(t.runs.c.began)
    )
    joined: list[Span] = []
    for began, ended in connection.execute(query):
        began, ended = max(began, since), min(ended, until)
        if joined and began <= joined[-1][1]:
            began, ended = joined[-1][0], max(ended, joined.pop()[1])
        joined.append((began, ended))
    return joined


def gaps_within(connection: Connection, since: int, until: int, least: timedelta) -> list[Span]:
    """The spans of a window, no shorter than `least`, in which the hub did not run."""
    edges = [since]
    for began, ended in runs_within(connection, since, until):
        edges += [began, ended]
    edges.append(until)
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [(began, ended) for began, ended in pairs if ended - began >= span(least)]
