"""Pictures of the present: the last keyframe of a stream, decoded when somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor

import av

from hub.clock import Clock
from hub.video.capture import snapshot
from hub.video.capture.camera import CameraThread
from hub.video.capture.fragments import Fragment
from hub.video.capture.recorder import Recorder
from hub.video.reasons import Reason
from hub.video.talk import wire

_FRESH_S = 15.0
"""A lost camera's last picture is given for so long."""
_FIRST_PICTURE_S = 4.0


class Pictures:
    """The last picture that was made of each stream is kept until there is a newer one."""

    def __init__(
        self,
        streams: Mapping[str, CameraThread],
        recorders: Mapping[str, Recorder],
        clock: Clock,
        workers: Executor,
    ) -> None:
        self._streams = streams
        self._recorders = recorders
        self._clock = clock
        self._workers = workers
        self._known: dict[str, tuple[Fragment, bytes]] = {}

    async def of(self, name: str) -> tuple[float, bytes]:
        """The instant and the JPEG of a stream's last keyframe. Raises Refusal."""
        key = await self._last_key(name)
        known = self._known.get(name)
        if known is None or known[0] is not key:
            loop = asyncio.get_running_loop()
            try:
                picture = await loop.run_in_executor(self._workers, snapshot.jpeg, key)
            except av.error.FFmpegError:
                raise wire.Refusal(Reason.NO_PICTURE) from None
            known = self._known[name] = (key, picture)
        return key.start, known[1]

    def forget(self, name: str) -> None:
        """The stream is no longer set up."""
        self._known.pop(name, None)

    async def _last_key(self, name: str) -> Fragment:
        """The last keyframe; that of a stream that is just being connected is waited for."""
        waited = 0.0
        while True:
            thread, recorder = self._streams.get(name), self._recorders.get(name)
            if thread is None or recorder is None:
                raise wire.Refusal(Reason.UNKNOWN_CAMERA)
            report, key = thread.report, recorder.key
            now = self._clock.now().timestamp()
            if key is not None and (report.online or now - key.start < _FRESH_S):
                return key
            if report.reason != Reason.CONNECTING or waited >= _FIRST_PICTURE_S:
                raise wire.Refusal(report.reason or Reason.NO_PICTURE)
            await self._clock.sleep(0.1)
            waited += 0.1
