"""Deletes files of the archive, so that a crash at any step leaves what can be told apart.

1. In one transaction the rows become `purging`, if they are still what was planned and not held.
2. The files are unlinked, and the folders they lay in are synced.
3. In one transaction the rows go, with what was derived from them, and the deletion is logged.

Whatever is `purging` at a start was interrupted: a file that is there is as good as before, and one
that is gone gets the third step. `Holds.deleting` is kept over all three, so that a hold that was
placed is never followed by the loss of what it keeps.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from hub.clock import Clock
from hub.holds import Holds
from hub.store.store import Store
from hub.video.files.places import OutsideArchive, Tiers
from hub.video.indexing import rollup
from hub.video.indexing.classes import Cls
from hub.video.instants import LONGEST_MS, millis
from hub.video.retention.log import Entry, Gone, record
from hub.video.retention.plan import Doomed, Why
from hub.video.retention.shelf import not_held
from hub.video.tables import segments

log = logging.getLogger("hub.video.retention")

BATCH = 500
EMPTY_AFTER_MS = 2 * 86_400_000
"""Folders of days that are longer past are removed when nothing is left in them. Nobody writes
into these any more."""

_OWN = segments.c
Changed = Callable[[str, str, int, int], None]
"""Camera, stream, and from when to when something of it was deleted or moved; an hour at most."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a batch. `spared`: it is held now, or is not what it was. `failed`: its disk
    would not let it go."""

    deleted: tuple[Doomed, ...]
    spared: int
    failed: int


class Purge:
    """Deletes what was planned. `day` gives the town's day of now, for the log."""

    def __init__(
        self, store: Store, clock: Clock, tiers: Tiers, holds: Holds, day: Callable[[], str]
    ) -> None:
        self._store = store
        self._clock = clock
        self._tiers = tiers
        self._holds = holds
        self._day = day
        self.changed: Changed | None = None

    async def delete(self, doomed: Sequence[Doomed]) -> Done:
        """Delete up to BATCH files. Raises what the store raises."""
        if not doomed:  # a condition of no files at all would be met by every one
            return Done((), 0, 0)
        why = {each.piece.path: each.why for each in doomed}
        now = millis(self._clock.now())
        await self._holds.restore()
        async with self._holds.deleting:
            if not self._holds.whole:  # the database was damaged meanwhile
                return Done((), len(doomed), 0)
            taken, lost = await self._store.write(lambda c: _take(c, doomed, now, why, self._day()))
            gone = await _to_its_end(self._unlink, taken)
            await self._settle(taken, gone, why)
        self._tell([*lost, *(row for row in taken if row.id in gone)])
        paths = {row.path for row in taken if row.id in gone} | {row.path for row in lost}
        return Done(
            deleted=tuple(each for each in doomed if each.piece.path in paths),
            spared=len(doomed) - len(taken) - len(lost),
            failed=len(taken) - len(gone),
        )

    async def resume(self) -> int:
        """Settle what an earlier run left half deleted; returns how many files were gone."""
        found = after = 0
        while rows := await self._store.read(partial(_left, after=after)):
            after = rows[-1].id
            tiers = await asyncio.to_thread(self._here, {row.tier for row in rows})
            here = [row for row in rows if row.tier in tiers]
            async with self._holds.deleting:
                gone = await _to_its_end(self._missing, here)
                why = dict.fromkeys((row.path for row in here), Why.UNFINISHED)
                await self._settle(here, gone, why)
            self._tell([row for row in here if row.id in gone])
            found += len(gone)
        return found

    async def _settle(self, rows: Sequence[Row[Any]], gone: set[int], why: dict[str, Why]) -> None:
        """The rows of files that are gone go too; the others are as good as before. A database that
        was begun anew meanwhile has other rows of these numbers."""
        if not rows:
            return
        done = [row for row in rows if row.id in gone]
        back = [row.id for row in rows if row.id not in gone]
        now, day = millis(self._clock.now()), self._day()

        def work(connection: Connection) -> None:
            restore = update(segments).where(_OWN.id.in_(back), _OWN.state == "purging")
            connection.execute(restore.values(state="finished"))
            ended = (_OWN.id.in_([row.id for row in done]), _OWN.state == "purging")
            forgotten = connection.execute(delete(segments).where(*ended).returning(segments)).all()
            for (camera, stream), spans in _by_stream(forgotten).items():
                rollup.removed(connection, camera, stream, spans)
            record(connection, now, day, _entries(done, why))

        await self._store.write(work)

    def _unlink(self, rows: Sequence[Row[Any]]) -> set[int]:
        """Numbers of the rows whose files are gone; blocks."""
        gone: set[int] = set()
        folders: dict[Path, int] = {}
        failed: list[str] = []
        for row in rows:
            if not self._tiers.here(row.tier):
                continue
            try:
                file = self._tiers.file(row.tier, row.path)
                file.unlink(missing_ok=True)
            except OSError as error:
                failed.append(f"{row.path} on '{row.tier}': {error.strerror or error}")
                continue
            gone.add(row.id)
            folders[file.parent] = max(row.start, folders.get(file.parent, 0))
        if failed:
            log.error("%d files cannot be deleted; the first is %s", len(failed), failed[0])
        past = millis(self._clock.now()) - EMPTY_AFTER_MS
        for folder, start in folders.items():
            _sync(folder)
            if start < past:
                _remove_empty(folder)
        return gone

    def _here(self, tiers: Iterable[str]) -> set[str]:
        return {tier for tier in tiers if self._tiers.here(tier)}

    def _missing(self, rows: Sequence[Row[Any]]) -> set[int]:
        """Numbers of the rows whose files are not there; blocks."""
        gone = set()
        for row in rows:
            with contextlib.suppress(OutsideArchive):
                if not self._tiers.file(row.tier, row.path).exists():
                    gone.add(row.id)
        return gone

    def _tell(self, rows: Iterable[Row[Any]]) -> None:
        if self.changed is None:
            return
        for (camera, stream), spans in _by_stream(rows).items():
            for start, end in _stretches(spans):
                self.changed(camera, stream, start, end)


def _left(connection: Connection, after: int) -> list[Row[Any]]:
    query = select(segments).where(_OWN.state == "purging", _OWN.id > after)
    return list(connection.execute(query.order_by(_OWN.id).limit(BATCH)))


def _take(
    connection: Connection, doomed: Sequence[Doomed], now: int, why: dict[str, Why], day: str
) -> tuple[list[Row[Any]], list[Row[Any]]]:
    """The rows of files to be unlinked; and those, deleted now, whose files were missing. By their
    paths: a database that was begun anew since the plan has other numbers."""
    by_class = {cls: [each.piece.path for each in doomed if each.piece.cls == cls] for cls in Cls}
    same = [and_(_OWN.path.in_(its), _OWN.cls == cls) for cls, its in by_class.items() if its]
    still = and_(or_(*same), not_held(now))
    mark = update(segments).where(still, _OWN.state == "finished").values(state="purging")
    taken = list(connection.execute(mark.returning(segments)))
    forget = delete(segments).where(still, _OWN.state == "missing")
    lost = list(connection.execute(forget.returning(segments)))
    record(connection, now, day, _entries(lost, why, there=False))
    return taken, lost


def _entries(
    rows: Iterable[Row[Any]], why: dict[str, Why], *, there: bool = True
) -> list[tuple[Entry, Gone]]:
    return [
        (
            Entry(row.camera, row.stream, row.tier, Cls(row.cls), why[row.path]),
            Gone(
                start=row.start,
                end=row.start if row.end is None else row.end,
                bytes=row.bytes if there else 0,
                line=f"{row.path} {row.sha256 or '-'}",
            ),
        )
        for row in rows
    ]


def _by_stream(rows: Iterable[Row[Any]]) -> dict[tuple[str, str], list[rollup.Span]]:
    spans: dict[tuple[str, str], list[rollup.Span]] = {}
    for row in rows:
        end = row.start if row.end is None else row.end
        spans.setdefault((row.camera, row.stream), []).append((row.start, end, row.bytes))
    return spans


def _stretches(spans: Iterable[rollup.Span]) -> list[tuple[int, int]]:
    """From when to when, of no more than an hour each."""
    found: list[tuple[int, int]] = []
    for start, end, _ in sorted(spans):
        if found and end - found[-1][0] <= LONGEST_MS:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


async def _to_its_end(
    work: Callable[[Sequence[Row[Any]]], set[int]], rows: Sequence[Row[Any]]
) -> set[int]:
    """In a thread; whoever is cancelled meanwhile goes only when the thread is done, for until
    then no hold may be placed."""
    doing = asyncio.ensure_future(asyncio.to_thread(work, rows))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait({doing})
        raise


def _sync(folder: Path) -> None:
    """That files are gone from a folder outlasts a power cut."""
    with contextlib.suppress(OSError):  # it was removed with the last of them
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove_empty(folder: Path) -> None:
    """A day's folder, its month and its year, as far as they are empty."""
    for each in (folder, folder.parent, folder.parent.parent):
        try:
            each.rmdir()
        except OSError:
            return
