"""A watch on the event loop: names the frame that holds it up."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

log = logging.getLogger("hub.loop_watch")

LIMIT_S = 0.25
INTERRUPT_S = 5.0
BEAT_S = 0.05
SIGNAL = signal.SIGUSR2
_HUB = str(Path(__file__).parent)


class LoopBlocked(Exception):
    """Raised inside a plugin's code that has held up the event loop for too long."""


class LoopWatch:
    """A thread that hears the loop's heartbeat. When it stays away for more than LIMIT_S, the
    frames that the loop's thread is in are logged.

    After INTERRUPT_S a plugin that holds up the loop (`is_plugin` tells by its file) is broken
    off: a signal to the loop's thread raises LoopBlocked there, so that the rest goes on.
    """

    def __init__(
        self,
        is_plugin: Callable[[str], bool],
        *,
        limit: float = LIMIT_S,
        interrupt_after: float = INTERRUPT_S,
    ) -> None:
        self._is_plugin = is_plugin
        self._limit = limit
        self._interrupt_after = interrupt_after
        self._beat = time.monotonic()
        self._stop = threading.Event()
        self._handle: asyncio.TimerHandle | None = None
        self._loop_thread = 0
        self.blockages = 0

    def start(self) -> None:
        """Watch the running loop."""
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        if threading.current_thread() is threading.main_thread():
            signal.signal(SIGNAL, self._interrupt)
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
            if silent < self._limit + BEAT_S:
                continue
            frame = sys._current_frames().get(self._loop_thread)
            if frame is None:
                continue
            if self._beat != reported:
                reported = self._beat
                self.blockages += 1
                log.error("the event loop is blocked for %.2f s in %s", silent, _where(frame))
            if silent > self._interrupt_after and self._in_plugin(frame):
                signal.pthread_kill(self._loop_thread, SIGNAL)
                self._stop.wait(1.0)

    def _interrupt(self, _signal: int, frame: FrameType | None) -> None:
        """Runs in the loop's thread, inside whatever it is doing."""
        silent = time.monotonic() - self._beat
        if frame is not None and silent > self._interrupt_after and self._in_plugin(frame):
            raise LoopBlocked(f"it blocked the event loop for {silent:.1f} s")

    def _in_plugin(self, frame: FrameType) -> bool:
        """Whether the innermost code that is not a library's is a plugin's."""
        for summary in reversed(traceback.extract_stack(frame)):
            if self._is_plugin(summary.filename):
                return True
            if _HUB in summary.filename:
                return False
        return False


def _where(frame: FrameType) -> str:
    """The frames that matter, innermost last: those outside asyncio and the standard library."""
    stack = traceback.extract_stack(frame)
    ours = [f for f in stack if "/asyncio/" not in f.filename and "runpy" not in f.filename]
    return " > ".join(f"{_short(f.filename)}:{f.lineno} {f.name}" for f in ours[-3:])


def _short(path: str) -> str:
    return "/".join(path.split("/")[-3:])
