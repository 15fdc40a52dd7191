"""The ledger of gaps with real capture processes: what is killed, switched or lost stands in it."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.model.core_events import StateChanged
from hub.model.entity import State
from hub.video.missing import judging
from hub.video.missing.ledger import GapRow
from hub.video.settings import RecordingSettings
from hub.video.tables import coverage, record_modes, segments
from tests.video.conftest import MakeHub, VideoHub, camera, until

PRIVATE = {"mode": "continuous", "modes": {"private": "off"}}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge what is a second old."""
    monkeypatch.setattr(judging, "LAG_MS", 1_000)


async def ledger(hub: VideoHub) -> list[GapRow]:
    """End all files, and give what the ledger says of the time before."""
    hub.video.configure(RecordingSettings.model_validate({"default": {"mode": "off"}}))
    writing = select(segments.c.path).where(segments.c.state == "open")
    async with asyncio.timeout(15):
        while await hub.store.read(lambda c: c.execute(writing).all()):
            await asyncio.sleep(0.1)
    await hub.video.indexer.flush()
    await hub.video.causes.beat()
    await asyncio.sleep(1.5)
    await hub.video.ledger.settle()
    now = hub.clock.now()
    rows = await hub.video.ledger.rows(None, now - timedelta(hours=1), now, 100)
    return rows[::-1]


async def recorded(hub: VideoHub) -> None:
    """Wait until a camera is being recorded."""
    await until(lambda: hub.online("gate"))
    await asyncio.sleep(1.5)


async def kill_capture(hub: VideoHub) -> None:
    """Kill the process, and wait for the next one."""
    before = hub.capture_pid
    os.kill(before, signal.SIGKILL)
    await until(lambda: hub.video.processes.peers and hub.capture_pid != before)


def cause_of(rows: list[GapRow]) -> list[str]:
    """Without the seconds in which the camera was connected to for the first time."""
    return [row.cause for row in rows if row.cause != "connecting"]


def switch(hub: VideoHub, by: str | None) -> None:
    hub.modes = {} if by is None else {"private": by}
    now = hub.clock.now()
    state = State(entity_id="mode.private", value=by is not None, changed_at=now, updated_at=now)
    event: Any = StateChanged(
        source="mode.private", received_at=now, entity_id="mode.private", old=None, new=state
    )
    hub.bus.publish(event)


@pytest.mark.soak
async def test_a_hub_that_leaves_capture_at_work_leaves_no_gap(
    make_hub: MakeHub, clip: Path
) -> None:
    hub = await make_hub(camera("gate", str(clip)), mode="continuous")
    await recorded(hub)
    await hub.stop(linger=True)
    await asyncio.sleep(3)
    again = await make_hub(camera("gate", str(clip)), mode="continuous")
    await recorded(again)
    assert cause_of(await ledger(again)) == []


async def test_cameras_that_go_because_the_hub_stops_are_recorded_on(
    make_hub: MakeHub, clip: Path
) -> None:
    hub = await make_hub(camera("gate", str(clip)), mode="continuous")
    hub.video.processes.settled = True
    await recorded(hub)
    hub.video.leave()
    hub.video.set_cameras({})
    await hub.stop(linger=True)
    await asyncio.sleep(3)
    again = await make_hub(camera("gate", str(clip)), mode="continuous")
    await recorded(again)
    assert cause_of(await ledger(again)) == []
    modes = await again.store.read(lambda c: c.execute(select(record_modes.c.mode)).scalars().all())
    assert modes == ["continuous", "off"]


async def test_a_hub_that_was_away_with_its_capture_is_the_cause(
    make_hub: MakeHub, clip: Path
) -> None:
    hub = await make_hub(camera("gate", str(clip)), mode="continuous")
    await recorded(hub)
    await hub.stop(linger=False)
    await asyncio.sleep(3)
    again = await make_hub(camera("gate", str(clip)), mode="continuous")
    await recorded(again)
    rows = await ledger(again)
    assert cause_of(rows) == ["hub_stopped"]
    assert 2.5 < (rows[-1].end - rows[-1].start).total_seconds() < 15


async def test_a_capture_process_that_is_killed_is_the_cause(make_hub: MakeHub, clip: Path) -> None:
    hub = await make_hub(camera("gate", str(clip)), mode="continuous")
    await recorded(hub)
    for _ in range(3):  # after one alone it records again within a second
        await kill_capture(hub)
    await recorded(hub)
    rows = await ledger(hub)
    assert cause_of(rows) == ["capture_stopped"]
    spans = select(coverage.c.start, coverage.c.end).order_by(coverage.c.start)
    held = await hub.store.read(lambda c: c.execute(spans).all())
    assert len(held) >= 2


@pytest.mark.soak
async def test_who_switched_a_mode_that_takes_recording_away_is_named(
    make_hub: MakeHub, clip: Path
) -> None:
    hub = await make_hub(camera("gate", str(clip)), **PRIVATE)
    await recorded(hub)
    switch(hub, "Олена")
    await asyncio.sleep(3)
    switch(hub, None)
    await recorded(hub)
    rows = [row for row in await ledger(hub) if row.cause != "connecting"]
    assert [(row.cause, row.by) for row in rows] == [("switched_off", "Олена")]
    assert 2 < (rows[0].end - rows[0].start).total_seconds() < 5


@pytest.mark.soak
async def test_a_camera_that_cannot_be_read_is_the_cause(make_hub: MakeHub, tmp_path: Path) -> None:
    hub = await make_hub(camera("gate", str(tmp_path / "missing.mp4")), mode="continuous")
    await asyncio.sleep(4)
    assert cause_of(await ledger(hub)) == ["not_found"]
