"""`python -m benchmarks.clips`: clips and pictures of an hour of one camera, a file a minute.

How long a clip of ten minutes takes to its first bytes, from a cold and from a warm cache of the
disk; what memory a clip of an hour needs while it is read, and how fast it is; how long a picture
of the past takes, and a small one that was made before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from hub.video.watching.clips import Clips
from hub.video.watching.stills import Stills
from hub.video.watching.thumbnails import Thumbnails
from tests.video.conftest import fragments_of
from tests.video.shelf import START, Shelf, at
from tests.world import counted_clip

FILE_S = 60
ROUNDS = 15
CAMERA = "camera.a"

Figures = dict[str, Any]


def recorded(folder: Path, minutes: int) -> Shelf:
    """An archive of so many minutes."""
    clip = counted_clip.make(folder / "clip.mp4", seconds=FILE_S, group=50)
    shelf = Shelf(folder / "data")
    for minute in range(minutes):
        shelf.put(fragments_of(clip, start=START.timestamp() + minute * FILE_S))
    return shelf


def forget(folder: Path) -> None:
    """Have the files read from the disk again."""
    for path in folder.rglob("*.mp4"):
        fd = os.open(path, os.O_RDONLY)
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)


async def timed(work: Callable[[], Awaitable[Any]], before: Callable[[], None]) -> Figures:
    """Milliseconds of some rounds."""
    took = []
    for _ in range(ROUNDS):
        before()
        begun = time.perf_counter()
        await work()
        took.append((time.perf_counter() - begun) * 1000)
    return {"median_ms": round(statistics.median(took), 1), "most_ms": round(max(took), 1)}


async def measured(shelf: Shelf, minutes: int) -> Figures:
    clips = Clips(shelf.store, shelf.tiers)

    async def begin() -> None:
        clip = await clips.plan(CAMERA, at(30), at(30) + timedelta(minutes=10))
        read = clip.read()
        for _ in range(2):  # the head, and the first fragment
            await anext(read)
        await read.aclose()

    figures: Figures = {
        "ten minutes, cold": await timed(begin, lambda: forget(shelf.data)),
        "ten minutes, warm": await timed(begin, lambda: None),
        "whole": await _whole(clips, minutes),
    }
    stills = Stills(shelf.store, shelf.tiers)
    thumbnails = Thumbnails(stills, shelf.data)
    figures["picture"] = await timed(lambda: stills.picture(CAMERA, at(95)), lambda: None)
    figures["small picture"] = await timed(lambda: thumbnails.picture(CAMERA, at(95)), lambda: None)
    await stills.close()
    await shelf.store.close()
    return figures


async def _whole(clips: Clips, minutes: int) -> Figures:
    clip = await clips.plan(CAMERA, at(0), at(0) + timedelta(minutes=minutes))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    size = 0
    async for part in clip.read():
        size += len(part)
    took = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert size == clip.size
    return {
        "minutes": minutes,
        "MB": round(size / 1e6, 1),
        "MB_a_second": round(size / 1e6 / took),
        "memory_grown_kB": after - before,
    }


def main() -> None:
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--minutes", type=int, default=60)
    asked = asking.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shelf = recorded(Path(folder), asked.minutes)
        print(json.dumps(asyncio.run(measured(shelf, asked.minutes)), indent=2))


if __name__ == "__main__":
    main()
