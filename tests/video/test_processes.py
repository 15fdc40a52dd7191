"""Several capture processes: cameras are shared, one that dies costs its own alone, and the next
hub takes all of them over."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import Collection
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hub.video.indexing import index
from hub.video.indexing.reconcile import Reconciler
from hub.video.talk import processes
from tests.video.conftest import MakeHub, VideoHub, camera, town, until

NAMES = ("a", "b", "c", "d")


def pids(hub: VideoHub) -> dict[int, int]:
    return {number: peer.pid for number, peer in hub.video.processes.peers.items()}


def numbers(hub: VideoHub) -> dict[str, int | None]:
    return {name: hub.video.processes.number_of(f"camera.{name}") for name in NAMES}


async def recorded(hub: VideoHub, name: str) -> list[index.File]:
    await hub.video.indexer.flush()
    now = hub.clock.now()
    start, end = now - timedelta(minutes=10), now + timedelta(seconds=1)
    return await hub.store.read(lambda c: index.files(c, f"camera.{name}", "main", start, end))


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def test_one_of_two_is_killed_and_the_other_ones_cameras_lose_nothing(
    make_hub: MakeHub, clip: Path
) -> None:
    town = [camera(name, str(clip)) for name in NAMES]
    hub = await make_hub(*town, processes=2, mode="continuous")
    await until(lambda: hub.online(*NAMES))
    places = numbers(hub)
    assert sorted(map(str, places.values())) == ["1", "1", "2", "2"]
    before = pids(hub)
    assert before[1] != before[2]
    for number in (1, 2):
        assert (hub.data / "capture" / str(number) / "capture.log").is_file()

    os.kill(before[1], signal.SIGKILL)
    await until(lambda: pids(hub).get(1, before[1]) != before[1])
    again = [name for name in NAMES if places[name] == 1]
    async with asyncio.timeout(15):
        while any([len(await recorded(hub, name)) < 2 for name in again]):
            await asyncio.sleep(0.1)
    assert numbers(hub) == places
    assert pids(hub)[2] == before[2]
    for name in NAMES:
        files = await recorded(hub, name)
        holes = [after.start - (first.end or first.start) for first, after in pairwise(files)]
        assert len(files) == (2 if places[name] == 1 else 1), name
        assert all(hole < timedelta(seconds=6) for hole in holes), holes


async def test_at_the_end_all_files_are_finished_and_known_to_be(
    make_hub: MakeHub, clip: Path
) -> None:
    town = [camera(name, str(clip)) for name in NAMES]
    hub = await make_hub(*town, processes=2, mode="continuous")
    await until(lambda: hub.online(*NAMES))
    await asyncio.sleep(1)
    await hub.stop()
    with sqlite3.connect(hub.data / "bulk.db") as connection:
        states = connection.execute("SELECT state, length(sha256) FROM segments").fetchall()
    assert states == [("finished", 64)] * len(NAMES)
    assert list((hub.data / "capture").glob("*/open/*")) == []


async def test_the_next_hub_takes_all_processes_over(make_hub: MakeHub, clip: Path) -> None:
    town = [camera(name, str(clip)) for name in NAMES]
    uneven = {f"camera.{name}": {"process": 2} for name in NAMES[:3]}
    first = await make_hub(*town, processes=2, mode="continuous", of=uneven)
    await until(lambda: first.online(*NAMES))
    places, running = numbers(first), pids(first)
    await first.stop(linger=True)

    second = await make_hub(processes=2, mode="continuous")
    await until(lambda: len(pids(second)) == 2)
    second.video.set_cameras({each.entity_id: each for each in reversed(town)})
    await until(lambda: second.online(*NAMES))
    assert pids(second) == running
    assert numbers(second) == places
    for name in NAMES:
        files = await recorded(second, name)
        assert [file.end for file in files] == [None], "its recording was interrupted"


async def test_with_fewer_processes_the_cameras_move_and_those_beyond_end(
    make_hub: MakeHub, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "MOVED_S", 1.0)
    town = [camera(name, str(clip)) for name in NAMES]
    first = await make_hub(*town, processes=2, mode="continuous")
    await until(lambda: first.online(*NAMES))
    running = pids(first)
    await first.stop(linger=True)

    second = await make_hub(*town, processes=1, mode="continuous")
    await until(lambda: second.online(*NAMES))
    await until(lambda: not is_alive(running[2]))
    assert numbers(second) == dict.fromkeys(NAMES, 1)
    assert pids(second) == {1: running[1]}
    for name in NAMES:
        files = await recorded(second, name)
        assert sum(file.end is None for file in files) == 1
        for before, after in pairwise(files):
            assert before.end is None or after.start <= before.end, "a gap"


async def test_settings_name_the_process_of_a_camera(make_hub: MakeHub, clip: Path) -> None:
    town = [camera(name, str(clip)) for name in NAMES]
    pinned = {f"camera.{name}": {"process": 2} for name in NAMES[:3]}
    hub = await make_hub(*town, processes=2, of=pinned)
    await until(lambda: hub.online(*NAMES))
    assert numbers(hub) == {"a": 2, "b": 2, "c": 2, "d": 1}


async def test_an_index_that_cannot_be_brought_up_at_first_is_tried_again(
    make_hub: MakeHub, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0
    look = Reconciler.recent

    async def failing_once(self: Reconciler, writing: Collection[str]) -> Any:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError("the disk is away")
        return await look(self, writing)

    monkeypatch.setattr(Reconciler, "recent", failing_once)
    monkeypatch.setattr(processes, "AGAIN_S", 0.1)
    hub = await make_hub(camera("a", str(clip)))
    await until(lambda: hub.online("a"))
    now = hub.clock.now()
    await hub.video.record(
        key="k", camera="camera.a", start=now, end=now + timedelta(seconds=1), incident=None
    )
    await until(lambda: hub.heard("recording.finished"))
    assert tries == 2


async def test_cameras_that_are_told_of_before_the_start_begin_no_process_twice(
    tmp_path: Path, clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "hub.video")
    hub = VideoHub(tmp_path)
    hub.store.open()
    hub.video.set_cameras(town(camera("a", str(clip))))
    await hub.video.start()
    try:
        await until(lambda: hub.online("a"))
        started = [text for text in caplog.messages if text.startswith("the capture process is st")]
        assert len(started) == 1
    finally:
        await hub.stop()
