"""What capture tells, handed to those whom it concerns."""

from __future__ import annotations

import logging
from collections.abc import Callable

from hub.tasks import Tasks
from hub.video.health import Health
from hub.video.indexing.indexer import Indexer
from hub.video.missing.causes import Causes
from hub.video.orders import Orders
from hub.video.reasons import Reason, explain
from hub.video.retention.keeper import Keeper
from hub.video.talk import wire
from hub.video.talk.messages import (
    DiskReport,
    Outage,
    RecordedReport,
    SegmentReport,
    StreamReport,
    TroubleReport,
    key_of,
)
from hub.video.watching.live import Live

log = logging.getLogger("hub.video")


class Hearing:
    """Nobody here is waited for: the reader of the connection goes on at once. `knows` tells
    whether a stream, by its key, is set up."""

    def __init__(
        self,
        *,
        health: Health,
        causes: Causes,
        live: Live,
        indexer: Indexer,
        keeper: Keeper,
        orders: Orders,
        tasks: Tasks,
        knows: Callable[[str], bool],
    ) -> None:
        self._health = health
        self._causes = causes
        self._live = live
        self._indexer = indexer
        self._keeper = keeper
        self._orders = orders
        self._tasks = tasks
        self._knows = knows
        self._open: dict[int, set[str]] = {}

    @property
    def writing(self) -> frozenset[str]:
        """The files that are being written now, by any process."""
        return frozenset().union(*self._open.values())

    def state(self, number: int, state: wire.Head) -> None:
        """How a process is: asked for, where notices may have been missed. Raises WireError."""
        self._open[number] = set(state["open"])
        self._causes.outages(wire.build(Outage, fields) for fields in state["outages"])
        for fields in state["streams"]:
            self._stream(wire.build(StreamReport, fields))

    async def notice(self, number: int, head: wire.Head) -> None:
        """A notice of a process. Raises WireError."""
        match head.get("tell"):
            case "stream":
                self._stream(wire.build(StreamReport, head))
            case "segment":
                self._segment(number, wire.build(SegmentReport, head))
            case "recorded":
                done = wire.build(RecordedReport, head)
                self._tasks.start(self._orders.finished(done), "close a recording")
            case "disk":
                self._disk(wire.build(DiskReport, head))
            case "trouble":
                trouble = wire.build(TroubleReport, head)
                log.warning("%s/%s: %s", trouble.camera, trouble.stream, explain(trouble.why))
            case other:
                raise wire.WireError(f"an unknown notice '{other}'")

    def _stream(self, report: StreamReport) -> None:
        if not self._knows(key_of(report.camera, report.stream)):
            return
        self._health.heard(report)
        self._causes.stream(report)
        if not report.online:
            self._live.lost(report.camera, report.stream, report.reason or Reason.CONNECTING)

    def _segment(self, number: int, report: SegmentReport) -> None:
        being_written = self._open.get(number, set())
        if report.end is None:
            being_written.add(report.path)
        else:
            being_written.discard(report.path)
        self._indexer.put(report)

    def _disk(self, report: DiskReport) -> None:
        self._causes.disk(report)
        self._keeper.heard(report)
        if report.why is None:
            log.info("recordings are written to '%s' again", report.tier)
        else:
            log.error("nothing is recorded to '%s': %s", report.tier, explain(report.why))
