"""Deleting 100,000 recordings while cameras are recorded.

    python -m benchmarks.archive_purge [--files 100000] [--streams 4] [--before 10]

An archive of 25 cameras with a file a minute is older than it may be; capture records further
streams from an RTSP server (720p, 2 Mbit/s) onto the same disk, and what it tells is indexed in the
same database. First nothing is deleted for a while, then all that is old is. Told is how long that
takes, what it costs, how long the index of new files waits for it and how long the event loop
stands still; and every recorded frame is read back: none may be missing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select

import hub.app  # noqa: F401 - the tables of all rooms
from benchmarks import machine
from benchmarks.archive import ZERO, rows
from benchmarks.recorded import read_back
from benchmarks.video import Capturing, clip
from hub.bus import Bus
from hub.clock import SystemClock
from hub.holds import Holds
from hub.store.store import Store
from hub.store.tables import bulk
from hub.video.files.archive import path_of
from hub.video.files.places import Tiers
from hub.video.indexing import rollup
from hub.video.retention.keeper import Keeper
from hub.video.settings import RecordingSettings
from hub.video.tables import purges, segments
from hub.video.talk.messages import SegmentReport
from tests.world.rtsp_cameras import RtspCameras, missing

BYTES = 4096
"""Of a file that goes; unlinking a large one frees more, but waits no longer for it."""
AGE_S = 200 * 86_400
STEP_S = 0.01
AT_ONCE = 5_000

Figures = dict[str, Any]


def fill(store: Store, folder: Path, files: int) -> None:
    """Old files, their rows, and what is derived of them."""
    moved = round((time.time() - AGE_S) * 1000) - ZERO
    made: set[Path] = set()
    with store.engine.connect().execution_options(writes=True) as connection, connection.begin():
        for page in paged(rows(files // 24), files):
            for row in page:
                start = row["start"] + moved
                path = path_of(row["camera"], row["stream"], start)
                row |= {"bytes": BYTES, "start": start, "end": row["end"] + moved, "path": path}
                file = folder / row["path"]
                if file.parent not in made:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    made.add(file.parent)
                file.write_bytes(b"\0" * BYTES)
            connection.execute(insert(segments), page)
        for camera, stream in rollup.streams(connection):
            rollup.rebuild(connection, camera, stream)


def paged(all_rows: Iterator[Figures], files: int) -> Iterator[list[Figures]]:
    page: list[Figures] = []
    for count, row in enumerate(all_rows):
        if count == files:
            break
        page.append(row)
        if len(page) == AT_ONCE:
            yield page
            page = []
    if page:
        yield page


class Watched:
    """What others notice of the work: late turns of the event loop, and slow writes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tasks: list[asyncio.Task[None]] = []
        self.stalls: list[float] = []
        self.writes: list[float] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._turn()), asyncio.create_task(self._write())]

    async def _turn(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(STEP_S)
            self.stalls.append(time.monotonic() - began - STEP_S)

    async def _write(self) -> None:
        """As the indexer does: a short transaction now and then."""
        while True:
            began = time.monotonic()
            await self._store.write(_nothing)
            self.writes.append(time.monotonic() - began)
            await asyncio.sleep(0.1)

    def take(self) -> Figures:
        """What was noticed since the last time, in milliseconds."""
        figures = {
            "longest_stall_ms": round(1000 * max(self.stalls, default=0.0), 1),
            "longest_write_ms": round(1000 * max(self.writes, default=0.0), 1),
            "mean_write_ms": round(1000 * sum(self.writes) / max(1, len(self.writes)), 1),
        }
        self.stalls, self.writes = [], []
        return figures

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _nothing(connection: Connection) -> None:
    connection.execute(select(func.count()).select_from(purges)).scalar()


async def main(files: int, streams: int, before: float) -> None:
    if lack := missing():
        raise SystemExit(lack)
    server = RtspCameras([clip()], mounts=streams)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            result = await measured(Path(scratch), server, files, streams, before)
    finally:
        server.stop()
    print(json.dumps(result))
    machine.write("archive_purge", result)


async def measured(
    folder: Path, server: RtspCameras, files: int, streams: int, before: float
) -> Figures:
    store = Store.at(folder / "bulk.db")
    bulk.create_all(store.engine)
    await asyncio.to_thread(fill, store, folder, files)
    store.open()
    clock, tiers = SystemClock(), Tiers([], folder)
    keeper = Keeper(
        store=store, clock=clock, bus=Bus(), tiers=tiers, holds=Holds(store, clock),
        settings=RecordingSettings(), time_zone=ZoneInfo("UTC"), may_delete=lambda: True,
    )  # fmt: skip
    capturing = Capturing(folder, 1)
    await capturing.start()
    await capturing.record([server.url("720p25", number) for number in range(streams)])
    watched = Watched(store)
    watched.start()
    await asyncio.sleep(before)
    quiet = watched.take()
    began, cpu = time.monotonic(), time.process_time()
    await keeper.look()
    took, spent = time.monotonic() - began, time.process_time() - cpu
    busy = watched.take()
    await asyncio.sleep(before)
    reports, _ = await capturing.state()
    behind = max(time.time() - (report.until or 0.0) for report in reports)
    await capturing.stop()
    await watched.stop()
    left = await store.read(lambda c: c.execute(select(func.count(segments.c.id))).scalar_one())
    await store.close()
    sealed: dict[str, list[SegmentReport]] = dict(capturing.sealed)
    kept = await asyncio.to_thread(read_back, folder, sealed, behind)
    return {
        "what": f"{files} files of 25 cameras deleted while {streams} streams are recorded",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": files,
        "left": left,
        "seconds": round(took, 1),
        "files_per_second": round(files / took),
        "cpu_percent": round(100 * spent / took, 1),
        "cpu_ms_per_file": round(1000 * spent / files, 3),
        "without": quiet,
        "meanwhile": busy,
        "streams": len(sealed),
        "recorded_s": kept.seconds,
        "lost_frames": kept.lost,
        "holes_s": kept.holes_s,
        "whole": kept.whole and len(sealed) == streams,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--streams", type=int, default=4)
    parser.add_argument("--before", type=float, default=10.0, help="seconds without deleting")
    options = parser.parse_args()
    asyncio.run(main(options.files, options.streams, options.before))
