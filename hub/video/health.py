"""How each stream is; of each camera, told to the bus and the log once when it is lost and once
when it is back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable

from hub.bus import Bus
from hub.clock import Clock
from hub.model.core_events import CameraBack, CameraLost
from hub.video.instants import instant
from hub.video.reasons import Reason, explain
from hub.video.status import CameraStatus
from hub.video.talk.messages import StreamReport

log = logging.getLogger("hub.video")

OnStatus = Callable[[str, CameraStatus], None]
Name = tuple[str, str]
"""A camera and one of its streams."""


class Health:
    """The statuses of the streams that are set up. A camera is as its first stream is: `main`, or
    the only one."""

    def __init__(self, bus: Bus, clock: Clock, on_change: OnStatus) -> None:
        self._bus = bus
        self._clock = clock
        self._on_change = on_change
        self._status: dict[Name, CameraStatus] = {}
        self._first: dict[str, str] = {}
        self._lost: set[str] = set()

    def of(self, camera: str, stream: str | None = None) -> CameraStatus:
        """How a stream is, or a camera. Raises KeyError where it is not set up."""
        return self._status[camera, stream or self._first[camera]]

    def have(self, first: dict[str, str], streams: Collection[Name]) -> None:
        """These are set up, and no others; `first` names the stream that a camera is judged by."""
        for gone in self._status.keys() - set(streams):
            del self._status[gone]
        self._lost &= first.keys()
        self._first = first

    def expect(self, streams: Iterable[Name]) -> None:
        """These are new, or are connected anew."""
        for name in streams:
            since = self._clock.now()
            self._status[name] = CameraStatus(online=False, reason=Reason.CONNECTING, since=since)

    def heard(self, report: StreamReport) -> None:
        """Take over what capture told; of a stream that is not set up, nothing."""
        status = CameraStatus(
            online=report.online,
            reason=report.reason,
            since=instant(report.since),
            width=report.width,
            height=report.height,
            codec=report.codec,
        )
        name = (report.camera, report.stream)
        if self._status.get(name, status) != status:
            self._changed(name, status)

    def capture_down(self, cameras: Collection[str]) -> None:
        """A capture process cannot be kept running: its cameras give nothing."""
        for name, status in tuple(self._status.items()):
            if name[0] in cameras and status.reason != Reason.CAPTURE_DOWN:
                since = self._clock.now() if status.online else status.since
                down = CameraStatus(online=False, reason=Reason.CAPTURE_DOWN, since=since)
                self._changed(name, down)

    def _changed(self, name: Name, status: CameraStatus) -> None:
        self._status[name] = status
        camera, stream = name
        if stream != self._first.get(camera):
            return
        now = self._clock.now()
        if status.online and camera in self._lost:
            self._lost.discard(camera)
            log.info("%s is back", camera)
            self._bus.publish(CameraBack(source=camera, received_at=now))
        elif not status.online and status.reason != Reason.CONNECTING and camera not in self._lost:
            self._lost.add(camera)
            reason = str(status.reason)
            log.warning("%s is lost: %s", camera, explain(reason))
            self._bus.publish(CameraLost(source=camera, received_at=now, reason=reason))
        self._on_change(camera, status)
