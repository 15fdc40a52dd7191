"""The hub as a process of its own, which a test may kill.

As a program it is `hub run CONFIG` with a flaw on purpose:
`python -m tests.world.hub_process CONFIG [--die-at POINT] [--without PART]`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
READY_S = 120.0
OTHERS_S = 0.2  # before it dies at a step, whatever does not wait for that step goes on
POINTS = (
    "before the journal",
    "after the journal",
    "before the run",
    "before the incident",
    "after the incident",
    "before the message",
    "after the message",
)
PARTS = ("the manual acknowledgement", "the commit")


class HubProcess:
    """Starts, kills and ends one hub; its log is `<folder>/hub.log`."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.log = config.with_name("hub.log")
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""

    async def start(self, *flaws: str) -> None:
        """Start it and wait until it is ready; returns also where it dies before."""
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.world.hub_process", str(self.config), *flaws],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, "HUB_LISTEN": "127.0.0.1:0"},
            )
        async with asyncio.timeout(READY_S):
            while self.process.poll() is None:
                text = self.log.read_text()[begin:]
                if ready := re.search(r"ready on (http://\S+)", text):
                    self.url = ready.group(1)
                    return
                await asyncio.sleep(0.02)

    async def died(self) -> None:
        """Wait until it has died of its flaw."""
        assert self.process is not None
        async with asyncio.timeout(READY_S):
            while self.process.poll() is None:
                await asyncio.sleep(0.02)
        assert self.process.returncode == -signal.SIGKILL, self.log.read_text()[-2000:]

    def kill(self) -> None:
        """`kill -9`: nothing is tidied up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ask it to end, and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
            if self.process.poll() is None:
                self.kill()

    def end_capture(self) -> int:
        """End the capture processes that outlived their hub; returns how many there were."""
        ended = 0
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (process / "cmdline").read_bytes().split(b"\0")
                if b"hub.video.capture" in words and any(
                    word.startswith(bytes(self.config.parent)) for word in words
                ):
                    os.kill(int(process.name), signal.SIGKILL)
                    ended += 1
        return ended


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _dying(owner: Any, name: str, *, after: bool) -> None:
    """Let a coroutine method kill the process, before or after it does its work."""
    work: Callable[..., Any] = getattr(owner, name)

    async def deadly(*args: Any, **kwargs: Any) -> Any:
        if not after:
            await asyncio.sleep(OTHERS_S)
            _die()
        result = await work(*args, **kwargs)
        _die()
        return result

    setattr(owner, name, deadly)


def _flaws(die_at: str | None, without: str | None) -> None:
    from hub.alarms.journal import Journal
    from hub.alarms.path import Alarms
    from hub.alarms.recipients import Recipients
    from hub.automation.rows import RunRows

    if without == "the manual acknowledgement":
        import paho.mqtt.client

        paho.mqtt.client.Client.manual_ack_set = lambda self, on: None  # type: ignore[method-assign]
    if without == "the commit":

        async def forget(self: Journal, event: Any) -> bool:
            return True

        Journal.accept = forget  # type: ignore[method-assign]
    places = {
        "journal": (Journal, "accept"),
        "run": (RunRows, "insert"),
        "incident": (Alarms, "open"),
        "message": (Recipients, "send"),
    }
    if die_at is not None:
        when, _, what = die_at.partition(" the ")
        owner, name = places[what]
        _dying(owner, name, after=when == "after")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    parser.add_argument("--die-at", choices=POINTS)
    parser.add_argument("--without", choices=PARTS)
    parser.add_argument("--plugins-dir")
    arguments = parser.parse_args()
    _flaws(arguments.die_at, arguments.without)
    from hub.cli import main as hub
    from hub.plugin import supervisor

    supervisor.SETUP_TIMEOUT_S = READY_S  # among other tests a machine is far slower than alone
    folder = ["--plugins-dir", arguments.plugins_dir] if arguments.plugins_dir else []
    hub(["run", arguments.config, *folder])


if __name__ == "__main__":
    main()
