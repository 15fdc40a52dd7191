"""`python -m street --time-zone Europe/Kyiv --market-square FD --river-quay FD`

The file descriptors are listening TCP sockets, made by the parent: so the addresses of the cameras
stay the same when this process is started anew. It ends when its standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from . import market, quay
from .feed import RATE, Encoder, Feed
from .scene import Scene

LATE_S = 0.5
"""A camera that is later than this leaves frames out."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="street")
    parser.add_argument("--time-zone", type=ZoneInfo, required=True)
    parser.add_argument("--market-square", type=int, required=True)
    parser.add_argument("--river-quay", type=int, required=True)
    asked = parser.parse_args()
    asyncio.run(street(asked.time_zone, asked.market_square, asked.river_quay))


async def street(time_zone: ZoneInfo, market_square: int, river_quay: int) -> None:
    """Run both cameras until the parent goes away, or one of them fails."""
    feeds = Feed("market_square"), Feed("river_quay")
    work = [
        _parent_gone(),
        feeds[0].serve(_listener(market_square)),
        feeds[1].serve(_listener(river_quay)),
        film(market.scene(), feeds[0], time_zone),
        film(quay.scene(), feeds[1], time_zone),
    ]
    tasks = [asyncio.create_task(part) for part in work]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


def _listener(descriptor: int) -> socket.socket:
    return socket.socket(fileno=descriptor)


async def film(scene: Scene, feed: Feed, time_zone: ZoneInfo) -> None:
    """One camera: a frame whenever one is due. The number of a frame is its place in time, so
    that a gap in the numbers is a gap in the video."""
    encoder, number, began = Encoder(), 0, time.monotonic()
    while True:
        picture = scene.frame(datetime.now(time_zone), number)
        data, keyframe = encoder.encode(picture, number)
        feed.send(data, keyframe=keyframe)
        late = time.monotonic() - began - (number + 1) / RATE
        number += 1 + (int(late * RATE) if late > LATE_S else 0)
        await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))


async def _parent_gone() -> None:
    """Returns when nobody holds the other end of our standard input any more."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


if __name__ == "__main__":
    main()
