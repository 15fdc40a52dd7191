"""How each camera is, told to the bus and the log once when it is lost and once when it is back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from hub.bus import Bus
from hub.clock import Clock
from hub.model.core_events import CameraBack, CameraLost
from hub.video.instants import instant
from hub.video.messages import StreamReport
from hub.video.reasons import Reason, explain
from hub.video.status import CameraStatus

log = logging.getLogger("hub.video")

OnStatus = Callable[[str, CameraStatus], None]


class Health:
    """The statuses of the cameras that are set up."""

    def __init__(self, bus: Bus, clock: Clock, on_change: OnStatus) -> None:
        self._bus = bus
        self._clock = clock
        self._on_change = on_change
        self._status: dict[str, CameraStatus] = {}
        self._lost: set[str] = set()

    def __getitem__(self, camera: str) -> CameraStatus:
        return self._status[camera]

    def expect(self, cameras: Iterable[str]) -> None:
        """These are new, or are connected anew."""
        for camera in cameras:
            since = self._clock.now()
            self._status[camera] = CameraStatus(online=False, reason=Reason.CONNECTING, since=since)

    def forget(self, cameras: Iterable[str]) -> None:
        for camera in cameras:
            self._status.pop(camera, None)
            self._lost.discard(camera)

    def heard(self, report: StreamReport) -> None:
        """Take over what capture told; of a camera that is not set up, nothing."""
        status = CameraStatus(
            online=report.online,
            reason=report.reason,
            since=instant(report.since),
            width=report.width,
            height=report.height,
            codec=report.codec,
        )
        if self._status.get(report.camera, status) != status:
            self._changed(report.camera, status)

    def capture_down(self) -> None:
        """The capture process cannot be kept running: no camera gives anything."""
        for camera, status in tuple(self._status.items()):
            if status.reason != Reason.CAPTURE_DOWN:
                since = self._clock.now() if status.online else status.since
                down = CameraStatus(online=False, reason=Reason.CAPTURE_DOWN, since=since)
                self._changed(camera, down)

    def _changed(self, camera: str, status: CameraStatus) -> None:
        self._status[camera] = status
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
