"""Windows of time that somebody ordered: stored first, then told to capture until they are done."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from hub.bus import Bus
from hub.clock import Clock
from hub.model.core_events import RecordingFinished
from hub.store.store import Store
from hub.tasks import Tasks
from hub.video.indexing import index
from hub.video.indexing.index import Recording
from hub.video.instants import instant
from hub.video.reasons import explain
from hub.video.talk import wire
from hub.video.talk.messages import Order, RecordedReport

log = logging.getLogger("hub.video")


class Orders:
    """`peer_of` is the connection to the process of a camera, `number_of` the number of that
    process; `flush` waits until all that capture told of files is in the index."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        bus: Bus,
        tasks: Tasks,
        peer_of: Callable[[str], wire.Peer | None],
        number_of: Callable[[str], int | None],
        flush: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._tasks = tasks
        self._peer_of = peer_of
        self._number_of = number_of
        self._flush = flush
        self._known: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)

    async def record(
        self, *, key: str, camera: str, start: datetime, end: datetime, incident: int | None
    ) -> str:
        """Have a window of time recorded; it may begin in the past, as far as the pre-roll goes.

        The order is stored before anything is done, and told again until it is finished. The same
        key and camera give the same recording; a later end lengthens it while it is open.
        """
        id = hashlib.sha256(f"{key}\0{camera}".encode()).hexdigest()[:24]
        asked = Recording(id, camera, start, end, incident, "open")
        made_at = self._clock.now()
        order, changed = await self._store.write(
            lambda connection: index.put_recording(connection, asked, made_at)
        )
        if order.state == "open":
            await self._tell(order)
        if changed:
            log.info("%s is recorded from %s to %s", camera, order.start, order.end)
        return id

    async def tell(self, cameras: Collection[str]) -> None:
        """Tell capture the open orders of these cameras; it knows its own again."""
        for order in await self._store.read(index.open_recordings):
            if order.camera in cameras:
                await self._tell(order)

    async def settle(self, cameras: Collection[str]) -> None:
        """Of the orders that are over and were not closed, close those of cameras other than
        these, since nobody else will, and tell capture the rest again: it answers what it knows."""
        now = self._clock.now()
        for order in await self._store.read(index.open_recordings):
            if order.end > now:
                continue
            if order.camera in cameras:
                await self._tell(order)
            else:
                await self.finished(RecordedReport(order.id, order.camera, None))

    def wait_for(self, process: int) -> None:
        """The index is not up to what this process wrote: its orders are not judged by it."""
        self._known[process].clear()

    def go_on(self, process: int) -> None:
        """The index is up to what this process wrote."""
        self._known[process].set()

    async def finished(self, report: RecordedReport) -> None:
        """All there will be of an order is on disk: close it by what is there."""
        process = self._number_of(report.camera)
        if process is not None:
            await self._known[process].wait()
        await self._flush()
        until = None if report.until is None else instant(report.until)
        done = await self._store.write(
            lambda connection: index.finish_recording(connection, report.order, until)
        )
        if done is None:
            return
        recording, start, end = done
        self._bus.publish(
            RecordingFinished(
                source=recording.camera,
                received_at=self._clock.now(),
                recording=recording.id,
                start=start.isoformat(),
                end=end.isoformat(),
                incident=recording.incident,
                complete=recording.state == "finished",
            )
        )

    async def _tell(self, order: Recording) -> None:
        peer = self._peer_of(order.camera)
        if peer is None:
            return
        start, end = order.start.timestamp(), order.end.timestamp()
        try:
            fields = wire.plain(Order(order.id, order.camera, start, end))
            await peer.request("record", fields)
        except wire.Refusal as refusal:
            log.warning("%s is not recorded: %s", order.camera, explain(refusal.why))
            if order.end <= self._clock.now():
                report = RecordedReport(order.id, order.camera, None)
                self._tasks.start(self.finished(report), "close a recording")
        except (TimeoutError, ConnectionError):
            log.debug("capture went away; it is told when it is back")
