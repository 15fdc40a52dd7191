"""The hub's side of the capture process: found or started, watched, started again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import hub
from hub.clock import Clock
from hub.video.talk import wire

log = logging.getLogger("hub.video")

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
_START_S = 20.0
_HEARTBEAT_S = 10.0
_HEALTHY_S = 60.0
_END_S = 10.0


class Link:
    """Keeps one capture process running, in a folder of its own, and one connection to it.

    A process that is there already (the hub before this one left it) is taken over; one of
    another version is ended first; one that is gone, or does not answer any more, is replaced.

    `connected` is called with each new connection, `notice` with what comes over it, `lost` when
    it has ended or could not be made, `down` too where that goes on.
    """

    def __init__(
        self,
        *,
        folder: Path,
        data: Path,
        linger_s: float,
        clock: Clock,
        connected: Callable[[wire.Peer], Awaitable[None]],
        notice: Callable[[wire.Head], Awaitable[None]],
        lost: Callable[[], None],
        down: Callable[[], None],
    ) -> None:
        self._folder = folder.absolute()
        self._data = data.absolute()
        self._linger_s = linger_s
        self._clock = clock
        self._connected = connected
        self._notice = notice
        self._lost = lost
        self._down = down
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = False
        self.peer: wire.Peer | None = None
        """The connection, while there is one."""

    @property
    def socket(self) -> Path:
        return self._folder / "socket"

    async def run(self) -> None:
        """Goes on until `end`; cancel it to let go of the process, which then goes on without."""
        pause = FIRST_PAUSE_S
        while True:
            began = self._clock.monotonic()
            try:
                await self._session()
            except wire.WireError as error:
                log.error("the capture process sent rubbish (%s); connecting again", error)
            except (OSError, TimeoutError) as error:
                if not self._ending:
                    log.error("the capture process cannot be reached: %s", type(error).__name__)
            if self._ending:
                return
            self._lost()
            if self._clock.monotonic() - began > _HEALTHY_S:
                pause = FIRST_PAUSE_S
            elif pause > FIRST_PAUSE_S:
                self._down()
            log.warning("the connection to the capture process is gone; again in %.1f s", pause)
            await self._clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _session(self) -> None:
        peer = await self._reach()
        watching = asyncio.create_task(self._watch(peer))
        try:
            self.peer = peer
            await peer.run(lambda head, _payload: self._notice(head))
        finally:
            self.peer = None
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            peer.close()

    async def _watch(self, peer: wire.Peer) -> None:
        """Tell capture what it must know, then see that it still answers."""
        try:
            await self._connected(peer)
            while True:
                await self._clock.sleep(_HEARTBEAT_S)
                await peer.request("state", {"brief": True})
        except (TimeoutError, wire.Refusal):
            log.error("the capture process does not answer; it is killed")
            self._signal(peer, signal.SIGKILL)
            peer.close()
        except ConnectionError:
            return

    async def _reach(self) -> wire.Peer:
        """Connect; start a process where none listens."""
        deadline = self._clock.monotonic() + _START_S
        while not self._ending:
            try:
                return await wire.connect(self.socket)
            except wire.OtherVersion as error:
                log.warning("the running capture process speaks %s; it is replaced", error)
                self._signal_pid(error.pid, signal.SIGTERM)
            except (FileNotFoundError, ConnectionRefusedError):
                if self._process is None or self._process.poll() is not None:
                    self._start()
            if self._clock.monotonic() > deadline:
                raise TimeoutError
            await self._clock.sleep(0.1)
        raise ConnectionError

    def _start(self) -> None:
        """It is detached: neither the hub's end nor a Ctrl-C in its terminal ends it."""
        command = [sys.executable, "-m", "hub.video.capture"]
        command += ["--data", str(self._data), "--folder", str(self._folder)]
        command += ["--linger", str(self._linger_s)]
        assert hub.__file__ is not None
        self._process = subprocess.Popen(
            command,
            cwd=Path(hub.__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        log.info("the capture process is started: process %d", self._process.pid)

    def _signal(self, peer: wire.Peer, number: signal.Signals) -> None:
        self._signal_pid(peer.pid, number)

    @staticmethod
    def _signal_pid(pid: int, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    async def end(self) -> None:
        """Stop the capture process: its files are finished when this returns."""
        self._ending = True
        peer = self.peer
        if peer is None:
            await self._end_unreached()
            return
        with contextlib.suppress(TimeoutError, ConnectionError, wire.Refusal):
            await peer.request("stop")
        deadline = self._clock.monotonic() + _END_S
        while self._alive(peer.pid) and self._clock.monotonic() < deadline:
            await self._clock.sleep(0.05)
        if self._alive(peer.pid):
            log.error("the capture process did not end within %.0f s; it is killed", _END_S)
            self._signal(peer, signal.SIGKILL)

    async def _end_unreached(self) -> None:
        """End the process that was started but not spoken to yet."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        deadline = self._clock.monotonic() + _END_S
        while self._process.poll() is None and self._clock.monotonic() < deadline:
            await self._clock.sleep(0.05)
        if self._process.poll() is None:
            self._process.kill()

    def _alive(self, pid: int) -> bool:
        if self._process is not None and self._process.pid == pid:
            return self._process.poll() is None
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"
