"""`python -m benchmarks.history`: how quickly states are recorded, beside Home Assistant.

1,000 entities change 100 times each, as fast as they are taken (the side waits while more than
5,000 changes are not written yet); the end is when all rows are in the database. CPU is that of
all threads, also as a ratio to a bare `call_soon` in the same process. Of the hub also: how long an
entry of the audit log, which shares the writer, waits meanwhile; how long the event loop is held
up; what a row takes on disk; and how quickly rows are deleted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Protocol

from benchmarks.peers.measure import call_soon_us

ENTITIES = 1_000
CHANGES = 100
ROUNDS = 3
WAITING = 5_000
QUIET_S = 0.02
ATTRIBUTES = {"unit_of_measurement": "x", "zone": "a"}
ROOT = Path(__file__).resolve().parents[1]

Figures = dict[str, Any]


class Recording(Protocol):
    """A side that records."""

    def set(self, entity_id: str, number: float) -> None: ...

    def waiting(self) -> int: ...

    async def written(self) -> None: ...


async def measure(side: Recording, database: Path) -> Figures:
    """The rounds of one side, in this process."""
    base = await call_soon_us()
    rounds: list[tuple[float, float]] = []
    number = 0.0
    for _ in range(ROUNDS):
        began, spent = time.perf_counter(), time.process_time()
        for _ in range(CHANGES):
            number += 1
            for entity in range(ENTITIES):
                side.set(f"sensor.e{entity}", number + 0.5)
            await asyncio.sleep(0)
            while side.waiting() > WAITING:
                await asyncio.sleep(0.002)
        await side.written()
        rounds.append((time.perf_counter() - began, time.process_time() - spent))
    rows = ENTITIES * CHANGES
    cpu = statistics.median(spent for _, spent in rounds) / rows * 1e6
    files = (database, database.with_name(f"{database.name}-wal"))
    size = sum(file.stat().st_size for file in files if file.exists())
    return {
        "rows_per_s": round(rows / statistics.median(wall for wall, _ in rounds)),
        "cpu_us_per_row": round(cpu, 2),
        "call_soon_us": round(base, 3),
        "ratio": round(cpu / base, 1),
        "bytes_per_row": round(size / (ROUNDS * rows), 1),
    }


async def the_hub(folder: Path) -> Figures:
    from hub.access.audit import AuditLog, Entry
    from hub.access.seam import Access
    from hub.bus import Bus
    from hub.clock import SystemClock
    from hub.history.recorder import Recorder
    from hub.model.entity import Entity
    from hub.registry import Registry
    from hub.store.migrate import migrate
    from hub.store.store import Store
    from hub.store.tables import bulk
    from hub.tasks import Tasks

    clock, bus = SystemClock(), Bus()
    registry, tasks = Registry(bus, clock), Tasks("bench", clock)
    store = Store.at(folder / "bulk.db")
    await asyncio.to_thread(migrate, store, bulk)
    store.open()
    registry.add(
        (Entity(entity_id=f"sensor.e{n}", name=f"e{n}", area="a", plugin="p"), None)
        for n in range(ENTITIES)
    )
    recorder = Recorder(store, bus, clock, tasks)
    recorder.start()

    class Side:
        def set(self, entity_id: str, number: float) -> None:
            registry.set_state(entity_id, number, ATTRIBUTES)

        def waiting(self) -> int:
            return recorder.waiting

        async def written(self) -> None:
            await recorder.flush()

    figures = await measure(Side(), folder / "bulk.db")
    audit = AuditLog(store, clock)
    entry = Entry(Access.local_administrator("bench"), "bench", "bench", "done")
    figures["audit_ms_quiet"] = await _audit(audit, entry, 200)
    side = Side()
    load = asyncio.create_task(_keep_busy(side))
    gaps = asyncio.create_task(_gaps())
    figures["audit_ms_while_recording"] = await _audit(audit, entry, 200)
    load.cancel()
    gaps.cancel()
    figures["loop_held_up_ms"] = await _result(gaps)
    await recorder.flush()
    figures |= await _deletion(store, clock)
    await recorder.stop()
    await tasks.close()
    await store.close()
    return figures


async def _keep_busy(side: Recording) -> None:
    number = 0.0
    while True:
        number += 1
        for entity in range(ENTITIES // 4):
            side.set(f"sensor.e{entity}", number)
        await asyncio.sleep(0.01)
        while side.waiting() > WAITING:
            await asyncio.sleep(0.002)


async def _audit(audit: Any, entry: Any, count: int) -> Figures:
    """How long one entry after the other waits to be committed, in milliseconds."""
    from benchmarks.machine import percentiles

    times = []
    for _ in range(count):
        began = time.perf_counter()
        await audit.write(entry)
        times.append((time.perf_counter() - began) * 1e3)
        await asyncio.sleep(QUIET_S)
    return percentiles(times)


async def _gaps() -> Figures:
    from benchmarks.machine import percentiles

    found = [0.0, 0.0]
    try:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.002)
            found.append((time.perf_counter() - began - 0.002) * 1e3)
    except asyncio.CancelledError:
        return percentiles(found)


async def _result(task: asyncio.Task[Figures]) -> Figures:
    return await task


async def _deletion(store: Any, clock: Any) -> Figures:
    """How quickly everything is deleted, without the pauses that it makes for others."""
    from datetime import timedelta

    from hub.history import retention
    from hub.history.settings import HistorySettings

    class Tomorrow:
        def now(self) -> Any:
            return clock.now() + timedelta(days=40)

        async def sleep(self, _seconds: float) -> None:
            await asyncio.sleep(0)

    purge = retention.Retention(store, Tomorrow(), HistorySettings())  # type: ignore[arg-type]
    began = time.perf_counter()
    left = 40_000

    def go_on() -> bool:
        nonlocal left
        left -= retention.SLICE
        return left >= 0

    deleted = await purge.purge(go_on)
    took = time.perf_counter() - began
    pauses = retention.SLICE / retention.PAUSE_S
    return {"deleted_rows_per_s": round(deleted / took), "deleted_rows_per_s_at_most": pauses}


async def home_assistant(folder: Path) -> Figures:
    from homeassistant import const
    from homeassistant.helpers import recorder as helper
    from homeassistant.setup import async_setup_component

    from benchmarks.peers.home_assistant import HomeAssistant

    peer = HomeAssistant()
    await peer.start(folder)
    hass = peer._hass
    helper.async_initialize_recorder(hass)
    database = folder / "bench.db"
    settings = {"recorder": {"db_url": f"sqlite:///{database}"}}
    if not await async_setup_component(hass, "recorder", settings):
        sys.exit("Home Assistant's recorder did not start")
    from homeassistant.components.recorder import get_instance

    instance = get_instance(hass)
    await hass.async_block_till_done()

    class Side:
        def set(self, entity_id: str, number: float) -> None:
            hass.states.async_set(entity_id, str(number), ATTRIBUTES)

        def waiting(self) -> int:
            return int(instance.backlog)

        async def written(self) -> None:
            await instance.async_block_till_done()

    figures = await measure(Side(), database)
    await peer.stop()
    return figures | {"version": f"Home Assistant {const.__version__}"}


SIDES = {"hub": the_hub, "home_assistant": home_assistant}


def run(side: str, python: Path) -> Figures:
    """One side in a process of its own."""
    line = [str(python), "-m", "benchmarks.history", "--side", side]
    done = subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--side", choices=SIDES, help="measure this side in this process")
    side = parser.parse_args().side
    if side is not None:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(asyncio.run(SIDES[side](Path(folder)))))
        return
    from benchmarks import machine
    from benchmarks.peers import environments

    pythons = environments.found()
    result: Figures = {"load": machine.load(), "hub": run("hub", pythons.hub)}
    if pythons.home_assistant is not None:
        result["home_assistant"] = run("home_assistant", pythons.home_assistant)
    else:
        print("Home Assistant is not here (`make bench` fetches it): the hub alone is measured")
    print(json.dumps(result, indent=2))
    print(f"kept in {machine.write('history', result)}")


if __name__ == "__main__":
    main()
