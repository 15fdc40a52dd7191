"""Moves files to the next disk, so that a crash at any step leaves each file once.

The names of a batch are written down before it is copied. A copy is synced and read back before the
index follows it, and the file on the old disk goes last. What a crash left twice is found by the
names, and the one goes that the index does not speak of.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import heapq
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select, update

from hub.store.store import Store
from hub.video.files.places import FOLDER, OutsideArchive, Tiers
from hub.video.indexing.classes import Cls
from hub.video.retention.disks import Disk
from hub.video.retention.purge import Changed
from hub.video.tables import segments

log = logging.getLogger("hub.video.retention")

NAMES = Path("records/moving.json")
COPY = ".moving"
FILES = 32
BYTES = 256 << 20
"""At most so much is moved at a time."""
MOST_BAD = 1_000

_OWN = segments.c


@dataclass(frozen=True, slots=True)
class Move:
    """Files that go from one disk to another."""

    rows: Sequence[Row[Any]]
    old: str
    new: str

    @property
    def bytes(self) -> int:
        return sum(row.bytes for row in self.rows)


class Mover:
    """Moves what it is told to, oldest first."""

    def __init__(self, store: Store, tiers: Tiers) -> None:
        self._store = store
        self._tiers = tiers
        self._names = tiers.data / NAMES
        self._bad: set[str] = set()
        self.changed: Changed | None = None

    async def next(self, disk: Disk, to: Disk, *, before: int | None = None) -> Move | None:
        """What would be moved now from a disk to another, as far as that has room; `before`: only
        what is older than that instant."""
        if to.room is None:
            return None
        room = min(BYTES, to.capacity - to.used)
        choose = partial(_choose, tier=disk.tier.name, before=before, room=room, bad=self._bad)
        rows = await self._store.read(choose)
        return Move(rows, disk.tier.name, to.tier.name) if rows else None

    async def move(self, move: Move) -> int:
        """Returns how many bytes left the old disk. Raises OSError, and what the store raises."""
        await asyncio.to_thread(self._write_names, move)
        copied = await asyncio.to_thread(self._copy_all, move)
        places = await self._store.write(partial(_follow, paths=copied, move=move))
        await asyncio.to_thread(self._end, move, places)
        moved = [
            row for row in move.rows if row.path in copied and places.get(row.path) == move.new
        ]
        if self.changed is not None:
            for row in moved:
                self.changed(row.camera, row.stream, row.start, row.end)
        return sum(row.bytes for row in moved)

    async def resume(self) -> None:
        """Remove what a move that was cut short left twice. Raises what the store raises."""
        names = await asyncio.to_thread(self._read_names)
        if names is None:
            return
        old, new, paths = names
        here = [await asyncio.to_thread(self._tiers.here, tier) for tier in (old, new)]
        if not all(here):
            return
        query = select(_OWN.path, _OWN.tier).where(_OWN.path.in_(paths))
        rows = await self._store.read(lambda c: {row.path: row.tier for row in c.execute(query)})
        await asyncio.to_thread(self._tidy, old, new, paths, rows)

    def _tidy(self, old: str, new: str, paths: Sequence[str], rows: dict[str, str]) -> None:
        for path in paths:
            kept = rows.get(path)
            other = {old: new, new: old}.get(kept or "")
            if kept is None or other is None:  # it was deleted meanwhile, or moved on
                continue
            with contextlib.suppress(OSError):
                if self._tiers.file(kept, path).exists():
                    self._tiers.file(other, path).unlink(missing_ok=True)
        self._names.unlink(missing_ok=True)

    def _write_names(self, move: Move) -> None:
        names = {"old": move.old, "new": move.new, "paths": [row.path for row in move.rows]}
        self._names.parent.mkdir(parents=True, exist_ok=True)
        with self._names.open("w") as file:
            json.dump(names, file)
            file.flush()
            os.fsync(file.fileno())

    def _read_names(self) -> tuple[str, str, list[str]] | None:
        try:
            names = json.loads(self._names.read_text())
            return str(names["old"]), str(names["new"]), [str(path) for path in names["paths"]]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):  # a power cut tore it: nothing was copied yet
            self._names.unlink()
            return None

    def _copy_all(self, move: Move) -> list[str]:
        copied = []
        for row in move.rows:
            try:
                self._copy(row, move)
            except (OutsideArchive, FileNotFoundError, _Differs) as error:
                log.error("%s stays on '%s': %s", row.path, move.old, error)
                if len(self._bad) < MOST_BAD:
                    self._bad.add(row.path)
            else:
                copied.append(row.path)
        return copied

    def _copy(self, row: Row[Any], move: Move) -> None:
        source = self._tiers.file(move.old, row.path)
        target = self._tiers.file(move.new, row.path)
        copy = self._tiers.root(move.new) / FOLDER / COPY
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, copy, follow_symlinks=False)
        with copy.open("rb") as file:
            os.fsync(file.fileno())
            read_back = hashlib.file_digest(file, "sha256").hexdigest()
        if read_back != (row.sha256 or _sha256(source)):
            copy.unlink()
            raise _Differs("it is not what it was when it was recorded")
        target.parent.mkdir(parents=True, exist_ok=True)
        copy.rename(target)
        _sync(target.parent)

    def _end(self, move: Move, places: dict[str, str]) -> None:
        """The file that the index does not speak of goes."""
        for row in move.rows:
            other = move.old if places.get(row.path) == move.new else move.new
            with contextlib.suppress(OutsideArchive):
                self._tiers.file(other, row.path).unlink(missing_ok=True)
        self._names.unlink(missing_ok=True)


class _Differs(Exception):
    """What was read back is not what was recorded."""


def lower(disks: Sequence[Disk], tier: str) -> Disk | None:
    """The next disk after a tier that is there."""
    names = [disk.tier.name for disk in disks]
    behind = disks[names.index(tier) + 1 :] if tier in names else ()
    return next((disk for disk in behind if disk.room is not None and not disk.left_over), None)


def _choose(
    connection: Connection, tier: str, before: int | None, room: int, bad: set[str]
) -> list[Row[Any]]:
    rows: list[Row[Any]] = []
    for row in _oldest(connection, tier, before):
        if row.path in bad:
            continue
        if len(rows) >= FILES or row.bytes > room:
            break
        room -= row.bytes
        rows.append(row)
    return rows


def _oldest(connection: Connection, tier: str, before: int | None) -> Iterator[Row[Any]]:
    """Finished files of all classes on a tier, held or not: nothing is lost by a move."""
    queries = []
    for cls in Cls:
        query = select(segments).where(_OWN.tier == tier, _OWN.cls == cls, _OWN.state == "finished")
        if before is not None:
            query = query.where(_OWN.start < before)
        queries.append(connection.execute(query.order_by(_OWN.start)))
    by_start: Callable[[Row[Any]], int] = lambda row: int(row.start)  # noqa: E731
    return heapq.merge(*queries, key=by_start)


def _follow(connection: Connection, paths: Sequence[str], move: Move) -> dict[str, str]:
    """Let the index follow what was copied; returns where it says that each file is. By their
    paths: a database that was begun anew meanwhile has other numbers."""
    change = (
        update(segments)
        .where(_OWN.path.in_(paths), _OWN.tier == move.old, _OWN.state == "finished")
        .values(tier=move.new)
    )
    connection.execute(change)
    now = select(_OWN.path, _OWN.tier).where(_OWN.path.in_([row.path for row in move.rows]))
    return {row.path: row.tier for row in connection.execute(now)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
