"""Looks after the room on the disks: deletes what is too old and what must go, moves, and foresees.

Nothing is deleted while the clock is not trusted, on a full disk neither: recording then ends,
which the ledger of gaps tells, and what a wrong clock would have deleted is still there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from hub.bus import Bus
from hub.clock import Clock
from hub.holds import Holds
from hub.store.store import Store
from hub.video.files.places import Tiers
from hub.video.instants import millis
from hub.video.retention import forecast, holding, rescue
from hub.video.retention.disks import Disk, Disks, lacks
from hub.video.retention.forecast import Forecast
from hub.video.retention.holding import Holding
from hub.video.retention.plan import Doomed, Need, Terms, plan
from hub.video.retention.purge import BATCH, Changed, Done, Purge
from hub.video.retention.shelf import IndexShelf
from hub.video.retention.snapshots import Snapshots
from hub.video.retention.sweep import sweep
from hub.video.retention.tellings import Tellings
from hub.video.retention.tiers import Move, Mover, lower
from hub.video.settings import RecordingSettings
from hub.video.tables import coverage
from hub.video.talk.messages import DiskReport

log = logging.getLogger("hub.video.retention")

LOOK_S = 10.0
"""The disks are looked at so often, or at once when one is told to be full."""
AGE_S = 60.0
"""What is too old is looked for so often, and what is used of the disks is summed."""
FORESEE_S = 600.0
SWEEP_S = 3600.0
PAUSE_S = 0.05
"""Between two batches, so that what is recorded meanwhile comes into the index."""
AT_ONCE = 5_000
"""Files that are planned at a time."""
STUCK_S = 120.0
"""A batch that takes longer to be moved is not waited for."""
MOVES = 8
"""Batches that are moved in a round."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes next. `more`: there is more of it. `paused`: nothing goes, since the clock is not
    trusted, or a damaged database was begun anew."""

    doomed: tuple[Doomed, ...]
    more: bool
    need: Mapping[str, Need]
    paused: bool


class Keeper:
    """One for the hub; only it deletes and moves what is recorded. `may_delete`: whether the clock
    is trusted."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        bus: Bus,
        tiers: Tiers,
        holds: Holds,
        settings: RecordingSettings,
        time_zone: ZoneInfo,
        may_delete: Callable[[], bool],
    ) -> None:
        self.holds = holds
        self._store = store
        self._clock = clock
        self._tiers = tiers
        self._may_delete = may_delete
        self._zone = time_zone
        self._terms = Terms.of_settings(settings)
        self._disks = Disks(store, tiers)
        self._purge = Purge(store, clock, tiers, holds, self.day)
        self._mover = Mover(store, tiers)
        self.snapshots = Snapshots(store, clock, tiers.data, holds, self.day)
        self._tell = Tellings(bus, clock)
        self._due: dict[str, float] = {}
        self._poked = asyncio.Event()
        self._stuck: asyncio.Future[int] | None = None

    @property
    def changed(self) -> Changed | None:
        """Hears of what was deleted and moved."""
        return self._purge.changed

    @changed.setter
    def changed(self, changed: Changed | None) -> None:
        self._purge.changed = self._mover.changed = changed

    def configure(self, settings: RecordingSettings) -> None:
        """Keep by these terms from now on; tiers are those of the start."""
        self._terms = Terms.of_settings(settings)
        self._poked.set()

    def heard(self, report: DiskReport) -> None:
        """A disk cannot be written, or can be again: it is told, and looked at at once."""
        self._tell.disk(report)
        self._poked.set()

    def day(self) -> str:
        """The town's day of now, as an ISO date."""
        return self._clock.now().astimezone(self._zone).date().isoformat()

    async def run(self) -> None:
        """Look after the disks, for ever. Raises what the store raises; begun again, it settles
        what was left half done."""
        self._due.clear()
        await self._mover.resume()
        gone = await self._purge.resume()
        if gone:
            log.warning("%d files were being deleted when the hub ended; they are gone", gone)
        while True:
            await self.look()
            await self._pause()

    async def look(self) -> None:
        """One round. Raises what the store raises."""
        if self._is_due("claim", AGE_S):
            await self._disks.claim()
        if not self._may_delete():
            self._tell.paused()
            return
        self._tell.resumed()
        if (why := await self._keeps_all()) is not None:
            self._tell.keeping_all(why)
            return
        if restored := await self.holds.restore():
            log.warning("%d holds that the database had lost are in force again", restored)
        is_due = self._is_due("age", AGE_S)
        if is_due:
            await self._disks.sum()
        disks = await self._disks.look()
        need = lacks(disks)
        if need or is_due:
            await self._make_room(disks, need)
        if is_due:
            await self._move_the_old()
        if self._is_due("sweep", SWEEP_S):
            await sweep(self._store, self._terms, millis(self._clock.now()))
            await self.snapshots.sweep(self._terms)
        if self._is_due("forecast", FORESEE_S):
            self._tell.forecast(await self.forecast())
        self._tell.flush()

    async def planned(self, most: int) -> Plan:
        """What would be deleted now, at most so many files of it."""
        if "age" not in self._due:
            await self._disks.sum()
        disks = await self._disks.look()
        need = handed_down(lacks(disks), disks)
        doomed = await self._plan(need, disks, most + 1)
        more = len(doomed) > most
        paused = not self._may_delete() or await self._keeps_all() is not None
        return Plan(tuple(doomed[:most]), more, need, paused)

    async def forecast(self) -> Forecast:
        """How long the disks suffice."""
        disks = await self._disks.look()
        now = millis(self._clock.now())
        names = [disk.tier.name for disk in disks]
        rates = await self._store.read(partial(forecast.rates, tiers=names, now=now))
        held = await self._store.read(partial(holding.bytes_held, now=now))
        return forecast.forecast(disks, rates, self._terms, held)

    async def holding(self) -> list[Holding]:
        """What the holds that are in force keep."""
        now = millis(self._clock.now())
        return await self._store.read(partial(holding.holding, now=now))

    async def cameras(self) -> list[str]:
        """All of which something is recorded."""
        query = select(coverage.c.camera).distinct()
        return list(await self._store.read(lambda c: c.execute(query).scalars().all()))

    async def _keeps_all(self) -> Path | None:
        return await asyncio.to_thread(rescue.keeps_all, self._tiers.data)

    async def _make_room(self, disks: Sequence[Disk], need: Mapping[str, Need]) -> None:
        """Delete on the last disks what the first ones lack, and move down; where that was of no
        use, delete on the first ones too."""
        freed = await self._delete(handed_down(need, disks), disks)
        for disk in disks:
            below = lower(disks, disk.tier.name)
            if disk.tier.name in need and below is not None:
                moved = await self._move(disk.tier.name, need=need[disk.tier.name])
                if not moved and not freed:
                    await self._delete({disk.tier.name: need[disk.tier.name]}, disks)

    async def _delete(self, need: Mapping[str, Need], disks: Sequence[Disk]) -> bool:
        """Delete what is planned; returns whether anything went. A disk that lets nothing go is
        left out for this time."""
        some = False
        stuck: set[str] = set()
        while doomed := await self._plan(need, disks, AT_ONCE):
            known = len(stuck)
            for at in range(0, len(doomed), BATCH):
                batch = [each for each in doomed[at : at + BATCH] if each.piece.tier not in stuck]
                if not batch:
                    continue
                if not self._may_delete() or await self._keeps_all() is not None:
                    return some
                done = await self._purge.delete(batch)
                self._count(done)
                if done.failed:
                    stuck |= {each.piece.tier for each in batch} - _tiers_of(done.deleted)
                elif not done.deleted:
                    return some
                some = some or bool(done.deleted)
                await self._clock.sleep(PAUSE_S)
            if len(doomed) < AT_ONCE and len(stuck) == known:
                return some
            disks = [disk for disk in await self._disks.look() if disk.tier.name not in stuck]
            need = handed_down(lacks(disks), disks)
        return some

    def _count(self, done: Done) -> None:
        self._tell.deleted(done.deleted)
        for each in done.deleted:
            self._disks.freed(each.piece.tier, each.piece.bytes)

    async def _plan(
        self, need: Mapping[str, Need], disks: Sequence[Disk], most: int
    ) -> list[Doomed]:
        now = millis(self._clock.now())
        here = [disk.tier.name for disk in disks if disk.room is not None]
        terms = self._terms

        def work(connection: Connection) -> list[Doomed]:
            shelf = IndexShelf(connection, terms, now, here)
            return list(plan(shelf, terms=terms, now=now, need=need, most=most))

        return await self._store.read(work)

    async def _move_the_old(self) -> None:
        for tier in self._tiers.configured:
            if tier.move_after is not None:
                age = round(tier.move_after.total_seconds() * 1000)
                await self._move(tier.name, before=millis(self._clock.now()) - age)

    async def _move(
        self, tier: str, *, need: Need | None = None, before: int | None = None
    ) -> bool:
        """Move to the next disk what is older than `before`, or until the need is met; returns
        whether anything was moved."""
        size = files = 0
        if self._stuck is not None and not self._stuck.done():
            return False
        for _ in range(MOVES):
            disks = await self._disks.look()
            disk = next(disk for disk in disks if disk.tier.name == tier)
            below = lower(disks, tier)
            if disk.room is None or below is None:
                break
            if need is not None and size >= need.bytes and files >= need.files:
                break
            move = await self._mover.next(disk, below, before=before)
            if move is None:
                break
            moved = await self._carry(move)
            if not moved:
                break
            self._disks.freed(tier, moved)
            self._disks.freed(below.tier.name, -moved)
            size, files = size + moved, files + len(move.rows)
        return size > 0

    async def _carry(self, move: Move) -> int:
        """Move a batch; returns how many bytes were. A disk that stands still may not keep the
        others from being looked after: it is left to itself, and nothing more is moved until it
        goes on."""
        moving = asyncio.ensure_future(self._mover.move(move))
        try:
            done, _ = await asyncio.wait({moving}, timeout=STUCK_S)
        except asyncio.CancelledError:
            moving.cancel()
            raise
        if done:
            return moving.result()
        log.error("files do not get from '%s' to '%s': a disk stands still", move.old, move.new)
        moving.add_done_callback(_told)
        self._stuck = moving
        return 0

    def _is_due(self, what: str, every: float) -> bool:
        now = self._clock.monotonic()
        if now < self._due.get(what, now):
            return False
        self._due[what] = now + every
        return True

    async def _pause(self) -> None:
        cancel = self._clock.call_later(LOOK_S, self._poked.set)
        try:
            await self._poked.wait()
        finally:
            cancel()
        self._poked.clear()


def _told(moving: asyncio.Future[int]) -> None:
    if not moving.cancelled() and (error := moving.exception()) is not None:
        log.error("a move that stood still has failed: %s", error)


def _tiers_of(files: Iterable[Doomed]) -> set[str]:
    return {each.piece.tier for each in files}


def handed_down(need: Mapping[str, Need], disks: Sequence[Disk]) -> dict[str, Need]:
    """What the last disk of each chain must give up, so that what the disks before it lack can be
    moved on to it."""
    left = dict(need)
    for disk in disks:
        lack = left.get(disk.tier.name)
        below = lower(disks, disk.tier.name)
        if lack is None or below is None:
            continue
        del left[disk.tier.name]
        missing = lack.bytes - max(0, below.capacity - below.used)
        own = left.get(below.tier.name, Need(0, 0, lack.why))
        if missing > 0 or below.tier.name in left:
            left[below.tier.name] = Need(own.bytes + max(0, missing), own.files, own.why)
    return left
