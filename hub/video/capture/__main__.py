"""`python -m hub.video.capture --data DIR [--folder DIR] [--linger SECONDS]`"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import fcntl
import logging
import os
import signal
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

import av

from hub.clock import SystemClock
from hub.video.capture.server import Capture

log = logging.getLogger("hub.video.capture")

ALREADY_RUNNING = 3
_LOG_BYTES = 1 << 20


def main() -> int:
    """Run until stopped; exit status 3 where another one runs in the same folder."""
    parser = argparse.ArgumentParser(prog="hub.video.capture")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--folder", type=Path, help="its own folder; DATA/capture else")
    parser.add_argument("--linger", type=float, default=600.0, help="seconds without a hub")
    options = parser.parse_args()
    folder = options.folder or options.data / "capture"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return ALREADY_RUNNING
    _log_to(folder / "capture.log")
    av.logging.set_level(None)  # FFmpeg's own words may hold addresses with passwords
    asyncio.run(_run(folder, options.data, options.linger))
    logging.shutdown()
    os._exit(0)  # threads that still read inside FFmpeg must not meet an interpreter that ends


def _log_to(path: Path) -> None:
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    faulthandler.enable(path.with_name("crash.log").open("a"))


async def _run(folder: Path, data: Path, linger_s: float) -> None:
    capture = Capture(data, SystemClock(), linger_s, folder)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, capture.end)
    log.info("capture runs as process %d", os.getpid())
    await capture.run(folder / "socket")
    log.info("capture ended")


if __name__ == "__main__":
    sys.exit(main())
