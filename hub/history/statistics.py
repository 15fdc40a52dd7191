"""Statistics by hour: least, greatest and mean of numbers, seconds on of what is on or off.

A mean is weighted by time: a value counts for as long as it held. Times in which the hub did not
run, or the entity could not be reached, count for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from hub.clock import Clock
from hub.history import tables as t
from hub.history.reader import STATES, rows_before
from hub.history.rows import Recorded, micros, real
from hub.history.runs import Span, runs_within
from hub.store.store import Store

HOUR = 3_600_000_000
SECOND = 1_000_000
LATE = 2 * 60 * SECOND
"""An hour is taken as complete so long after its end: what it brought is written by then."""
SLICE = 200
"""Entities that are reckoned at a time."""

Key = tuple[str, str]


@dataclass(slots=True)
class Tally:
    """What an hour of one entity comes to."""

    count: int = 0
    known: int = 0
    on: int | None = None
    weighed: float = 0.0
    measured: int = 0
    low: float | None = None
    high: float | None = None
    last: float | None = None

    def hold(self, row: Recorded, length: int) -> None:
        """A state that held for so many microseconds."""
        value = row.value
        if not row.available or value is None or length < 0:
            return
        self.known += length
        if isinstance(value, bool):
            self.on = (self.on or 0) + (length if value else 0)
            return
        number = real(value)
        if number is not None:
            self.low = number if self.low is None else min(self.low, number)
            self.high = number if self.high is None else max(self.high, number)
            self.weighed += number * (length / HOUR)
            self.measured += length
            self.last = number

    @property
    def mean(self) -> float | None:
        """A value that held for no time at all is its own mean."""
        if not self.measured:
            return self.last
        mean = self.weighed / (self.measured / HOUR)
        return mean if math.isfinite(mean) else self.last

    @property
    def tells(self) -> bool:
        """Whether it is worth a row; a door that stays shut is not."""
        return bool(self.count or self.on or self.low is not None)


class Statistics:
    """Reckons each hour when it is over, from the rows; also those that an earlier run left."""

    def __init__(self, store: Store, clock: Clock, entities: Callable[[], Collection[str]]) -> None:
        self._store = store
        self._clock = clock
        self._entities = entities

    async def catch_up(self) -> None:
        """Reckon the hours that are over. Raises what the store raises."""
        last = (micros(self._clock.now()) - LATE) // HOUR - 1
        if (await self._store.read(_done) or last) > last:  # the clock was ahead
            await self._store.write(partial(_note_done, hour=last))
        for hour in await self._store.read(partial(_hours_to_do, last=last)):
            await self._reckon(hour)
            await self._store.write(partial(_note_done, hour=hour))

    async def _reckon(self, hour: int) -> None:
        recorded = await self._store.read(partial(_recorded_in, hour=hour))
        names = iter(sorted(recorded | set(self._entities())))
        while some := list(islice(names, SLICE)):
            rows = await self._store.read(partial(_tallies, hour=hour, names=some))
            if rows:
                await self._store.write(partial(_store, hour=hour, rows=rows))


def _hours_to_do(connection: Connection, last: int) -> list[int]:
    """Hours up to `last` that are not reckoned yet, and in which the hub ran."""
    done = _done(connection)
    if done is None:
        first = connection.execute(select(func.min(t.states.c.at))).scalar()
        if first is None:
            return []
        done = first // HOUR - 1
    spans = runs_within(connection, (done + 1) * HOUR, (last + 1) * HOUR)
    found: set[int] = set()
    for began, ended in spans:
        found |= set(range(began // HOUR, -(-ended // HOUR)))
    return sorted(found)


def _done(connection: Connection) -> int | None:
    return connection.execute(select(t.hours_done.c.hour)).scalar()


def _recorded_in(connection: Connection, hour: int) -> set[str]:
    query = (
        select(t.sources.c.name)
        .join(t.states, t.states.c.source == t.sources.c.id)
        .where(t.states.c.at >= hour * HOUR, t.states.c.at < (hour + 1) * HOUR)
    )
    return set(connection.execute(query.distinct()).scalars())


def _tallies(connection: Connection, hour: int, names: list[str]) -> list[dict[str, Any]]:
    begin, end = hour * HOUR, (hour + 1) * HOUR
    runs = runs_within(connection, begin, end)
    before = rows_before(connection, names, (begin, -1))
    query = STATES.where(
        t.sources.c.name.in_(names), t.states.c.at >= begin, t.states.c.at < end
    ).order_by(t.states.c.at, t.states.c.id)
    rows: dict[str, list[Recorded]] = {name: [row] for name, row in before.items()}
    for columns in connection.execute(query):
        row = Recorded(*columns)
        rows.setdefault(row.entity_id, []).append(row)
    tallies: dict[Key, Tally] = {}
    for row, length in _held(rows.values(), runs, begin, end):
        tally = tallies.setdefault((row.entity_id, row.area), Tally())
        tally.count += row.at >= begin and not row.is_base
        tally.hold(row, length)
    return [_columns(key, tally) for key, tally in tallies.items() if tally.tells]


def _held(
    rows: Iterable[list[Recorded]], runs: list[Span], begin: int, end: int
) -> Iterator[tuple[Recorded, int]]:
    """Each row with how long it held while the hub ran; negative where it held at no time of the
    hour's runs (it was before them)."""
    for one in rows:
        ends = [*(row.at for row in one[1:]), end]
        for row, until in zip(one, ends, strict=True):
            since = max(row.at, begin)
            parts = [min(b, until) - max(a, since) for a, b in runs]
            length = sum(part for part in parts if part > 0)
            yield row, length if length or row.at >= begin else -1


def _columns(key: Key, tally: Tally) -> dict[str, Any]:
    return {
        "key": key, "count": tally.count, "known_s": tally.known / SECOND,
        "on_s": None if tally.on is None else tally.on / SECOND,
        "low": tally.low, "high": tally.high, "mean": tally.mean,
    }  # fmt: skip


def _store(connection: Connection, hour: int, rows: list[dict[str, Any]]) -> None:
    query = select(t.sources).where(t.sources.c.name.in_({row["key"][0] for row in rows}))
    numbers = {(row.name, row.area): row.id for row in connection.execute(query)}
    mine = [numbers[row["key"]] for row in rows]
    connection.execute(delete(t.hours).where(t.hours.c.hour == hour, t.hours.c.source.in_(mine)))
    values = [
        {name: value for name, value in row.items() if name != "key"}
        | {"hour": hour, "source": numbers[row["key"]]}
        for row in rows
    ]
    connection.execute(insert(t.hours), values)


def _note_done(connection: Connection, hour: int) -> None:
    if not connection.execute(update(t.hours_done).values(hour=hour)).rowcount:
        connection.execute(insert(t.hours_done).values(id=1, hour=hour))
