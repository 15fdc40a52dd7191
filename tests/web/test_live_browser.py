"""Live pictures in a real browser: of real cameras, by way of capture, hub and socket."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, async_playwright, expect

from hub.holds import Holds
from hub.model.camera import Camera, Stream
from hub.video.service import Video
from hub.video.settings import RecordingSettings
from hub.web.server import WebServer
from tests.web.conftest import WebTown
from tests.world import counted_clip, sounding_clip

CHROMIUM = shutil.which("chromium")
SOON_MS = 15_000
HOUR_S = 3600
STALLS = """async seconds => {
  const video = document.querySelector(".live video");
  let stalls = 0, frames = -1, since = performance.now();
  const end = since + 1000 * seconds;
  while (performance.now() < end) {
    await new Promise((done) => setTimeout(done, 100));
    const now = video.getVideoPlaybackQuality().totalVideoFrames;
    if (now !== frames) { frames = now; since = performance.now(); }
    else if (performance.now() - since > 1000) { stalls += 1; since = performance.now(); }
  }
  return [stalls, video.buffered.end(video.buffered.length - 1) - video.buffered.start(0)];
}"""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: apt-get install chromium"),
    pytest.mark.skipif(counted_clip.missing() is not None, reason="ffmpeg is missing"),
]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    made = {
        codec: counted_clip.make(folder / f"{codec}.mp4", codec=codec, seconds=10)
        for codec in ("h264", "hevc")
    }
    made["small"] = folder / "small.mp4"
    command = ["ffmpeg", "-v", "error", "-i", str(made["h264"]), "-vf", "scale=320:184"]
    subprocess.run([*command, "-c:v", "libx264", "-g", "25", str(made["small"])], check=True)
    made["sound"] = sounding_clip.make(folder / "sound.mp4", made["h264"], "aac", seconds=10)
    return made


@pytest.fixture
async def video(town: WebTown, clips: dict[str, Path]) -> AsyncIterator[Video]:
    """A town with two cameras: one has sound, the main stream of the other is H.265."""
    data = town.folder / "data"
    video = Video(
        data_dir=data, clock=town.clock, bus=town.bus, tasks=town.tasks, store=town.bulk_store,
        settings=RecordingSettings.model_validate({"default": {"audio": True}}),
        time_zone=ZoneInfo("Europe/Kyiv"), active=dict,
        holds=Holds(town.bulk_store, town.clock), town="Town", may_delete=lambda: False,
    )  # fmt: skip
    h264, hevc, sound = (Stream(url=str(clips[kind])) for kind in ("h264", "hevc", "sound"))
    cameras = [
        Camera(entity_id="camera.gate", name="Ворота", plugin="t", streams={"main": sound}),
        Camera(
            entity_id="camera.mole", name="Мол", plugin="t", streams={"main": hevc, "sub": h264}
        ),
    ]
    town.registry.add([(camera, None) for camera in cameras])
    await video.start()
    video.set_cameras({camera.entity_id: camera for camera in cameras})
    yield video
    await video.stop(linger=False)


@pytest.fixture
async def url(town: WebTown, video: Video) -> AsyncIterator[str]:
    server = WebServer(replace(town.services, video=video), "127.0.0.1:0")
    await server.start()
    yield server.url
    await server.stop()


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = await browser.new_page(viewport={"width": 1280, "height": 900})
        made.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        made.on("pageerror", lambda error: complaints.append(str(error)))
        yield made
        await browser.close()
    assert complaints == []


async def test_a_tile_shows_the_camera_live_and_how_old_its_picture_is(
    url: str, page: Page
) -> None:
    await page.goto(f"{url}/live/camera.gate")
    tile = page.locator(".live")
    await expect(tile).to_have_attribute("data-state", "live", timeout=SOON_MS)
    video = tile.locator("video")
    await expect(video).to_have_js_property("videoWidth", counted_clip.WIDTH, timeout=SOON_MS)
    await asyncio.sleep(3)
    before = await video.evaluate("v => v.currentTime")
    await asyncio.sleep(1)
    assert await video.evaluate("v => v.currentTime") > before
    delay = tile.locator("[data-delay]")
    await expect(delay).to_have_text(re.compile(r"^\d+,\d\s"))
    assert 0 < float(await delay.get_attribute("data-delay") or "nan") < 15


async def test_a_camera_can_be_listened_to(url: str, page: Page) -> None:
    await page.goto(f"{url}/live/camera.gate")
    tile = page.locator(".live")
    await expect(tile).to_have_attribute("data-state", "live", timeout=SOON_MS)
    video = tile.locator("video")
    await expect(video).to_have_js_property("muted", value=True)
    button = tile.get_by_role("button", name="Звук")
    await button.click()
    await expect(video).to_have_js_property("muted", value=False)
    await expect(button).to_have_attribute("aria-pressed", "true")
    before = await video.evaluate("v => v.webkitAudioDecodedByteCount")
    await asyncio.sleep(1.5)
    assert await video.evaluate("v => v.webkitAudioDecodedByteCount") > before


async def test_a_tile_goes_on_when_a_camera_changes_its_pictures_and_when_it_was_lost(
    url: str, video: Video, clips: dict[str, Path], page: Page
) -> None:
    await page.goto(f"{url}/live/camera.gate")
    tile = page.locator(".live")
    shown = tile.locator("video")
    await expect(shown).to_have_js_property("videoWidth", counted_clip.WIDTH, timeout=SOON_MS)
    camera = Camera(entity_id="camera.gate", name="Ворота", plugin="t")
    for kind, state, width in (
        ("small", "live", 320),
        ("nothing", "lost", 0),
        ("h264", "live", counted_clip.WIDTH),
    ):
        stream = Stream(url=str(clips.get(kind, clips["h264"].with_name("nothing.mp4"))))
        video.set_cameras({"camera.gate": replace(camera, streams={"main": stream})})
        await expect(tile).to_have_attribute("data-state", state, timeout=SOON_MS)
        await expect(shown).to_have_js_property("videoWidth", width, timeout=SOON_MS)
    before = await shown.evaluate("v => v.currentTime")
    await asyncio.sleep(1)
    assert await shown.evaluate("v => v.currentTime") > before


@pytest.mark.soak
async def test_for_an_hour_the_picture_never_stands_still(url: str, page: Page) -> None:
    await page.goto(f"{url}/live/camera.gate")
    await expect(page.locator(".live")).to_have_attribute("data-state", "live", timeout=SOON_MS)
    await asyncio.sleep(5)
    page.set_default_timeout(2_000 * HOUR_S)
    stalls, kept = await page.evaluate(STALLS, HOUR_S)
    assert stalls == 0
    assert kept < 60, "what was shown is not let go"


async def test_the_wall_shows_small_streams_and_says_what_the_browser_cannot_show(
    url: str, page: Page
) -> None:
    await page.goto(f"{url}/live")
    mole = page.locator(".live", has=page.locator("video[aria-label*='Мол']"))
    await expect(mole).to_have_attribute("data-state", "live", timeout=SOON_MS)
    await page.goto(f"{url}/live/camera.mole")
    tile = page.locator(".live")
    await expect(tile).to_have_attribute("data-state", "unsupported", timeout=SOON_MS)
    await expect(tile).to_contain_text("H.265")
    await tile.locator("[data-other]").click()
    await expect(tile).to_have_attribute("data-state", "live", timeout=SOON_MS)
