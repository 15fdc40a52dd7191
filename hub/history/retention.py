"""Deletes what is older than it may be, in slices, each a small write of its own.

The last row of each entity is kept however old it is: it tells what the entity still is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    delete,
    select,
    tuple_,
)

from hub.clock import Clock
from hub.history import tables as t
from hub.history.rows import micros
from hub.history.settings import HistorySettings
from hub.history.statistics import HOUR
from hub.history.writing import DAY
from hub.store.store import Store

SLICE = 500
"""Rows that are deleted at a time."""
PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is too old of a table: its keys are found in a reading thread, and deleted by them."""

    table: Table
    keys: tuple[Column[Any], ...]
    old: Select[Any]
    still: ColumnElement[bool]


class Retention:
    """Deletes; whether the clock may be believed is its caller's to know."""

    def __init__(self, store: Store, clock: Clock, settings: HistorySettings) -> None:
        self._store = store
        self._clock = clock
        self.settings = settings

    async def purge(self, go_on: Callable[[], bool] = lambda: True) -> int:
        """Delete all that is too old, while `go_on`; returns how many rows. Raises what the store
        raises."""
        deleted = 0
        for kind in self._kinds(self._clock.now()):
            while go_on() and (keys := await self._store.read(partial(_find, kind=kind))):
                await self._store.write(partial(_delete, kind=kind, keys=keys))
                deleted += len(keys)
                await self._clock.sleep(PAUSE_S)
        return deleted

    def _kinds(self, now: datetime) -> list[_Kind]:
        keep = self.settings
        states, statistics = micros(now - keep.states), micros(now - keep.statistics)
        return [
            _states(states),
            _events(micros(now - keep.events), durable=False),
            _events(micros(now - keep.durable_events), durable=True),
            _hours(statistics // HOUR),
            _attributes(states),
            _runs(min(states, statistics)),
        ]


def _states(before: int) -> _Kind:
    own, later = t.states.c, t.states.alias()
    has_later = select(later.c.id).where(
        later.c.source == own.source, tuple_(later.c.at, later.c.id) > tuple_(own.at, own.id)
    )
    too_old = own.at < before
    old = select(own.id).where(too_old, has_later.exists()).order_by(own.at)
    return _Kind(t.states, (own.id,), old, too_old)


def _events(before: int, durable: bool) -> _Kind:
    own = t.events.c
    mine = own.type.in_(select(t.types.c.id).where(t.types.c.durable.is_(durable)))
    too_old = own.at < before
    old = select(own.id).where(too_old, mine).order_by(own.at)
    return _Kind(t.events, (own.id,), old, too_old)


def _hours(before: int) -> _Kind:
    own = t.hours.c
    too_old = own.hour < before
    old = select(own.source, own.hour).where(too_old).order_by(own.hour)
    return _Kind(t.hours, (own.source, own.hour), old, too_old)


def _attributes(before: int) -> _Kind:
    """Sets that no row has used since; those of rows that are kept for being the last stay."""
    own = t.attributes.c
    too_old = own.used_day < before // DAY - 1
    used = select(t.states.c.attributes).where(
        t.states.c.at < before, t.states.c.attributes.is_not(None)
    )
    return _Kind(
        t.attributes, (own.id,), select(own.id).where(too_old, own.id.not_in(used)), too_old
    )


def _runs(before: int) -> _Kind:
    too_old = t.runs.c.ended < before
    return _Kind(t.runs, (t.runs.c.id,), select(t.runs.c.id).where(too_old), too_old)


def _find(connection: Connection, kind: _Kind) -> list[tuple[int, ...]]:
    return [tuple(row) for row in connection.execute(kind.old.limit(SLICE))]


def _delete(connection: Connection, kind: _Kind, keys: list[tuple[int, ...]]) -> None:
    these = (
        tuple_(*kind.keys).in_(keys)
        if len(kind.keys) > 1
        else kind.keys[0].in_([key[0] for key in keys])
    )
    connection.execute(delete(kind.table).where(these, kind.still))
