"""The archive from end to end: a camera is recorded all the time, everything is killed, and the
next hub finds what there is, plays it, and shows the camera live."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import async_playwright, expect

from tests.world import counted_clip
from tests.world.hub_process import HubProcess
from tests.world.rtsp_cameras import PASSWORD, USER, RtspCameras, missing

CHROMIUM = shutil.which("chromium")
CLIP_S = 20
ROUND = CLIP_S * counted_clip.RATE

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: apt-get install chromium"),
    pytest.mark.skipif(counted_clip.missing() is not None, reason="ffmpeg is missing"),
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[HubProcess]:
    """A hub with one camera of two streams, both recorded all the time by two processes."""
    server = RtspCameras([counted_clip.make(tmp_path / "h264.mp4", seconds=CLIP_S)], mounts=2)
    camera = {
        "area": "town",
        "name": "Gate",
        "url": server.url("h264", 0),
        "sub_url": server.url("h264", 1),
        "username": USER,
        "password": PASSWORD,
    }
    config = {
        "hub": {"name": "Town", "data_dir": "data"},
        "areas": {"town": {"name": "Town", "location": [49.71, 28.83]}},
        "recording": {
            "default": {"mode": {"main": "continuous", "sub": "continuous"}},
            "processes": 2,
        },
        "plugins": {"onvif": {"cameras": {"gate": camera}}},
    }
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(config))
    made = HubProcess(path)
    yield made
    made.stop()
    made.end_capture()
    server.stop()


def rows(hub: HubProcess) -> list[dict[str, Any]]:
    with sqlite3.connect(hub.config.parent / "data" / "bulk.db") as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute("SELECT * FROM segments ORDER BY start")
        return [dict(row) for row in found]


async def until(hub: HubProcess, true: Callable[[list[dict[str, Any]]], bool]) -> None:
    async with asyncio.timeout(30):
        while not true(rows(hub)):
            await asyncio.sleep(0.1)


def being_written(found: list[dict[str, Any]]) -> set[str]:
    return {row["stream"] for row in found if row["state"] == "open"}


def at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


async def test_what_was_recorded_before_everything_was_killed_is_found_and_played(
    hub: HubProcess, tmp_path: Path
) -> None:
    await hub.start()
    await until(hub, lambda found: being_written(found) == {"main", "sub"})
    await asyncio.sleep(5)
    hub.kill()
    hub.end_capture()
    await hub.start()
    await until(hub, lambda found: being_written(found) == {"main", "sub"} and len(found) == 4)
    finished = [row for row in rows(hub) if row["state"] == "finished"]
    assert {row["stream"] for row in finished} == {"main", "sub"}
    assert all(len(row["sha256"]) == 64 and row["keyframes"] > 3 for row in finished)

    main = next(row for row in finished if row["stream"] == "main")
    start, end = main["start"] / 1000, main["end"] / 1000
    assert end - start > 4
    async with aiohttp.ClientSession(hub.url) as http:
        window = {"from": at(start - 60), "to": at(end + 60)}
        drawn = await http.get(
            "/api/v1/archive/timeline", params={"camera": "camera.gate", **window}
        )
        assert drawn.status == 200
        streams = (await drawn.json())["cameras"][0]["streams"]
        assert streams["main"]["spans"][0] == pytest.approx([start, end], abs=0.01)
        assert streams["sub"]["spans"]
        window = {"from": at(start), "to": at(end)}
        whole = await http.get("/api/v1/cameras/camera.gate/clip.mp4", params=window)
        film = await whole.read()
        part = await http.get(
            "/api/v1/cameras/camera.gate/clip.mp4",
            params=window,
            headers={"Range": "bytes=1000-4999"},
        )
        assert part.status == 206
        assert await part.read() == film[1000:5000]
    file = tmp_path / "clip.mp4"
    file.write_bytes(film)
    shown = counted_clip.unrolled(counted_clip.numbers(file), ROUND)
    assert len(shown) > 4 * counted_clip.RATE
    assert shown == list(range(shown[0], shown[0] + len(shown)))
    await _is_live(f"{hub.url}/live")


async def _is_live(address: str) -> None:
    """Whether the wall shows the camera, and how old the picture is."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(address)
        tile = page.locator(".live")
        await expect(tile).to_have_attribute("data-state", "live", timeout=20_000)
        video = tile.locator("video")
        await expect(video).to_have_js_property("videoWidth", counted_clip.WIDTH, timeout=10_000)
        delay = tile.locator("[data-delay]")
        await expect(delay).to_be_visible()
        assert 0 < float(await delay.get_attribute("data-delay") or "nan") < 15
        await browser.close()
