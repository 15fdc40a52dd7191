"""`python -m benchmarks.archive`: the index of a large archive: 25 cameras, a file a minute.

How long a start looks through the disk when nothing has changed and when files are unknown, how
long a timeline takes of one camera and of all, of a day and of all days, what a report costs, and
how long the derived tables take to be made anew. The files are empty but as long as their rows
say (they take no room); those that are unknown to the index are links to one real recording.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from hub.clock import SystemClock
from hub.store.store import Store
from hub.store.tables import bulk
from hub.video.files.archive import path_of
from hub.video.files.places import Tiers
from hub.video.indexing import index, rollup, spans
from hub.video.indexing.indexer import Indexer
from hub.video.indexing.reconcile import Reconciler
from hub.video.tables import segments
from hub.video.talk.messages import SegmentReport, key_of

CAMERAS = 25
MINUTE_MS = 60_000
DAY_MS = 86_400_000
ZERO = 1_800_000_000_000
POINTS = 1_000
ROUNDS = 15
BYTES = 15_000_000

Figures = dict[str, Any]


def camera(number: int) -> str:
    return f"camera.c{number:02}"


def rows(minutes: int) -> Iterator[dict[str, Any]]:
    """Rows as cameras bring them: all of a minute beside each other; one in 500 is missing."""
    for minute in range(minutes):
        for number in range(CAMERAS):
            if (minute * 31 + number) % 500 == 0:
                continue
            start = ZERO + minute * MINUTE_MS
            yield {
                "camera": camera(number), "stream": "main", "tier": "main",
                "path": path_of(camera(number), "main", start),
                "start": start, "end": start + MINUTE_MS, "bytes": BYTES,
                "epoch": "e" * 16, "codec": "h264", "audio": None, "width": 1920, "height": 1080,
                "keyframes": 60, "masked": False, "cls": 0, "sha256": "0" * 64,
                "state": "finished",
            }  # fmt: skip


def fill(store: Store, folder: Path, minutes: int) -> int:
    """Write rows and files; returns how many."""
    count = 0
    batch: list[dict[str, Any]] = []
    made: set[Path] = set()
    with store.engine.connect().execution_options(writes=True) as connection, connection.begin():
        for row in rows(minutes):
            file = folder / row["path"]
            if file.parent not in made:
                file.parent.mkdir(parents=True)
                made.add(file.parent)
            fd = os.open(file, os.O_CREAT | os.O_WRONLY, 0o640)
            os.ftruncate(fd, row["bytes"])
            os.close(fd)
            batch.append(row)
            count += 1
            if len(batch) == 5_000:
                connection.execute(insert(segments), batch)
                batch.clear()
        if batch:
            connection.execute(insert(segments), batch)
    return count


def timed(work: Callable[[], Any], rounds: int = ROUNDS) -> Figures:
    """Milliseconds: median and worst of the wall clock, median of the CPU."""
    took, spent = [], []
    for _ in range(rounds):
        began, cpu = time.perf_counter(), time.thread_time()
        work()
        spent.append((time.thread_time() - cpu) * 1000)
        took.append((time.perf_counter() - began) * 1000)
    median = statistics.median
    return {
        "median_ms": round(median(took), 2),
        "worst_ms": round(max(took), 2),
        "cpu_ms": round(median(spent), 2),
    }


def timelines(connection: Connection, minutes: int) -> Figures:
    figures: Figures = {}
    end = ZERO + minutes * MINUTE_MS
    for cameras in (1, CAMERAS):
        keys = [key_of(camera(number), "main") for number in range(cameras)]
        for name, length in (("day", min(DAY_MS, end - ZERO)), ("all", end - ZERO)):
            window = (end - length, end)

            def ask(keys: list[str] = keys, window: tuple[int, int] = window) -> None:
                spans.timeline(connection, keys, *window, POINTS)

            figures[f"timeline_{cameras}_cameras_{name}"] = timed(ask)
    return figures


def reports(minutes: int) -> list[SegmentReport]:
    """The next minute of all cameras, as capture tells of it."""
    found = []
    for number in range(CAMERAS):
        start = (ZERO + minutes * MINUTE_MS) / 1000
        found.append(
            SegmentReport(
                path=path_of(camera(number), "main", round(start * 1000)),
                tier="main",
                camera=camera(number),
                stream="main",
                start=start,
                end=start + 60,
                bytes=BYTES,
                epoch="e" * 16,
                codec="h264",
                audio=None,
                width=1920,
                height=1080,
                keyframes=60,
                masked=False,
                sha256="0" * 64,
            )
        )
    return found


async def put(store: Store, minutes: int) -> Figures:
    """What it takes to write a minute of all cameras, opened and finished."""
    took = []
    for minute in range(minutes, minutes + ROUNDS):
        told = reports(minute)
        opened = [replace(each, end=None, sha256=None) for each in told]
        began = time.perf_counter()
        await store.write(lambda c, some=opened: index.put_segments(c, some))
        await store.write(lambda c, some=told: index.put_segments(c, some))
        took.append(time.perf_counter() - began)
    return {"report_us": round(statistics.median(took) / CAMERAS / 2 * 1e6)}


def link_unknown(folder: Path, real: Path, count: int) -> None:
    """Files that no row tells of, from years before."""
    for number in range(count):
        start = ZERO - 400 * DAY_MS + number * MINUTE_MS
        file = folder / path_of(camera(number % CAMERAS), "main", start)
        file.parent.mkdir(parents=True, exist_ok=True)
        os.link(real, file)


async def reconciled(reconciler: Reconciler) -> float:
    """Seconds of one look at everything."""
    began = time.perf_counter()
    names = await reconciler.everything()
    await reconciler.look(names, ())
    return round(time.perf_counter() - began, 2)


async def measure(folder: Path, files: int, real: Path | None, unknown: int) -> Figures:
    """All of it, in one process."""
    minutes = max(2, files // CAMERAS)
    store = Store.at(folder / "bulk.db")
    bulk.create_all(store.engine)
    count = fill(store, folder, minutes)
    store.open()
    figures: Figures = {"files": count}
    began = time.perf_counter()
    for number in range(CAMERAS):
        await store.write(lambda c, n=number: rollup.rebuild(c, camera(n), "main"))
    figures["rebuild_s"] = round(time.perf_counter() - began, 2)
    with store.engine.connect() as connection:
        figures |= timelines(connection, minutes)
    clock, tiers = SystemClock(), Tiers((), folder)
    reconciler = Reconciler(store, clock, tiers, Indexer(store, clock, tiers))
    figures["reconcile_s"] = await reconciled(reconciler)
    if real is not None:
        link_unknown(folder, real, unknown)
        figures["unknown"] = unknown
        figures["reconcile_with_unknown_s"] = await reconciled(reconciler)
    figures |= await put(store, minutes)
    figures["database_mb"] = round((folder / "bulk.db").stat().st_size / 1e6)
    await store.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--real", type=Path, help="a file of an archive, to be found unknown")
    parser.add_argument("--unknown", type=int, default=1_000)
    parser.add_argument("--folder", type=Path, help="where the archive is made; deleted after")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = asyncio.run(measure(Path(folder), options.files, options.real, options.unknown))
    json.dump(figures, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
