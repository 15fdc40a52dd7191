"""What is kept of one stream: the ring in memory, and files of all of it or of ordered windows."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from hub.video.capture import disks
from hub.video.capture.bitrate import Bitrate
from hub.video.capture.files import Archive
from hub.video.capture.fragments import Fragment
from hub.video.capture.outages import Outages
from hub.video.capture.ring import Group, Ring
from hub.video.capture.segment import Segment
from hub.video.capture.windows import Windows
from hub.video.files import boxes
from hub.video.reasons import Reason, explain
from hub.video.talk import messages
from hub.video.talk.messages import Order, RingReport, TroubleReport, Wanted

log = logging.getLogger("hub.video.capture")

SEGMENT_S = 60.0
_SPREAD = 0.8
"""Files are so much of it long, or more: those of many streams must not all be sealed at once."""

LATE_S = 5.0
"""An order is over when its end is so far past, even if no frame ever showed that."""

Tell = Callable[[str, object], None]


class Recorder:
    """Writes what is wanted. Groups of pictures are written whole and once, whatever number of
    orders want them: `kept` says that a group is in a file.

    While its tier cannot be written the ring keeps what it can hold, and that is written when the
    tier works again.
    """

    def __init__(
        self,
        camera: str,
        stream: str,
        wanted: Wanted,
        archive: Archive,
        finisher: Executor,
        tell: Tell,
        outages: Outages,
    ) -> None:
        self.camera = camera
        self.stream = stream
        self.name = messages.key_of(camera, stream)
        self.watched: Callable[[Fragment], None] | None = None
        """Called with each fragment, in the stream's thread; it must not block."""
        self.reader: object = None
        """Who gives the fragments now."""
        self.answers = True
        """It tells when orders are over; one stream of a camera does."""
        self.bitrate = Bitrate()
        self._archive = archive
        self._finisher = finisher
        self._tell = tell
        self._outages = outages
        self._lock = threading.Lock()
        self._wanted = wanted
        self._all_since = float("-inf")
        self._live: Segment | None = None
        self._windows = Windows(camera)
        self._failing = self._starved = False
        self._ring = Ring(self._ring_s(), wanted.ring_bytes)
        self._longest_s = SEGMENT_S
        self._tried = 0.0
        self._key: Fragment | None = None
        self._seen: float | None = None
        self._until: float | None = None

    @property
    def key(self) -> Fragment | None:
        """The fragment of the last keyframe."""
        return self._key

    @property
    def seen(self) -> float | None:
        """The end of the last frame there was."""
        return self._seen

    @property
    def until(self) -> float | None:
        """The end of the last frame that is in a file."""
        return self._until

    @property
    def recording(self) -> bool:
        """A file is being written."""
        return self._live is not None

    @property
    def wanted(self) -> Wanted:
        return self._wanted

    # What the event loop asks waits for no lock: who holds it may be waiting for a slow disk.

    @property
    def orders(self) -> list[str]:
        return self._windows.ids()

    def ring(self) -> RingReport:
        return RingReport(self._ring.bytes, round(self._ring.span, 3))

    def join(self) -> tuple[Fragment, ...]:
        """The running group of pictures, for who begins to watch. Who sets `watched` first misses
        nothing, and may be given the last fragment twice."""
        last = self._ring.last
        return () if last is None else tuple(last.fragments)

    def change(self, wanted: Wanted) -> None:
        """Keep another part of the stream, or elsewhere, from now on. What is kept before and
        after loses no frame; what comes while nothing may be kept never gets into a file."""
        with self._lock:
            if (wanted.tier, wanted.root) != (self._wanted.tier, self._wanted.root):
                self._close_live()
                self._disk_works()
            was, self._wanted = self._wanted, wanted
            if wanted.mode == messages.ALL and was.mode != messages.ALL:
                self._all_since = float("-inf") if self._seen is None else self._seen
            if messages.NONE in (wanted.mode, was.mode):
                self._leave_ring()
            self._ring.resize(self._ring_s(), wanted.ring_bytes)

    def take(self, fragment: Fragment, reader: object = None) -> None:
        """The next fragment of the stream; from a reader that was replaced, nothing is taken."""
        with self._lock:
            if reader is not self.reader:
                return
            self._seen = fragment.end
            self.bitrate.add(fragment)
            if fragment.key:
                self._key = fragment
            group = self._ring.add(fragment)
            if group is None:
                self._close_live()
            elif group.kept:
                self._append(fragment)
            elif self._wants(group):
                self._write_out(fragment.end)
            elif fragment.key:
                self._close_live()
            self._ring.trim()
            self._end_orders(fragment.end)
            if self.watched is not None:
                self.watched(fragment)

    def interrupt(self) -> None:
        """The stream broke off: files end here."""
        with self._lock:
            self._ring.interrupt()
            self._close_live()

    def forget(self) -> None:
        """Nobody may see any more what is in memory."""
        with self._lock:
            self._close_live()
            self._ring.clear()
            self._key = None

    def order(self, order: Order) -> None:
        """Keep a window; the same order given again may lengthen it."""
        with self._lock:
            done = self._windows.put(order)
            if done is not None and self.answers:
                self._tell("recorded", done)
            elif done is None and self._seen is not None:
                self._write_out(self._seen)

    def tick(self, now: float) -> None:
        """End orders whose time is past, though no frame came to show it."""
        if self._lock.acquire(blocking=False):  # a stream that is at work ends them itself
            try:
                self._end_orders(now - LATE_S)
            finally:
                self._lock.release()

    def close(self) -> None:
        """Finish the file; nothing more is written."""
        with self._lock:
            self._close_live()
            self._disk_works()
            self._wanted = replace(self._wanted, mode=messages.NONE)

    def _ring_s(self) -> float:
        """Where all is written, memory need hold no more than the running group of pictures."""
        wanted = self._wanted
        if wanted.mode == messages.ORDERS or (wanted.mode == messages.ALL and self._failing):
            return wanted.ring_s
        return 0.0

    def _leave_ring(self) -> None:
        """What is in memory now never gets into a file."""
        self._close_live()
        for group in self._ring:
            group.kept = True

    def _wants(self, group: Group) -> bool:
        if self._wanted.mode == messages.NONE:
            return False
        if self._wanted.mode == messages.ALL and group.end > self._all_since:
            return True
        return self._windows.want(group.start, group.end)

    def _write_out(self, now: float) -> None:
        """Write the groups in memory that are wanted and in no file yet. Those before a group
        that is kept already become files of their own; the running one goes on as the live one.
        """
        if self._failing and 0 <= now - self._tried < disks.PAUSE_S:
            return
        segment: Segment | None = None
        for group in self._ring:
            if group.kept or not self._wants(group):
                self._end(segment)
                segment = None
                continue
            if group is self._ring.last and segment is None:
                segment, self._live = self._live, None
            segment = self._keep(group, segment)
            if segment is None:
                return
        self._live = segment or self._live
        self._ring.seconds = self._ring_s()

    def _keep(self, group: Group, segment: Segment | None) -> Segment | None:
        """Write a group, to `segment` if it goes on there; returns the file that it is in, or
        None where it cannot be written."""
        if segment is not None and not segment.takes(group, self._longest_s):
            self._end(segment)
            segment = None
        at = group.start
        try:
            if segment is None:
                segment = self._begin(group)
            segment.begin(group)
            for fragment in group.fragments:
                at = fragment.start
                segment.write(fragment)
                group.kept = True
                self._until = fragment.end
        except OSError as error:
            self._disk_failed(error, at)
            self._end(segment)
            return None
        self._disk_works()
        if self._starved:
            self._starved = False
            self._outages.end("source", self.camera, self.stream, group.start)
        return segment

    def _begin(self, group: Group) -> Segment:
        wanted = self._wanted
        disks.ready(wanted)
        self._longest_s = SEGMENT_S * random.uniform(_SPREAD, 1.0)
        segment = self._archive.create(
            Path(wanted.root), wanted.tier, self.camera, self.stream, group.epoch, group.start
        )
        self._tell("segment", segment.opened())
        return segment

    def _append(self, fragment: Fragment) -> None:
        if self._live is None:
            return
        try:
            self._live.write(fragment)
        except OSError as error:
            self._disk_failed(error, fragment.start)
            self._close_live()
            return
        self._until = fragment.end
        if self._live.full:
            why = Reason.NO_KEYFRAME.value
            self._tell("trouble", TroubleReport(self.camera, self.stream, why))
            self._outages.begin("source", self.camera, self.stream, fragment.end, why)
            self._starved = True
            self._close_live()

    def _disk_failed(self, error: OSError, at: float) -> None:
        wanted = self._wanted
        why = disks.reason_of(error, wanted.root)
        report = self._archive.disks.failed(wanted.tier, self.name, why)
        if report is not None:
            log.error("writing to '%s' fails: %s (%s)", wanted.tier, explain(why), error.strerror)
            self._tell("disk", report)
        self._outages.begin("disk", self.camera, self.stream, at, why.value)
        self._failing = True
        self._tried = at if self._seen is None else self._seen
        self._ring.seconds = self._ring_s()

    def _disk_works(self) -> None:
        if not self._failing:
            return
        self._failing = False
        if self._seen is not None:
            self._outages.end("disk", self.camera, self.stream, self._seen)
        report = self._archive.disks.works(self._wanted.tier, self.name)
        if report is not None:
            log.info("writing to '%s' works again", report.tier)
            self._tell("disk", report)
        self._finisher.submit(self._repair)

    def _repair(self) -> None:
        for report in self._archive.repair():
            self._tell("segment", report)

    def _close_live(self) -> None:
        self._end(self._live)
        self._live = None

    def _end(self, segment: Segment | None) -> None:
        if segment is not None:
            self._finisher.submit(self._finish, segment)

    def _finish(self, segment: Segment) -> None:
        try:
            report = segment.close()
        except (OSError, boxes.Mp4Error) as error:
            log.error("%s could not be sealed: %s", segment.path, error)
            self._archive.leave(segment)
            return
        if report is not None:
            self._tell("segment", report)

    def _end_orders(self, until: float) -> None:
        for report in self._windows.ended(until, self._until):
            if self.answers:
                self._finisher.submit(self._tell, "recorded", report)
