"""How much room the disks of the archive have, and how much of it they lack."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from hub.store.store import Store
from hub.video.files.archive import MARK
from hub.video.files.places import FOLDER, Tiers
from hub.video.retention.plan import Need, Why
from hub.video.settings import Tier
from hub.video.tables import segments

log = logging.getLogger("hub.video.retention")

PATIENCE_S = 5.0
"""A mounted disk that does not answer so long counts as absent until it does."""
FILES_KEPT = 10_000
"""So many further files a disk should be able to hold, or a hundredth of all where that is less."""
ROWS = 20_000
"""Rows of the index that are summed at a time."""

_OWN = segments.c


@dataclass(frozen=True, slots=True)
class Room:
    """What a file system says of itself, in bytes and files; `files` 0: it has no bound of them."""

    total: int
    free: int
    files: int
    files_free: int
    device: int


@dataclass(frozen=True, slots=True)
class Disk:
    """A tier as it is now. `room` None: it is not there. `used`: bytes of the archive on it.
    `left_over`: the data folder of a hub that has tiers by now; nothing comes to it any more."""

    tier: Tier
    room: Room | None
    used: int
    left_over: bool = False

    @property
    def capacity(self) -> int:
        """How many bytes the archive may have on it."""
        if self.room is None:
            return 0
        fits = max(0, self.used + self.room.free - int(self.tier.reserve))
        return fits if self.tier.quota is None else min(fits, int(self.tier.quota))


def room_of(root: Path) -> Room:
    """Ask a file system. Raises OSError."""
    said = os.statvfs(root)
    return Room(
        total=said.f_blocks * said.f_frsize,
        free=said.f_bavail * said.f_frsize,
        files=said.f_files,
        files_free=said.f_favail,
        device=root.stat().st_dev,
    )


def lack(disk: Disk) -> Need | None:
    """What must go from a disk; None where nothing must."""
    if disk.room is None:
        return None
    quota = disk.tier.quota
    over = 0 if quota is None else disk.used - int(quota)
    short = int(disk.tier.reserve) - disk.room.free
    kept = min(FILES_KEPT, disk.room.files // 100)
    files = kept - disk.room.files_free if disk.room.files else 0
    if max(over, short) > 0:
        return Need(max(over, short), files, Why.QUOTA if over >= short else Why.RESERVE)
    return Need(0, files, Why.INODES) if files > 0 else None


def lacks(disks: Iterable[Disk]) -> dict[str, Need]:
    """What must go from each tier. Of those that share a file system only the one that holds most
    gives up what all of them lack, for else it would be given up by each."""
    needs: dict[str, Need] = {}
    giving: dict[int, str] = {}
    for disk in sorted(disks, key=lambda disk: disk.used, reverse=True):
        need = lack(disk)
        if need is None or disk.room is None:
            continue
        first = giving.setdefault(disk.room.device, disk.tier.name)
        if need.why == Why.QUOTA or first == disk.tier.name:
            needs[disk.tier.name] = need
    return needs


class Disks:
    """Asks all tiers. What is used of each is summed from the index now and then, and counted on
    by `freed` in between."""

    def __init__(self, store: Store, tiers: Tiers) -> None:
        self._store = store
        self._tiers = tiers
        self._settings = {tier.name: tier for tier in tiers.configured}
        self._used: dict[str, int] = {}
        self._asking: dict[str, asyncio.Future[Room]] = {}

    async def look(self) -> list[Disk]:
        """All tiers as they are now, in their order."""
        rooms = await asyncio.gather(*(self._ask(tier) for tier in self._tiers))
        return [
            Disk(self._tier(name), room, self._used.get(name, 0), self._is_left_over(name))
            for name, room in zip(self._tiers, rooms, strict=True)
        ]

    def freed(self, tier: str, size: int) -> None:
        """So many bytes went from a tier."""
        self._used[tier] = max(0, self._used.get(tier, 0) - size)

    async def sum(self) -> None:
        """Sum what is used of each tier, some rows at a time."""
        last = await self._store.read(lambda c: c.execute(select(func.max(_OWN.id))).scalar())
        used: dict[str, int] = {}
        for low in range(0, (last or 0) + 1, ROWS):
            for tier, size in (await self._store.read(_Sum(low))).items():
                used[tier] = used.get(tier, 0) + size
        self._used = used

    async def claim(self) -> None:
        """Put the mark on mounted disks that are used for the first time: from then on a folder
        without it is an empty mount point."""
        for tier in self._tiers.configured:
            if tier.mounted and not await self._store.read(_Knows(tier.name)):
                claiming = asyncio.ensure_future(asyncio.to_thread(_claim, tier))
                await asyncio.wait({claiming}, timeout=PATIENCE_S)

    def _tier(self, name: str) -> Tier:
        known = self._settings.get(name)
        return known or Tier(name=name, path=self._tiers.root(name))

    def _is_left_over(self, name: str) -> bool:
        return bool(self._settings) and name not in self._settings

    async def _ask(self, name: str) -> Room | None:
        asking = self._asking.get(name)
        if asking is None:
            asking = asyncio.ensure_future(asyncio.to_thread(self._room, name))
            self._asking[name] = asking
        done, _ = await asyncio.wait({asking}, timeout=PATIENCE_S)
        if not done:
            return None
        del self._asking[name]
        try:
            return asking.result()
        except OSError:
            return None

    def _room(self, name: str) -> Room:
        if not self._tiers.here(name):
            raise FileNotFoundError(name)
        return room_of(self._tiers.root(name))


@dataclass(frozen=True, slots=True)
class _Sum:
    """Bytes by tier of some rows."""

    low: int

    def __call__(self, connection: Connection) -> Mapping[str, int]:
        query = (
            select(_OWN.tier, func.sum(_OWN.bytes).label("size"))
            .where(_OWN.id >= self.low, _OWN.id < self.low + ROWS, _OWN.state != "missing")
            .group_by(_OWN.tier)
        )
        return {row.tier: row.size for row in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class _Knows:
    """Whether the index has anything on a tier."""

    tier: str

    def __call__(self, connection: Connection) -> bool:
        query: Any = select(_OWN.id).where(_OWN.tier == self.tier).limit(1)
        return connection.execute(query).first() is not None


def _claim(tier: Tier) -> None:
    mark = tier.path / MARK
    try:
        if mark.exists() or not _is_on_a_mount(tier.path):
            return
        (tier.path / FOLDER).mkdir(parents=True, exist_ok=True)
        mark.write_text(f"{tier.name}\n")
    except OSError as error:
        log.error("the disk '%s' cannot be taken into use: %s", tier.name, error)
    else:
        log.info("the disk '%s' is taken into use: %s is its mark", tier.name, mark)


def _is_on_a_mount(path: Path) -> bool:
    """Whether a folder lies on a disk that was mounted, and not on that of the system."""
    return any(each.is_mount() for each in (path, *path.parents) if each != Path("/"))
