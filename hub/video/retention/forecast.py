"""How long the disks suffice, at the rate of the last day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from hub.video.indexing.classes import Cls
from hub.video.retention.disks import Disk
from hub.video.retention.plan import Terms
from hub.video.tables import segments

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
OVER = 0.95
"""A shortage is over when so much of the room would do, lest it be told again and again."""

Rates = Mapping[tuple[str, Cls], int]
"""Bytes per day of each camera and class."""


@dataclass(frozen=True, slots=True)
class TierForecast:
    """One disk. `capacity`: bytes that the archive may have on it."""

    tier: str
    here: bool
    used: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """`days`: how much of the past the disks hold at this rate; None where nothing is recorded.
    `capacity`: bytes of all disks that are there, without those that are held. `needed`: bytes that
    the shortest times of all cameras take. `held`: bytes under holds.
    `short`: cameras whose shortest time is not reached; none where the room suffices."""

    tiers: tuple[TierForecast, ...]
    per_day: int
    days: float | None
    capacity: int
    needed: int
    held: int
    cameras: tuple[tuple[str, int], ...]
    """Each camera's bytes per day, the greatest first."""
    short: tuple[str, ...]

    @property
    def is_over(self) -> bool:
        """Whether a shortage that was told is over for sure."""
        return self.needed <= self.capacity * OVER


def rates(connection: Connection, tiers: Iterable[str], now: int) -> Rates:
    """What was recorded in the last day; where the archive is younger, as if it had gone on."""
    own = segments.c
    found: dict[tuple[str, Cls], int] = {}
    first = now
    for tier in tiers:
        for cls in Cls:
            recent = (own.tier == tier, own.cls == cls, own.start > now - DAY_MS)
            query = (
                select(own.camera, func.sum(own.bytes), func.min(own.start))
                .where(*recent, own.start <= now, own.state == "finished")
                .group_by(own.camera)
            )
            for camera, size, start in connection.execute(query):
                found[camera, cls] = found.get((camera, cls), 0) + size
                first = min(first, start)
    span = max(HOUR_MS, now - first)
    return {key: size * DAY_MS // span for key, size in found.items()}


def forecast(disks: Sequence[Disk], rates: Rates, terms: Terms, held: int) -> Forecast:
    """Files move from a disk to the next one, so all that are there count together."""
    tiers = tuple(
        TierForecast(disk.tier.name, disk.room is not None, disk.used, disk.capacity)
        for disk in disks
        if not disk.left_over
    )
    per_day = sum(rates.values())
    room = max(0, _together([disk for disk in disks if not disk.left_over]) - held)
    days = room / per_day if per_day else None
    shortest = {key: terms.of(*key).shortest / DAY_MS for key in rates}
    needed = round(sum(size * shortest[key] for key, size in rates.items()))
    short: set[str] = set()
    if days is not None and needed > room:
        short = {camera for (camera, cls), least in shortest.items() if least > days}
    cameras: dict[str, int] = {}
    for (camera, _), size in rates.items():
        cameras[camera] = cameras.get(camera, 0) + size
    return Forecast(
        tiers=tiers,
        per_day=per_day,
        days=days,
        capacity=room,
        needed=needed,
        held=held,
        cameras=tuple(sorted(cameras.items(), key=lambda each: (-each[1], each[0]))),
        short=tuple(sorted(short)),
    )


def _together(disks: Sequence[Disk]) -> int:
    """Bytes that disks hold together: what is free on a file system that two of them share is
    there once."""
    total, seen = 0, set[int]()
    for disk in disks:
        if disk.room is None:
            continue
        is_new = disk.room.device not in seen
        seen.add(disk.room.device)
        total += disk.capacity if is_new else min(disk.used, disk.capacity)
    return total
