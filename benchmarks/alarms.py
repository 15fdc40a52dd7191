"""From the press of a button to the message: how long the officer on duty waits.

    python -m benchmarks.alarms [--buttons 500] [--rate 1000] [--sensors 100] [--cameras 4]

Each button is pressed once, the next one when the former was told by text and by photo. The time
runs from the moment before the press is published on a real Mosquitto until the stand-in for
Telegram's Bot API accepted `sendMessage`, and `sendPhoto`; both are read from the system's clock.
Measured twice: while nothing else happens, and while sensors change state RATE times a second and
all cameras record. A probe sensor, answered by an automation once a second, tells whether the hub
keeps up with that flow. The hub, the broker, Telegram, the cameras and the sensors are processes
of their own on this machine, so they compete with the hub for its cores.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import aiomqtt

from benchmarks import machine, town
from benchmarks.processes import RunningHub, bot_api, running_hub
from tests.world import counted_clip, mosquitto, rtsp_cameras

AIMS_MS = {"text": 150.0, "photo": 1000.0}
PAUSE_S = (0.03, 0.12)  # before the next press, at random: no rhythm meets another's
SEED = 20261122
TOLD_S = 30.0
WARM_UP = 8
SETTLE_S = 3.0
PROBE_EVERY_S = 1.0


class Telegram:
    """Reads what the stand-in took, as it is written."""

    def __init__(self, log: Path) -> None:
        self._lines = log.open(encoding="utf-8")
        self._rest = ""
        self._taken: dict[tuple[str, int], float] = {}

    async def told(self, button: int) -> tuple[float, float]:
        """When the text and the photo about a button were accepted, in seconds of the epoch."""
        text, photo = ("sendmessage", button), ("sendphoto", button)
        async with asyncio.timeout(TOLD_S):
            while not (text in self._taken and photo in self._taken):
                await asyncio.sleep(0.002)
                self._read()
        return self._taken[text], self._taken[photo]

    def _read(self) -> None:
        *lines, self._rest = (self._rest + self._lines.read()).split("\n")
        for line in lines:
            call = json.loads(line)
            words = call["params"].get("text") or call["params"].get("caption") or ""
            if button := re.search(r"Button (\d+)\.", words):
                self._taken.setdefault((call["method"], int(button.group(1))), call["arrived"])

    def close(self) -> None:
        self._lines.close()


async def press_all(
    client: aiomqtt.Client, telegram: Telegram, buttons: range
) -> tuple[list[float], list[float]]:
    """Milliseconds from each press to its text, and to its photo."""
    pauses = random.Random(SEED)
    texts, photos = [], []
    for count, button in enumerate(buttons, 1):
        pressed = time.time()
        await client.publish(f"town/panic/{button}", "pressed", qos=1)
        text, photo = await telegram.told(button)
        texts.append(1000 * (text - pressed))
        photos.append(1000 * (photo - pressed))
        if count % 100 == 0:
            print(f"    {count} of {len(buttons)} pressed", flush=True)
        await asyncio.sleep(pauses.uniform(*PAUSE_S))
    return texts, photos


class Probe:
    """Publishes the time as a sensor's value, and hears the automation that answers it."""

    def __init__(self, broker: mosquitto.Mosquitto) -> None:
        self._broker = broker
        self.sent = 0
        self.lags_ms: list[float] = []

    async def run(self) -> None:
        async with self._broker.client() as client, asyncio.TaskGroup() as group:
            await client.subscribe("town/echo")
            group.create_task(self._hear(client))
            while True:
                await client.publish("town/probe", f"{time.time():.6f}")
                self.sent += 1
                await asyncio.sleep(PROBE_EVERY_S)

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            self.lags_ms.append(1000 * (time.time() - float(bytes(message.payload))))

    def figures(self) -> dict[str, Any]:
        return {"sent": self.sent, "heard": len(self.lags_ms)} | (
            {"ms": machine.percentiles(self.lags_ms)} if len(self.lags_ms) > 1 else {}
        )


@contextlib.asynccontextmanager
async def probing(broker: mosquitto.Mosquitto) -> AsyncIterator[Probe]:
    probe = Probe(broker)
    task = asyncio.create_task(probe.run())
    try:
        yield probe
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.contextmanager
def sensors_at(broker: mosquitto.Mosquitto, sensors: int, rate: int) -> Any:
    """Has sensors change their states; gives a dict that holds the true rate afterwards."""
    line = [sys.executable, "-m", "benchmarks.load", *map(str, (broker.port, sensors, rate))]
    process = subprocess.Popen(line, cwd=machine.ROOT, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = {}
    try:
        yield result
    finally:
        process.terminate()
        told, _ = process.communicate(timeout=10)
    messages, seconds = map(float, told.split())
    result |= {"events": messages, "per_second": round(messages / seconds, 1)}


def cpu(hub: RunningHub) -> dict[str, float]:
    """CPU seconds so far of the hub and of its capture process."""
    parts = {"hub": hub.process, "capture": hub.capture()}
    return {name: sum(p.cpu_times()[:2]) for name, p in parts.items() if p is not None}


async def measured(
    size: town.Size,
    *,
    rate: int,
    broker: mosquitto.Mosquitto,
    cameras: rtsp_cameras.RtspCameras,
    folder: Path,
) -> dict[str, Any]:
    """One round over all buttons; with `rate` 0 nothing else happens."""
    folder.mkdir()
    log = folder / "telegram.jsonl"
    with bot_api(log) as api, contextlib.ExitStack() as stack:
        whole = town.Size(size.buttons + WARM_UP, size.sensors, size.cameras)
        config = town.configuration(whole, broker=broker, api=api, cameras=cameras, record=rate > 0)
        path = town.write(folder / "hub", config)
        telegram = stack.enter_context(contextlib.closing(Telegram(log)))
        async with running_hub(path) as hub, broker.client() as client, probing(broker) as probe:
            await asyncio.sleep(SETTLE_S)
            flow = stack.enter_context(sensors_at(broker, size.sensors, rate)) if rate else {}
            await press_all(client, telegram, range(size.buttons, size.buttons + WARM_UP))
            load, before, began = machine.load(), cpu(hub), time.monotonic()
            texts, photos = await press_all(client, telegram, range(size.buttons))
            wall, after = time.monotonic() - began, cpu(hub)
            shares = {name: round(100 * (after[name] - before[name]) / wall, 1) for name in after}
            load_after = machine.load()
            warnings = [line for line in hub.log.read_text().splitlines() if _is_trouble(line)]
            stack.close()
        recorded = sum(file.stat().st_size for file in path.parent.rglob("*.mp4"))
    return {
        "text_ms": machine.percentiles(texts),
        "photo_ms": machine.percentiles(photos),
        "aims_met": {
            "text": machine.percentiles(texts)["p99"] < AIMS_MS["text"],
            "photo": machine.percentiles(photos)["p99"] < AIMS_MS["photo"],
        },
        "seconds": round(wall, 1),
        "cpu_percent_of_a_core": shares,
        "sensors": flow,
        "probe": probe.figures(),
        "recorded_mb": round(recorded / 1e6, 1),
        "load_average": [load, load_after],
        "warnings": warnings[:20],
    }


def _is_trouble(line: str) -> bool:
    return "WARNING" in line or "ERROR" in line


async def main(options: argparse.Namespace) -> None:
    for lack in (mosquitto.missing(), rtsp_cameras.missing(), counted_clip.missing()):
        if lack:
            raise SystemExit(lack)
    size = town.Size(options.buttons, options.sensors, options.cameras)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        clip = counted_clip.make(folder / f"{town.CLIP}.mp4", seconds=20)
        cameras = rtsp_cameras.RtspCameras([clip], mounts=size.cameras)
        rounds = {}
        try:
            async with mosquitto.mosquitto(folder / "mosquitto") as broker:
                for name, rate in (("idle", 0), ("busy", options.rate)):
                    print(f"  {name}: {size.buttons} buttons", flush=True)
                    rounds[name] = await measured(
                        size, rate=rate, broker=broker, cameras=cameras, folder=folder / name
                    )
                    print(json.dumps(rounds[name]), flush=True)
        finally:
            cameras.stop()
    what = "a press on MQTT until the Bot API accepted the text, and the photo"
    machine.write(
        "alarms",
        {"what": what, "size": asdict(size), "rate": options.rate, "aims_ms": AIMS_MS, **rounds},
    )


def parsed(words: list[str] | None = None) -> argparse.Namespace:
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--buttons", type=int, default=500)
    parser.add_argument("--rate", type=int, default=1000, help="changes of state a second")
    parser.add_argument("--sensors", type=int, default=100)
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--quick", action="store_true", help="50 buttons")
    options = parser.parse_args(words)
    if options.quick:
        options.buttons = 50
    return options


if __name__ == "__main__":
    asyncio.run(main(parsed()))
