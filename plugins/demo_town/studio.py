"""The process that renders the cameras: started, watched and ended."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import sys
from pathlib import Path

from hub.api import ConfigProblem, PluginHub

ENDS_WITHIN_S = 3.0


def listener() -> socket.socket:
    """A socket on loopback on which a camera will serve; the system picks the port."""
    return socket.create_server(("127.0.0.1", 0))


def check_libraries() -> None:
    """Raises ConfigProblem where the process could not run. Nothing is imported here."""
    missing = [name for name in ("av", "PIL") if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigProblem(
            "", "the demo town draws with PyAV and Pillow: install 'safe-city-hub[demo_town]'"
        )


async def film(hub: PluginHub, market_square: socket.socket, river_quay: socket.socket) -> None:
    """For `hub.loop`: run the process until it ends, which is an error, or until we are ended."""
    descriptors = market_square.fileno(), river_quay.fileno()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "street",
        "--time-zone",
        hub.time_zone.key,
        "--market-square",
        str(descriptors[0]),
        "--river-quay",
        str(descriptors[1]),
        cwd=Path(__file__).parent,
        pass_fds=descriptors,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await _tell_log(hub, process)
        raise RuntimeError(f"the street's process ended with status {await process.wait()}")
    finally:
        await _end(process)


async def _tell_log(hub: PluginHub, process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while line := await process.stderr.readline():
        hub.log.warning("street: %s", line.decode(errors="replace").rstrip())


async def _end(process: asyncio.subprocess.Process) -> None:
    """It has nothing to save, and would end by itself when its standard input does."""
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), ENDS_WITHIN_S)
    except TimeoutError:
        process.kill()
        await process.wait()
