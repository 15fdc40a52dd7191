"""The hub and the stand-in for Telegram as processes of their own, as in a town."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.machine import ROOT

READY_S = 60.0
STOP_S = 20.0
POLL_S = 0.005


def command(config: Path, *words: str) -> None:
    """`hub WORDS --config CONFIG`; raises CalledProcessError."""
    line = [sys.executable, "-m", "hub", *words, "--config", str(config)]
    subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def capture_of(folder: Path) -> psutil.Process | None:
    """The capture process of the hub whose configuration lies in a folder."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "hub.video.capture" in words and str(folder / "data") in words:
            return process
    return None


@dataclass(slots=True)
class RunningHub:
    """`start_s`: from its start until /readyz answered 200."""

    process: psutil.Process
    log: Path
    start_s: float
    url: str

    def capture(self) -> psutil.Process | None:
        """Its capture process, which may be one that the hub before it left."""
        return capture_of(self.log.parent)

    def children(self) -> list[psutil.Process]:
        return self.process.children(recursive=True)


@contextlib.asynccontextmanager
async def running_hub(config: Path) -> AsyncIterator[RunningHub]:
    """`hub run CONFIG` on a free port, ready; ended with all its children. Its log lies beside
    the configuration."""
    log = config.with_name("hub.log")
    with log.open("wb") as out:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "hub", "run", str(config)],
            cwd=ROOT, stdout=out, stderr=out, env={**os.environ, "HUB_LISTEN": "127.0.0.1:0"},
        )  # fmt: skip
    try:
        async with asyncio.timeout(READY_S):
            url = await _address(process, log)
            while not await asyncio.to_thread(_ready, url):
                await asyncio.sleep(POLL_S)
        yield RunningHub(psutil.Process(process.pid), log, time.monotonic() - began, url)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if (capture := capture_of(config.parent)) is not None:
            capture.kill()


async def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    while True:
        text = log.read_text()
        if found := re.search(r"ready on (http://\S+)", text):
            return found.group(1)
        if process.poll() is not None:
            raise SystemExit(f"the hub ended before it was ready:\n{text[-3000:]}")
        await asyncio.sleep(POLL_S)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


@contextlib.contextmanager
def bot_api(log: Path) -> Iterator[str]:
    """The stand-in for the Bot API; gives its address. What it took is a line each in `log`."""
    log.touch()
    line = [sys.executable, "-m", "tests.world.bot_api", "--log", str(log)]
    process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
