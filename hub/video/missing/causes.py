"""Why streams are not recorded: heard from capture, its processes, the clock and the hub's own
absence, and kept for the ledger of gaps.

A trouble that is told here need not have cost anything: the ledger looks at what is missing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update

from hub.clock import Clock
from hub.store.damage import PutAside
from hub.store.store import Store
from hub.video.instants import millis
from hub.video.reasons import Reason
from hub.video.tables import archive_beat, outages
from hub.video.talk.messages import DiskReport, Outage, StreamReport

log = logging.getLogger("hub.video")

STEP_MS = 2_000
"""A clock that is off by more than this against the time that passed was set."""
MOST_WAITING = 20_000
"""So many changes wait for a database that is away; then the oldest are forgotten."""

Part = Literal["source", "disk", "capture"]
"""What can fail, each by itself: the camera, what it is written to, the process that does it."""

Place = tuple[Part, str | None, str | None]
"""The part, the camera and the stream; none: all of them."""


@dataclass(slots=True, eq=False)
class _Trouble:
    """One row to be."""

    camera: str | None
    stream: str | None
    start: int
    cause: str
    detail: str = ""
    end: int | None = None


class Causes:
    """What is known of troubles, open ones in memory, all of them in the table `outages`.

    The methods that take reports return at once; `beat` stores what they took. What is told
    before the first beat, which reads what an earlier hub left open, waits for it.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._early: list[Callable[[], None]] | None = []
        self._open: dict[Place, _Trouble] = {}
        self._waiting: dict[int, _Trouble] = {}
        self._written: dict[tuple[str, str], int] = {}
        self._seen: tuple[int, float] | None = None
        self._set_back: int | None = None
        self._before: int | None = None
        self._met: set[str] = set()
        store.renewed.append(self._begin_anew)

    def stream(self, report: StreamReport) -> None:
        """A stream is lost or back, or its recording went on."""
        if report.until is not None:
            self._written[report.camera, report.stream] = millis(report.until)
        self._take(partial(self._stream, report, millis(self._clock.now())))

    def outages(self, found: Iterable[Outage]) -> None:
        """What a capture process remembers, told when it is connected to."""
        for outage in found:
            self._take(partial(self._outage, outage))

    def capture(self, cameras: Collection[str], up: bool) -> None:
        """A capture process with these cameras went away, or is there; what it knows of them is
        told next."""
        now = millis(self._clock.now())
        for camera in cameras:
            if up:
                self._take(partial(self._up, camera, now))
            else:
                cause = Reason.CAPTURE_STOPPED.value
                self._take(partial(self._began, "capture", camera, None, now, cause))

    def disk(self, report: DiskReport) -> None:
        """A tier cannot be written, or can be again."""
        now = millis(self._clock.now())
        if report.why is None:
            self._take(partial(self._disks_work, now))
        else:
            began = partial(self._began, "disk", None, None, now, report.why, report.tier)
            self._take(began)

    def until(self, camera: str, stream: str) -> int | None:
        """How far a stream was in its files when it was last heard of, in milliseconds."""
        return self._written.get((camera, stream))

    async def beat(self) -> None:
        """Store what was told, and that the hub lives; see whether the clock was set. To be called
        every few seconds; raises what the store raises, and nothing is lost then."""
        now, ran = millis(self._clock.now()), self._clock.monotonic()
        if self._early is not None:
            await self._begin(now)
        if self._seen is not None:
            set_back = self._clock_set(self._seen[0] + round((ran - self._seen[1]) * 1000), now)
            self._set_back = set_back or self._set_back
        self._seen = now, ran
        rows, self._waiting = self._waiting, {}
        set_back, self._set_back = self._set_back, None

        def work(connection: Connection) -> None:
            if set_back is not None:
                _forget_future(connection, set_back)
            _store(connection, rows.values(), now)

        try:
            await self._store.write(work)
        except BaseException:
            self._waiting, self._set_back = rows | self._waiting, set_back
            raise

    async def _begin(self, now: int) -> None:
        """Go on where an earlier hub stopped: what it left open, and that none ran since."""
        last, left = await self._store.read(_left)
        if last is not None and last < now:
            self._before = last
            self._change(_Trouble(None, None, last, Reason.HUB_STOPPED.value, end=now))
        for trouble in left:
            self._open[_place(trouble)] = trouble
        early, self._early = self._early or [], None
        for each in early:
            each()

    def _take(self, change: Callable[[], None]) -> None:
        if self._early is None:
            change()
        elif len(self._early) < MOST_WAITING:
            self._early.append(change)

    def _begin_anew(self, _aside: PutAside) -> None:
        """The database was damaged: the new one is told what is not over."""
        for trouble in self._open.values():
            self._change(trouble)

    def _clock_set(self, expected: int, now: int) -> int | None:
        """See whether the clock was set. Time that was skipped is missing; that which comes again
        is not: returns the moment to which it was set back."""
        if abs(now - expected) <= STEP_MS:
            return None
        by = f"{(now - expected) / 1000:+.0f} s"
        log.warning("the clock of this machine was set by %s", by)
        if now > expected:
            self._change(_Trouble(None, None, expected, Reason.CLOCK_SET.value, by, now))
            return None
        for trouble in self._open.values():
            if trouble.start > now:
                trouble.start = now
                self._change(trouble)
        return now

    def _stream(self, report: StreamReport, now: int) -> None:
        since = min(millis(report.since), now)
        if report.online:
            self._ended(("source", report.camera, report.stream), since)
        else:
            cause = report.reason or Reason.UNKNOWN.value
            self._began("source", report.camera, report.stream, since, cause)

    def _outage(self, outage: Outage) -> None:
        start = millis(outage.start)
        part: Part = "disk" if outage.cause.startswith("disk_") else "source"
        if outage.end is None:
            self._began(part, outage.camera, outage.stream, start, outage.cause)
            return
        row = _Trouble(outage.camera, outage.stream, start, outage.cause, end=millis(outage.end))
        known = self._open.get((part, outage.camera, outage.stream))
        if known is not None and known.start <= start:
            del self._open[part, outage.camera, outage.stream]
            known.end = row.end if known.start == start else start
            self._change(known)
        if known is None or known.start != start:
            self._change(row)

    def _began(
        self,
        part: Part,
        camera: str | None,
        stream: str | None,
        start: int,
        cause: str,
        detail: str = "",
    ) -> None:
        known = self._open.get((part, camera, stream))
        if known is not None and known.cause == cause:
            return
        self._ended((part, camera, stream), start)
        self._open[part, camera, stream] = row = _Trouble(camera, stream, start, cause, detail)
        self._change(row)

    def _ended(self, place: Place, at: int) -> None:
        known = self._open.pop(place, None)
        if known is not None:
            known.end = max(at, known.start)
            self._change(known)

    def _up(self, camera: str, now: int) -> None:
        """What was open of a camera ended when the process before this one did; if this one is the
        same, or knows better, it tells so next."""
        stopped = self._open.get(("capture", camera, None))
        died = now
        if stopped is not None:
            died = stopped.start
        elif camera not in self._met and self._before is not None:
            died = self._before
        self._met.add(camera)
        self._ended(("capture", camera, None), now)
        for place in [place for place in self._open if place[1] in (None, camera)]:
            self._ended(place, died)

    def _disks_work(self, at: int) -> None:
        for place in [place for place in self._open if place[0] == "disk"]:
            self._ended(place, at)

    def _change(self, row: _Trouble) -> None:
        """Have the row stored, as it is by then."""
        if len(self._waiting) >= MOST_WAITING and id(row) not in self._waiting:
            log.error("%d causes of gaps wait for the database; the oldest is lost", MOST_WAITING)
            del self._waiting[next(iter(self._waiting))]
        self._waiting[id(row)] = row


def _place(trouble: _Trouble) -> Place:
    part: Part = "source"
    if trouble.cause.startswith("disk_"):
        part = "disk"
    elif trouble.cause == Reason.CAPTURE_STOPPED:
        part = "capture"
    return part, trouble.camera, trouble.stream


def _left(connection: Connection) -> tuple[int | None, list[_Trouble]]:
    """When a hub last lived, and what it knew of."""
    last = connection.execute(select(archive_beat.c.at)).scalar()
    rows = connection.execute(select(outages).where(outages.c.end.is_(None)))
    left = [_Trouble(r.camera, r.stream, r.start, r.cause, r.detail) for r in rows]
    return last, left


def _forget_future(connection: Connection, now: int) -> None:
    """What a clock that was ahead told of times that are still to come."""
    table = outages.c
    connection.execute(delete(outages).where(table.start > now))
    connection.execute(update(outages).where(table.end > now).values(end=now))


def _store(connection: Connection, rows: Iterable[_Trouble], now: int) -> None:
    table = outages.c
    for row in rows:
        same = (
            table.camera.is_not_distinct_from(row.camera),
            table.stream.is_not_distinct_from(row.stream),
            table.start == row.start,
            table.cause == row.cause,
        )
        known = connection.execute(update(outages).where(*same).values(end=row.end))
        if not known.rowcount:
            values = {name: getattr(row, name) for name in _Trouble.__slots__}
            connection.execute(insert(outages).values(values))
    connection.execute(delete(archive_beat))
    connection.execute(insert(archive_beat).values(id=1, at=now))
