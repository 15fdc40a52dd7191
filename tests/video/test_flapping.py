"""Cameras that come and go all the time: what they leave behind does not grow."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import threading
from pathlib import Path

import psutil
import pytest

from hub.video.capture import camera
from tests.video.capturing import Capturing, capturing, source, wanted
from tests.world.rtsp_cameras import PASSWORD, USER, RtspCameras, missing
from tests.world.rtsp_faults import RtspFaults

CAMERAS = 8
MOST_MB = 8


def footprint() -> tuple[int, int, float]:
    """Threads, open files, and memory in MB."""
    gc.collect()
    process = psutil.Process()
    return threading.active_count(), process.num_fds(), process.memory_info().rss / 1e6


async def flap(capture: Capturing, url: str, seconds: float, **login: str) -> None:
    keep = wanted(capture.data)
    streams = {source(url, camera=f"camera.c{n}", **login): keep for n in range(CAMERAS)}
    await capture.set(streams)
    await asyncio.sleep(4)
    threads, files, megabytes = footprint()
    told = 0
    for _ in range(round(seconds)):
        capture.told.clear()  # what the test itself remembers must not grow either
        await asyncio.sleep(1)
        told += len(capture.told)
    later = footprint()
    assert told > CAMERAS * seconds / 10, "hardly a connection was made"
    assert later[0] <= threads + 1
    assert later[1] <= files + 2 * CAMERAS  # a file and its connection may be open now, or not
    assert later[2] <= megabytes + MOST_MB


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="hub")
    monkeypatch.setattr(camera, "FIRST_PAUSE_S", 0.2)
    monkeypatch.setattr(camera, "LONGEST_PAUSE_S", 0.2)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("seconds", [5, pytest.param(600, marks=pytest.mark.soak)])
async def test_cameras_that_break_off_each_second_leave_nothing_behind(
    clip: Path, tmp_path: Path, seconds: int
) -> None:
    with RtspFaults(clip) as server:
        async with capturing(tmp_path) as capture:
            await flap(capture, server.url("flapping"), seconds)
            outages = await capture.outages()
            assert len(outages) <= 2_000 + CAMERAS
    assert {outage.cause for outage in outages} <= {"ended", "connecting"}
    assert not list((tmp_path / "capture" / "open").iterdir())


async def restarting(clip: Path, port: int) -> None:
    """A server that is killed, and is there again, every two seconds."""
    while True:
        server = await asyncio.to_thread(RtspCameras, [clip], port=port)
        try:
            await asyncio.sleep(2)
        finally:
            server.stop()


@pytest.mark.soak
@pytest.mark.usefixtures("impatient")
async def test_a_server_that_is_started_anew_all_the_time_leaves_nothing_behind(
    clip: Path, tmp_path: Path
) -> None:
    if lack := missing():
        pytest.skip(lack)
    first = RtspCameras([clip])
    url = first.url(clip.stem)
    first.stop()
    server = asyncio.create_task(restarting(clip, first.port))
    async with capturing(tmp_path) as capture:
        await flap(capture, url, 120, username=USER, password=PASSWORD)
        outages = await capture.outages()
    server.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await server
    assert {outage.cause for outage in outages} <= {"ended", "connecting", "unreachable"}
