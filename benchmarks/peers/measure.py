"""CPU and memory of this process. Only the standard library: it runs beside Home Assistant too."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

CALLS = 100_000
BATCH = 1_000  # calls between two turns of the event loop

Work = Callable[[], Awaitable[None]]
Figures = dict[str, Any]


async def call_soon_us() -> float:
    """CPU microseconds of one `call_soon` of a function that counts: what all costs are told by."""
    loop = asyncio.get_running_loop()
    count = 0

    def note(number: int) -> None:
        nonlocal count
        count += 1

    gc.collect()
    began = time.thread_time()
    for _ in range(CALLS // BATCH):
        for number in range(BATCH):
            loop.call_soon(note, number)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    spent = time.thread_time() - began
    assert count == CALLS
    return spent / CALLS * 1e6


async def cost(work: Work, operations: int, *, whole: bool = False) -> Figures:
    """Microseconds of one of `operations`: CPU of the event loop's thread (`loop_us`), CPU of all
    threads (`cpu_us`) and of the wall; and of a `call_soon` in the same process just before.

    `ratio` is that of the loop's thread, which is what runs short first; `whole`: of all threads,
    for work that includes what others write to disk.
    """
    base = await call_soon_us()
    gc.collect()
    wall, cpu, loop = time.perf_counter(), time.process_time(), time.thread_time()
    await work()
    spent = {
        "loop_us": time.thread_time() - loop,
        "cpu_us": time.process_time() - cpu,
        "wall_us": time.perf_counter() - wall,
    }
    each = {name: seconds / operations * 1e6 for name, seconds in spent.items()}
    ratio = each["cpu_us" if whole else "loop_us"] / base
    return {**each, "call_soon_us": base, "ratio": ratio, "whole": whole}


def memory_mb() -> dict[str, float]:
    """Resident and proportional memory of this process."""
    found: dict[str, float] = {}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in {"Rss", "Pss"}:
            found[name.lower()] = int(rest.split()[0]) / 1000
    return found


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
