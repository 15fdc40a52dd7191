"""A watch on the event loop: names the frame that holds it up."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from types import FrameType

log = logging.getLogger("hub.loop_watch")

LIMIT_S = 0.25
BEAT_S = 0.05
QUIET_S = 5.0  # one report per blockage, and not more than one in so many seconds


class LoopWatch:
    """A thread that hears the loop's heartbeat. When it stays away for more than LIMIT_S, the
    frame that the loop's thread is in is logged, from the outermost plugin's or hub's own file."""

    def __init__(self, limit: float = LIMIT_S) -> None:
        self._limit = limit
        self._beat = time.monotonic()
        self._stop = threading.Event()
        self._handle: asyncio.TimerHandle | None = None
        self._loop_thread = 0
        self.blockages = 0

    def start(self) -> None:
        """Watch the running loop."""
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._tick()
        threading.Thread(target=self._watch, name="loop watch", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()
        if self._handle is not None:
            self._handle.cancel()

    def _tick(self) -> None:
        self._beat = time.monotonic()
        self._handle = self._loop.call_later(BEAT_S, self._tick)

    def _watch(self) -> None:
        reported = 0.0
        while not self._stop.wait(BEAT_S):
            silent = time.monotonic() - self._beat
            if silent < self._limit + BEAT_S or self._beat == reported:
                continue
            frame = sys._current_frames().get(self._loop_thread)
            if frame is not None:
                reported = self._beat
                self.blockages += 1
                log.error("the event loop is blocked for %.2f s in %s", silent, _where(frame))
                self._stop.wait(QUIET_S if silent > QUIET_S else 0)


def _where(frame: FrameType) -> str:
    """The frames that matter, innermost last: those outside asyncio and the standard library."""
    stack = traceback.extract_stack(frame)
    ours = [f for f in stack if "/asyncio/" not in f.filename and "runpy" not in f.filename]
    return " > ".join(f"{_short(f.filename)}:{f.lineno} {f.name}" for f in ours[-3:])


def _short(path: str) -> str:
    return "/".join(path.split("/")[-3:])
