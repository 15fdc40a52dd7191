"""The player of the archive in a real browser: cameras in step, frames, gaps, events, keys."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, async_playwright, expect

from hub.holds import Holds
from hub.model.camera import Camera, Stream
from hub.model.core_events import CameraLost
from hub.video.service import Video
from hub.video.settings import RecordingSettings
from hub.web.server import WebServer
from tests.video.conftest import fragments_of
from tests.video.shelf import Shelf
from tests.web.conftest import WebTown
from tests.world import counted_clip

CHROMIUM = shutil.which("chromium")
SOON_MS = 15_000
CLIP_S, HOLE_S = 40, 20
GATE, MOLE = "camera.gate", "camera.mole"

NUMBER_JS = f"""(video) => {{
  const canvas = document.createElement("canvas");
  canvas.width = {counted_clip.WIDTH};
  canvas.height = {counted_clip.HEIGHT};
  const draw = canvas.getContext("2d");
  draw.drawImage(video, 0, 0);
  const block = canvas.width / {counted_clip.BITS};
  const line = draw.getImageData(0, {counted_clip.STRIP // 2}, canvas.width, 1).data;
  let number = 0;
  for (let bit = 0; bit < {counted_clip.BITS}; bit += 1) {{
    number = number * 2 + (line[4 * Math.floor((bit + 0.5) * block)] > 128 ? 1 : 0);
  }}
  return number;
}}"""
"""The number in the picture that a video shows; see tests.world.counted_clip."""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: apt-get install chromium"),
    pytest.mark.skipif(counted_clip.missing() is not None, reason="ffmpeg is missing"),
]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    return {
        "h264": counted_clip.make(folder / "h264.mp4", seconds=CLIP_S),
        "hevc": counted_clip.make(folder / "hevc.mp4", codec="hevc", seconds=5),
    }


@dataclasses.dataclass
class Archive:
    """Where the page is, and when the recordings begin."""

    url: str
    start: datetime
    town: WebTown

    def address(self, *cameras: str, second: float = 0, language: str = "uk") -> str:
        at = (self.start + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
        chosen = "&".join(f"camera={camera}" for camera in cameras)
        return f"{self.url}/archive?{chosen}&at={at}&lang={language}"


@pytest.fixture
async def archive(town: WebTown, clips: dict[str, Path]) -> AsyncIterator[Archive]:
    """The gate and the mole, recorded twice with a hole between; the mole is H.265 first, but for
    its small stream."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=8)
    shelf = Shelf(town.folder / "data", town.bulk_store)
    for second in (0, CLIP_S + HOLE_S):
        fragments = fragments_of(clips["h264"], start=start.timestamp() + second)
        shelf.put(fragments[: len(fragments) // 2], camera=GATE)
        shelf.put(fragments[len(fragments) // 2 :], camera=GATE)
        shelf.put(fragments, camera=MOLE, stream="sub")
    shelf.put(fragments_of(clips["hevc"], start=start.timestamp()), camera=MOLE)
    video = Video(
        data_dir=shelf.data, clock=town.clock, bus=town.bus, tasks=town.tasks,
        store=town.bulk_store, settings=RecordingSettings(), time_zone=ZoneInfo("Europe/Kyiv"),
        active=dict, holds=Holds(town.bulk_store, town.clock), town="Town",
        may_delete=lambda: False,
    )  # fmt: skip
    some = Stream(url="rtsp://127.0.0.1/")
    cameras = [
        Camera(entity_id=GATE, name="Ворота", area="market", plugin="t", streams={"main": some}),
        Camera(entity_id=MOLE, name="Мол", plugin="t", streams={"main": some, "sub": some}),
    ]
    town.registry.add([(camera, None) for camera in cameras])
    server = WebServer(dataclasses.replace(town.services, video=video), "127.0.0.1:0")
    await server.start()
    yield Archive(server.url, start, town)
    await server.stop()
    await video.stills.close()


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    complaints: list[str] = []

    def hear(message: Any) -> None:
        if message.type == "error" and "404" not in message.text:  # nothing recorded
            complaints.append(message.text)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = await browser.new_page(viewport={"width": 1280, "height": 900})
        made.on("console", hear)
        made.on("pageerror", lambda error: complaints.append(str(error)))
        yield made
        await browser.close()
    assert complaints == []


async def ready(page: Page) -> None:
    await expect(page.locator("#player")).to_have_attribute("data-ready", "true", timeout=SOON_MS)


def screen(page: Page, camera: str) -> Any:
    return page.locator(f".screen[data-camera='{camera}']")


async def shows(page: Page, camera: str, number: int) -> None:
    """Wait until the camera shows a frame: browsers draw it a moment after it is there."""
    await ready(page)
    video = screen(page, camera).locator("video:not([hidden])")
    found = -1
    for _ in range(40):
        found = int(await video.evaluate(NUMBER_JS))
        if found == number:
            return
        await asyncio.sleep(0.05)
    assert found == number


async def clock(page: Page) -> float:
    return float(await page.evaluate("window.player.at"))


async def test_a_moment_is_shown_and_frames_are_stepped_one_by_one(
    archive: Archive, page: Page
) -> None:
    await page.goto(archive.address(GATE, second=19.6))
    await shows(page, GATE, 490)
    for key, expected in ((".", 491), (".", 492), (",", 491), (",", 490), (",", 489)):
        await page.locator("[data-timeline]").press(key)
        await shows(page, GATE, expected)
    for _ in range(15):  # over the border of two files
        await page.get_by_role("button", name="На кадр уперед").click()
        await ready(page)
    await shows(page, GATE, 504)


@pytest.mark.parametrize("speed", [1, 4])
async def test_two_cameras_play_in_step(archive: Archive, page: Page, speed: int) -> None:
    await page.goto(archive.address(GATE, MOLE, second=7))
    await expect(screen(page, MOLE)).to_have_attribute("data-state", "nothing", timeout=SOON_MS)
    await page.evaluate("player.speed(4)")  # the small stream, which is recorded on
    await ready(page)
    await expect(screen(page, MOLE)).to_have_attribute("data-state", "playing", timeout=SOON_MS)
    await page.evaluate("""() => {
      const [a, b] = document.querySelectorAll(".screen");
      const time = (one) => one.querySelector("video:not([hidden])").currentTime;
      window.apart = [];
      setInterval(() => {
        if (document.getElementById("player").dataset.ready === "true") {
          window.apart.push([player.at, time(a), time(b)]);
        }
      }, 50);
    }""")
    if speed == 1:
        await screen(page, MOLE).evaluate("one => { one.dataset.streams = 'sub'; }")
        await page.evaluate("player.speed(1)")
    before, begun = await clock(page), asyncio.get_running_loop().time()
    await page.get_by_role("button", name="Відтворити").click()
    await asyncio.sleep(4)
    passed = asyncio.get_running_loop().time() - begun
    moved = await clock(page) - before
    assert passed * speed * 0.3 < moved < passed * speed * 1.1
    samples = await page.evaluate("window.apart.splice(0)")
    moving = [sample for sample in samples if sample[0] > before + speed]
    assert len(moving) > 10
    apart = sorted(abs(a - b) for _, a, b in moving)
    assert apart[int(len(apart) * 0.9)] < 0.2


async def test_a_hole_is_said_and_passed_over(archive: Archive, page: Page) -> None:
    await page.goto(archive.address(GATE, second=CLIP_S + 5))
    await expect(screen(page, GATE)).to_contain_text("Тут нічого не записано.", timeout=SOON_MS)
    await ready(page)
    await page.get_by_role("button", name="Відтворити").click()
    await expect(screen(page, GATE)).to_have_attribute("data-state", "playing", timeout=SOON_MS)
    assert await clock(page) - archive.start.timestamp() >= CLIP_S + HOLE_S


async def test_what_the_browser_cannot_show_is_said_and_the_small_stream_offered(
    archive: Archive, page: Page
) -> None:
    await page.goto(archive.address(MOLE, second=2))
    await expect(screen(page, MOLE)).to_have_attribute("data-state", "unsupported", timeout=SOON_MS)
    await expect(screen(page, MOLE)).to_contain_text("Цей браузер не показує H.265.")
    await page.get_by_role("button", name="Показати малий потік").click()
    await expect(screen(page, MOLE)).to_have_attribute("data-state", "playing", timeout=SOON_MS)
    await shows(page, MOLE, 50)


async def test_one_jumps_to_the_next_event_and_it_is_said(archive: Archive, page: Page) -> None:
    archive.town.bus.publish(CameraLost(source=GATE, area="market", reason="stalled"))
    happened = archive.town.clock.now().timestamp()
    await archive.town.history.stop()
    await asyncio.sleep(3.2)  # the player stays so far behind the present
    await page.goto(archive.address(GATE, second=2))
    await ready(page)
    await page.locator("[data-timeline]").press("n")
    await expect(page.locator("[data-said]")).to_contain_text("Камеру втрачено, Ворота")
    assert abs(await clock(page) - happened) < 0.5
    await expect(page.locator("[data-events] li")).to_contain_text("Камеру втрачено, Ворота")
    await page.get_by_role("button", name="Попередня подія").click()
    await expect(page.locator("[data-said]")).to_have_text("Більше подій немає.")


async def test_the_timeline_is_a_slider_that_is_led_by_keys_and_pointer(
    archive: Archive, page: Page
) -> None:
    await page.goto(archive.address(GATE, second=10, language="en"))
    await ready(page)
    line = page.get_by_role("slider", name="Timeline")
    begin = archive.start.timestamp()
    await expect(line).to_have_attribute("aria-valuenow", str(int(begin + 10)))
    await expect(line).to_have_attribute("aria-valuetext", re.compile("Ворота: recorded"))
    await line.press("ArrowRight")
    await expect(line).to_have_attribute("aria-valuenow", str(int(begin + 15)))
    await line.press("Shift+ArrowRight")
    await expect(line).to_have_attribute("aria-valuenow", str(int(begin + 75)))
    await line.press("Shift+ArrowLeft")
    await line.press("ArrowRight")
    await line.press("ArrowRight")
    await line.press("Shift+ArrowRight")
    await line.press("Shift+ArrowLeft")
    await expect(line).to_have_attribute("aria-valuenow", str(int(begin + 25)))
    box = await line.bounding_box()
    assert box is not None
    span = await page.evaluate(
        "['aria-valuemin', 'aria-valuemax'].map((name) =>"
        " Number(document.querySelector('[data-timeline]').getAttribute(name)))"
    )
    share = (begin + 90 - span[0]) / (span[1] - span[0])
    await page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    assert abs(await clock(page) - (begin + 90)) < 5
    await ready(page)
    await expect(page.locator("[data-preview] img")).to_have_js_property(
        "naturalWidth", 240, timeout=SOON_MS
    )
