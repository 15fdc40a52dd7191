"""Live pictures: how old they are in the browser, whether they stand still, what viewers cost.

    python -m benchmarks.live [--seconds 60] [--viewers 0 20 100]

An RTSP camera films a clock (720p, 25 frames/s, 2 Mbit/s), a hub records and serves it, Chromium
shows it. `delay_ms` is from the making of a frame at the camera, its encoding included, until it is
the one that the page draws, read from the picture itself on a canvas, a few times a second; a
picture that stands still for longer than `STALL_MS` is a stall. The CPU of a viewer is what the
hub's process takes more, in percent of one core, for each socket that is read to its end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Page, async_playwright

from benchmarks import machine
from benchmarks.processes import RunningHub, running_hub

CAMERA = machine.ROOT / "tests" / "world" / "clock_camera.py"
LIVE = "/api/v1/cameras/camera.clock/live"
SETTLE_S = 8.0
STALL_MS = 500
SAMPLE = """async ([milliseconds, stall]) => {
  const video = document.querySelector(".live video");
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const delays = [];
  let stalls = 0, last = -1, since = performance.now(), told = false;
  const read = () => {
    canvas.width = video.videoWidth; canvas.height = 16;
    pen.drawImage(video, 0, 0, video.videoWidth, 16, 0, 0, video.videoWidth, 16);
    const line = pen.getImageData(0, 8, video.videoWidth, 1).data;
    let value = 0;
    for (let bit = 0; bit < 20; bit += 1) {
      value = value * 2 + (line[4 * Math.floor((bit + 0.5) * video.videoWidth / 20)] > 128 ? 1 : 0);
    }
    return value;
  };
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    const value = read(), now = Date.now() % 1048576;
    if (value !== last) { last = value; since = performance.now(); told = false; }
    else if (!told && performance.now() - since > stall) { stalls += 1; told = true; }
    delays.push((now - value + 1048576) % 1048576);
    await new Promise((done) => setTimeout(done, 97));
  }
  return { delays, stalls };
}"""


@contextmanager
def clock_camera() -> Iterator[str]:
    """The camera; gives its address."""
    line = ["/usr/bin/python3", str(CAMERA)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        word, port = process.stdout.readline().split()
        assert word == "ready"
        yield f"rtsp://127.0.0.1:{port}/clock"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def configuration(url: str) -> dict[str, Any]:
    return {
        "hub": {"name": "Benchmark", "data_dir": "data"},
        "areas": {"town": {"name": "Town", "location": [49.71, 28.83]}},
        "recording": {"default": {"mode": "continuous"}},
        "plugins": {"onvif": {"cameras": {"clock": {"area": "town", "url": url}}}},
    }


async def shown(page: Page, seconds: float) -> dict[str, Any]:
    """How old the pictures on the page are."""
    seen = await page.evaluate(SAMPLE, [seconds * 1000, STALL_MS])
    told = await page.locator("[data-delay]").get_attribute("data-delay")
    return {
        "delay_ms": machine.percentiles(seen["delays"]),
        "samples": len(seen["delays"]),
        "stalls": seen["stalls"],
        "delay_told_ms": round(float(told or "nan") * 1000),
    }


async def in_browser(hub: RunningHub, seconds: float) -> dict[str, Any]:
    async with async_playwright() as playwright:
        path = shutil.which("chromium")
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1400, "height": 900})
        await page.goto(f"{hub.url}/live/camera.clock")
        await page.locator('.live[data-state="live"]').wait_for(timeout=20_000)
        await asyncio.sleep(SETTLE_S)
        found = await shown(page, seconds)
        await browser.close()
    return found


async def read_all(url: str, viewers: int) -> None:
    """So many sockets, read and thrown away; it says `ready` when all have pictures, and goes on
    until it is killed."""
    connector = aiohttp.TCPConnector(limit=0)
    waiting = viewers

    async def watch(http: aiohttp.ClientSession) -> None:
        nonlocal waiting
        async with http.ws_connect(url, max_msg_size=0) as socket:
            await socket.receive_str()
            for _ in range(10):
                await socket.receive_bytes()
            waiting -= 1
            if not waiting:
                print("ready", flush=True)
            async for _message in socket:
                pass

    if not viewers:
        print("ready", flush=True)
        await asyncio.Event().wait()

    async with aiohttp.ClientSession(connector=connector) as http:
        await asyncio.gather(*(watch(http) for _ in range(viewers)))


async def cpu_with(hub: RunningHub, viewers: int, seconds: float) -> float:
    """CPU of the hub's process with so many viewers, in percent of a core."""
    line = [sys.executable, "-m", "benchmarks.live", "--read", f"{hub.url}{LIVE}", str(viewers)]
    process = subprocess.Popen(line, cwd=machine.ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert await asyncio.to_thread(process.stdout.readline) == "ready\n"
        await asyncio.sleep(SETTLE_S)
        before = hub.process.cpu_times()
        await asyncio.sleep(seconds)
        after = hub.process.cpu_times()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return 100 * (after.user + after.system - before.user - before.system) / seconds


async def measure(seconds: float, viewers: list[int]) -> dict[str, Any]:
    with clock_camera() as url, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(json.dumps(configuration(url)))
        async with running_hub(config) as hub:
            browser = await in_browser(hub, seconds)
            cpu = {count: await cpu_with(hub, count, min(seconds, 20.0)) for count in viewers}
    first, last = min(cpu), max(cpu)
    each = (cpu[last] - cpu[first]) / (last - first) if last > first else 0.0
    return {
        "seconds": seconds,
        "browser": browser,
        "hub_cpu_percent": {str(count): round(value, 2) for count, value in cpu.items()},
        "cpu_percent_per_viewer": round(each, 3),
        "load_average": machine.load(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure live pictures.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--viewers", type=int, nargs="+", default=[0, 20, 100])
    parser.add_argument("--read", nargs=2, metavar=("URL", "VIEWERS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        asyncio.run(read_all(options.read[0], int(options.read[1])))
        return
    result = asyncio.run(measure(options.seconds, options.viewers))
    print(json.dumps(result, indent=2))
    machine.write("live", result)


if __name__ == "__main__":
    main()
