"""Deletes rows of the archive's other tables that speak of times from which nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, delete, exists, select

from hub.store.store import Store
from hub.video.indexing.classes import Cls
from hub.video.instants import instant
from hub.video.retention.plan import Terms
from hub.video.tables import coverage as _coverage
from hub.video.tables import erasure_records, gaps, outages, purges, record_modes, recordings

SLICE = 500
Key = Column[int] | Column[str]

LOG_MS = round(timedelta(days=400).total_seconds() * 1000)
"""What was deleted is told by the signed records; the rows they were made of go after so long."""


async def sweep(store: Store, terms: Terms, now: int) -> int:
    """Delete in slices, each a small write; returns how many rows. Raises what the store raises."""
    deleted = 0
    for key, old in _kinds(terms, now):
        while gone := await store.write(partial(_delete, key=key, old=old)):
            deleted += gone
    return deleted


def _kinds(terms: Terms, now: int) -> Iterator[tuple[Column[int] | Column[str], Select[Any]]]:
    yield purges.c.id, _signed_purges(now - LOG_MS)
    longest = [term.longest for cls in Cls for term in terms.all(cls)]
    if any(each is None for each in longest):
        return
    before = now - max(each for each in longest if each is not None)
    yield gaps.c.id, select(gaps.c.id).where(gaps.c.start < before, gaps.c.end < before)
    ended = outages.c.end.is_not(None) & (outages.c.end < before)
    yield outages.c.id, select(outages.c.id).where(ended)
    yield record_modes.c.id, _modes(before)
    yield recordings.c.id, _recordings(before)


def _signed_purges(before: int) -> Select[Any]:
    signed = exists().where(erasure_records.c.day == purges.c.day)
    return select(purges.c.id).where(purges.c.at < before, signed)


def _modes(before: int) -> Select[Any]:
    """Not the last one of a stream: it tells what holds until today."""
    own, later = record_modes.c, record_modes.alias()
    followed = exists().where(
        later.c.camera == own.camera,
        later.c.stream == own.stream,
        later.c.at > own.at,
        later.c.at < before,
    )
    return select(own.id).where(own.at < before, followed)


def _recordings(before: int) -> Select[Any]:
    """Orders that are done, where nothing of the camera is left from before their end."""
    own = recordings.c
    left = exists().where(_coverage.c.camera == own.camera, _coverage.c.start < before)
    done = own.state != "open"
    return select(own.id).where(done, own.end < instant(before / 1000), ~left)


def _delete(connection: Connection, key: Key, old: Select[Any]) -> int:
    ids = connection.execute(old.limit(SLICE)).scalars().all()
    if ids:
        table = key.table
        assert isinstance(table, Table)
        connection.execute(delete(table).where(key.in_(ids)))
    return len(ids)
