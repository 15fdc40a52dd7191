"""When streams gave nothing that could be kept: remembered for a hub that was away."""

from __future__ import annotations

import threading
from collections import deque
from typing import Literal

from hub.video.talk.messages import Outage

_MOST = 2_000

Part = Literal["source", "disk"]
"""What fails: the stream itself, or what it is written to."""


class Outages:
    """The last outages of all streams of this process; the oldest are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[tuple[Part, str, str], Outage] = {}
        self._over: deque[Outage] = deque(maxlen=_MOST)

    def begin(self, part: Part, camera: str, stream: str, start: float, cause: str) -> None:
        """From `start` on, nothing is kept; another cause ends the outage that there was."""
        with self._lock:
            known = self._open.get((part, camera, stream))
            if known is not None and known.cause == cause:
                return
            self._close(part, camera, stream, start)
            self._open[part, camera, stream] = Outage(camera, stream, start, None, cause)

    def end(self, part: Part, camera: str, stream: str, at: float) -> None:
        """It works again, or nobody wants it any more."""
        with self._lock:
            self._close(part, camera, stream, at)

    def _close(self, part: Part, camera: str, stream: str, at: float) -> None:
        known = self._open.pop((part, camera, stream), None)
        if known is not None and at > known.start:
            self._over.append(Outage(camera, stream, known.start, at, known.cause))

    def all(self) -> list[Outage]:
        """Those that are over, in the order of their ends, then those that go on."""
        with self._lock:
            return [*self._over, *self._open.values()]
