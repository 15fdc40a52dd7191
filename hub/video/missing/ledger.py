"""The ledger of gaps: each second that should have been recorded and was not, with its cause."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, Connection, and_, case, func, select, tuple_

from hub.bus import Bus
from hub.clock import Clock
from hub.model.core_events import RecordingResumed, RecordingStopped
from hub.store.store import Store
from hub.video.instants import instant, millis
from hub.video.missing import judging
from hub.video.missing.causes import Causes
from hub.video.missing.gaps import Gap
from hub.video.missing.judging import Stream
from hub.video.reasons import Reason, explain
from hub.video.tables import gaps

log = logging.getLogger("hub.video")

BEAT_S = 10.0
BEATS = 6
"""The ledger is written at each sixth beat: once a minute."""
AT_ONCE = 20
"""So many streams share a write: each is synced."""

_OWN = frozenset({Reason.SWITCHED_OFF, Reason.HUB_STOPPED, Reason.CONNECTING})
"""Causes of gaps that nobody needs to be told of as they go on."""


@dataclass(frozen=True, slots=True)
class GapRow:
    """One gap of a stream. `cause` is a word of `hub.video.reasons.Reason`; `detail` the name of a
    tier, or by how much the clock was set; `by` who switched the recording off."""

    id: int
    camera: str
    stream: str
    start: datetime
    end: datetime
    cause: str
    detail: str
    by: str

    @property
    def place(self) -> tuple[int, int]:
        """Where the row stands among the others."""
        return millis(self.start), self.id


@dataclass(frozen=True, slots=True)
class Total:
    """How much of a stream is missing in a window for one cause."""

    camera: str
    stream: str
    cause: str
    gaps: int
    missing: timedelta


class Ledger:
    """Writes the ledger a minute and a half behind the present, from what should be recorded, what
    is, and the causes that were told. It says when a stream is not recorded any more, and again.

    What was judged is not judged again, so that a purge makes no gap: only where files have
    `changed` otherwise.
    """

    def __init__(self, store: Store, clock: Clock, bus: Bus, causes: Causes) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._causes = causes
        self._stopped: set[Stream] = set()
        self._changed: dict[Stream, tuple[int, int]] = {}
        self.behind: Callable[[], bool] = lambda: False
        """Whether the clock is further back than it can be: by such a one nothing is judged."""
        self._is_behind = False

    async def run(self) -> None:
        """Store causes every few seconds and judge once a minute, for ever."""
        while True:
            for _ in range(BEATS):
                await self._causes.beat()
                await self._clock.sleep(BEAT_S)
            await self.settle()

    async def settle(self) -> None:
        """Judge all streams up to the present, as far as it can be judged."""
        was, self._is_behind = self._is_behind, self.behind()
        if self._is_behind:
            if not was:
                log.warning("the ledger of gaps waits until the clock can be believed")
            return
        found, self._changed = self._changed, {}
        for (camera, name), (start, end) in found.items():
            await self.again(camera, name, start, end)
        streams = await self._store.read(judging.streams)
        for first in range(0, len(streams), AT_ONCE):
            waiting = streams[first : first + AT_ONCE]
            while waiting:
                written = {stream: self._causes.until(*stream) for stream in waiting}
                now = millis(self._clock.now())
                steps = partial(judging.steps, written=written, now=now)
                judged = await self._store.write(steps)
                waiting = [stream for stream, each in judged.items() if each.more]
                for stream in judged.keys() - waiting:
                    self._tell(stream, judged[stream].ongoing)

    def changed(self, camera: str, stream: str, start: int, end: int) -> None:
        """Files of a window (milliseconds) came to light, or are gone: it is judged again soon."""
        low, high = self._changed.get((camera, stream), (start, end))
        self._changed[camera, stream] = min(low, start), max(high, end)

    async def again(self, camera: str, stream: str, start: int, end: int) -> None:
        """Judge again what lies between two instants (milliseconds), where files have turned up or
        are gone."""
        look = partial(judging.look_again, stream=(camera, stream), start=start, end=end)
        await self._store.write(look)

    async def rows(
        self,
        cameras: Collection[str] | None,
        start: datetime,
        end: datetime,
        limit: int,
        after: tuple[int, int] | None = None,
    ) -> list[GapRow]:
        """Gaps of which at least a part lies in a window, the youngest first; of some cameras, or
        of all (None). `after`: the `place` of the last row that was seen."""
        table = gaps.c
        query = select(gaps).where(_in_window(cameras, start, end))
        if after is not None:
            query = query.where(tuple_(table.start, table.id) < after)
        ordered = query.order_by(table.start.desc(), table.id.desc()).limit(limit)

        def read(connection: Connection) -> list[GapRow]:
            return [
                GapRow(
                    id=row.id,
                    camera=row.camera,
                    stream=row.stream,
                    start=instant(row.start / 1000),
                    end=instant(row.end / 1000),
                    cause=row.cause,
                    detail=row.detail,
                    by=row.by,
                )
                for row in connection.execute(ordered)
            ]

        return await self._store.read(read)

    async def totals(
        self, cameras: Collection[str] | None, start: datetime, end: datetime
    ) -> list[Total]:
        """What is missing in a window by stream and cause, the most first."""
        table = gaps.c
        low, high = millis(start), millis(end)
        begin = case((table.start > low, table.start), else_=low)
        until = case((table.end < high, table.end), else_=high)
        missing = func.sum(until - begin)
        query = (
            select(table.camera, table.stream, table.cause, func.count(), missing)
            .where(_in_window(cameras, start, end))
            .group_by(table.camera, table.stream, table.cause)
            .order_by(missing.desc(), table.camera, table.stream, table.cause)
        )
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [
            Total(camera, stream, cause, count, timedelta(milliseconds=ms))
            for camera, stream, cause, count, ms in rows
        ]

    def _tell(self, stream: Stream, ongoing: Gap | None) -> None:
        """Tell once that a stream is not recorded, and once that it is again."""
        now, (camera, name) = self._clock.now(), stream
        if ongoing is None and stream in self._stopped:
            self._stopped.discard(stream)
            log.info("%s/%s is recorded again", camera, name)
            self._bus.publish(RecordingResumed(source=camera, received_at=now, stream=name))
        elif ongoing is not None and ongoing.cause not in _OWN and stream not in self._stopped:
            self._stopped.add(stream)
            log.warning("%s/%s is not recorded: %s", camera, name, explain(ongoing.cause))
            event = RecordingStopped(source=camera, received_at=now, stream=name, why=ongoing.cause)
            self._bus.publish(event)


def _in_window(
    cameras: Collection[str] | None, start: datetime, end: datetime
) -> ColumnElement[bool]:
    table = gaps.c
    inside = and_(table.start < millis(end), table.end > millis(start))
    return inside if cameras is None else and_(inside, table.camera.in_(cameras))
