"""What is kept of one camera: the ring in memory, and files where somebody ordered a window."""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor

from hub.video import wire
from hub.video.capture.fragments import Fragment
from hub.video.capture.ring import Group, Ring
from hub.video.capture.segment import Archive, Segment
from hub.video.reasons import Reason, explain

log = logging.getLogger("hub.video.capture")

SEGMENT_S = 60.0
LATE_S = 5.0
"""An order is over when its end is so far past, even if no frame ever showed that."""
_DISK_PAUSE_S = 10.0
_FORGET_AFTER = 200

Tell = Callable[[str, object], None]


class Recorder:
    """Writes what is ordered. Groups of pictures are written whole and once, whatever number of
    orders want them: `kept` says that a group is in a file."""

    def __init__(
        self, camera: str, source: wire.Source, archive: Archive, finisher: Executor, tell: Tell
    ) -> None:
        self.camera = camera
        self._archive = archive
        self._finisher = finisher
        self._tell = tell
        self._lock = threading.Lock()
        self._ring = Ring(source.ring_s, source.ring_bytes)
        self._orders: dict[str, wire.Order] = {}
        self._over: dict[str, wire.RecordedReport] = {}
        self._live: Segment | None = None
        self._disk_again = 0.0
        self._key: Fragment | None = None
        self._until: float | None = None

    @property
    def key(self) -> Fragment | None:
        """The fragment of the last keyframe."""
        return self._key

    @property
    def orders(self) -> list[str]:
        with self._lock:
            return list(self._orders)

    def ring(self) -> wire.RingReport:
        with self._lock:
            return wire.RingReport(self._ring.bytes, round(self._ring.span, 3))

    def change(self, source: wire.Source) -> None:
        """Take over new limits of the ring."""
        with self._lock:
            self._ring.resize(source.ring_s, source.ring_bytes)

    def take(self, fragment: Fragment) -> None:
        """The next fragment of the camera."""
        with self._lock:
            self._until = fragment.end
            if fragment.key:
                self._key = fragment
            group = self._ring.add(fragment)
            if group is not None and group.kept:
                self._append(fragment)
            elif group is None:
                self._close_live()
            elif self._wanted(group):
                self._live = self._keep(group, self._live)
            elif fragment.key:
                self._close_live()
            self._end_orders(fragment.end)

    def interrupt(self) -> None:
        """The stream broke off: files end here."""
        with self._lock:
            self._ring.interrupt()
            self._close_live()

    def order(self, order: wire.Order) -> None:
        """Keep a window; the same order given again may lengthen it."""
        with self._lock:
            if (done := self._over.get(order.order)) is not None and (
                done.until is not None and order.end <= done.until
            ):
                self._tell("recorded", done)
                return
            self._over.pop(order.order, None)
            self._orders[order.order] = order
            self._keep_from_ring()

    def tick(self, now: float) -> None:
        """End orders whose time is past, though no frame came to show it."""
        with self._lock:
            self._end_orders(now - LATE_S)

    def close(self) -> None:
        """Finish the file."""
        with self._lock:
            self._close_live()

    def _wanted(self, group: Group) -> bool:
        if self._disk_again > group.end:
            return False
        return any(
            order.start < group.end and group.start < order.end for order in self._orders.values()
        )

    def _keep_from_ring(self) -> None:
        """Write the groups in memory that are wanted and not yet in a file. Those before a group
        that is kept already become files of their own; the last of them goes on as the live one.
        """
        segment: Segment | None = None
        for group in self._ring:
            if group.kept or not self._wanted(group):
                self._end(segment)
                segment = None
            else:
                segment = self._keep(group, segment)
        if segment is not None:
            self._live = segment

    def _keep(self, group: Group, segment: Segment | None) -> Segment | None:
        """Write a group, to `segment` if it goes on there; returns the file that it is in."""
        group.kept = True
        try:
            if segment is not None and not segment.takes(group, SEGMENT_S):
                self._end(segment)
                segment = None
            if segment is None:
                first = group.fragments[0]
                segment = self._archive.create(self.camera, first.epoch, first.start)
                self._tell("segment", segment.opened())
            segment.begin(group)
            for fragment in group.fragments:
                segment.write(fragment)
        except OSError as error:
            self._disk_failed(error, group.end)
            self._end(segment)
            return None
        return segment

    def _append(self, fragment: Fragment) -> None:
        if self._live is None:
            return
        try:
            self._live.write(fragment)
        except OSError as error:
            self._disk_failed(error, fragment.end)
            self._close_live()

    def _disk_failed(self, error: OSError, at: float) -> None:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = Reason.DISK_FULL if full else Reason.DISK_ERROR
        log.error("%s is not recorded for 10 s: %s", self.camera, explain(reason))
        self._disk_again = at + _DISK_PAUSE_S
        self._tell("trouble", {"camera": self.camera, "why": reason.value})

    def _close_live(self) -> None:
        self._end(self._live)
        self._live = None

    def _end(self, segment: Segment | None) -> None:
        if segment is not None:
            self._finisher.submit(self._finish, segment)

    def _finish(self, segment: Segment) -> None:
        try:
            report = segment.close()
        except (OSError, ValueError) as error:
            log.error("%s could not be finished: %s", segment.path, error)
            return
        if report is not None:
            self._tell("segment", report)

    def _end_orders(self, until: float) -> None:
        if not self._orders:
            return
        for order in [order for order in self._orders.values() if order.end <= until]:
            del self._orders[order.order]
            report = wire.RecordedReport(order.order, self.camera, self._until)
            self._over[order.order] = report
            while len(self._over) > _FORGET_AFTER:
                del self._over[next(iter(self._over))]
            self._finisher.submit(self._tell, "recorded", report)
