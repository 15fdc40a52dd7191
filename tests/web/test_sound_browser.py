"""Sound in a real browser: of a file that is played, and of fragments that are put together."""

from __future__ import annotations

import base64
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest
from playwright.async_api import Page, async_playwright

from hub.video.capture.audio import open_track
from hub.video.capture.fragments import Fragment, Packager
from hub.video.files import codecs
from tests.video.test_fragments import packets, tick
from tests.world import counted_clip, sounding_clip

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: apt-get install chromium"),
    pytest.mark.skipif(counted_clip.missing() is not None, reason="ffmpeg is missing"),
]

PLAY = """
async data => {
    const video = document.createElement("video");
    video.muted = true;
    video.src = "data:video/mp4;base64," + data;
    await video.play();
    await new Promise(done => setTimeout(done, 1500));
    return [video.webkitAudioDecodedByteCount, video.webkitVideoDecodedByteCount, video.error];
}
"""
APPEND = """
async ([mime, init, parts]) => {
    const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
    const source = new MediaSource(), video = document.createElement("video");
    video.muted = true;
    video.src = URL.createObjectURL(source);
    await new Promise(done => source.addEventListener("sourceopen", done, {once: true}));
    const buffer = source.addSourceBuffer(`video/mp4; codecs="${mime}"`);
    for (const part of [init, ...parts]) {
        buffer.appendBuffer(bytes(part));
        await new Promise(done => buffer.addEventListener("updateend", done, {once: true}));
    }
    video.currentTime = buffer.buffered.start(0);
    await video.play();
    await new Promise(done => setTimeout(done, 1500));
    const end = buffer.buffered.end(buffer.buffered.length - 1);
    return [video.webkitAudioDecodedByteCount, buffer.buffered.length, end, video.error];
}
"""


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield await browser.new_page()
        await browser.close()


def fragments(path: Path) -> list[Fragment]:
    """Pictures and sound of a file, each piece of it at its time."""
    with av.open(str(path)) as container:
        track = open_track(container, True)
        assert track is not None
        heard = [p for raw in container.demux(track.stream) for p in track.convert(raw)]
    base = tick(path)
    packager = Packager("h264", base, b"", track.format)
    found: list[Fragment] = []
    for packet in packets(path):
        assert packet.dts is not None
        found += packager.push(packet, packet.dts)
        while heard and (at := (heard[0].time or 0) / 1e6) <= packet.dts * base:
            packager.audio(heard.pop(0), at)
    return [*found, *packager.close()]


@pytest.mark.parametrize("codec", ["aac", "opus"])
async def test_a_browser_hears_files_and_live_fragments(
    tmp_path: Path, page: Page, codec: str
) -> None:
    pictures = counted_clip.make(tmp_path / "pictures.mp4", seconds=4)
    clip = sounding_clip.make(tmp_path / "sound.mp4", pictures, codec, seconds=4)
    made = fragments(clip)
    init = made[0].epoch.init

    def coded(data: bytes) -> str:
        return base64.b64encode(data).decode("ascii")

    whole = coded(init + b"".join(each.data for each in made))
    heard, seen, error = await page.evaluate(PLAY, whole)
    assert (error, heard > 2000, seen > 20_000) == (None, True, True)
    parts = [coded(each.data) for each in made]
    mime = codecs.mime_codec(init)
    supported = 'mime => MediaSource.isTypeSupported(`video/mp4; codecs="${mime}"`)'
    assert await page.evaluate(supported, mime)
    heard, ranges, end, error = await page.evaluate(APPEND, [mime, coded(init), parts])
    assert (error, ranges, heard > 2000) == (None, 1, True)
    assert end == pytest.approx(4.0, abs=0.1)
