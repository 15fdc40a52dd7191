"""Cold start: how long until the hub is ready, and what it keeps in memory.

    python -m benchmarks.start [--runs 5] [--no-imports]

A small town (a panic button and two sensors on a real Mosquitto) is started as a new process, and
the same town with one heavy part more each time. The time runs from the start of the process until
/readyz answers 200; memory is PSS (shared pages divided among those that share them), taken 3 s
later, of the hub and, apart, of its capture process and of what its plugins started. `first_s` is
the very first start, in an empty data folder; the medians are those of the starts after it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

from benchmarks import machine, town
from benchmarks.processes import RunningHub, bot_api, running_hub
from tests.world import counted_clip, mosquitto
from tests.world.bot_api import TOKEN

SETTLE_S = 3.0
RUNS = 5
IMPORTS = 12
MODULES = {
    "amqtt": "amqtt.broker",
    "aiogram": "aiogram",
    "av": "av",
    "hub": "hub.app",
}
"""Imports whose cost is told apart: by name of the part, the module."""
IMPORTED = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \|\s+(\S+)", re.M)


def base(broker: mosquitto.Mosquitto) -> dict[str, Any]:
    """A town of one button and two sensors."""
    place = {"area": "market"}
    return {
        "hub": {"name": "Benchmark", "data_dir": "data"},
        "areas": {"market": {"name": "Market", "location": [49.7146, 28.8376]}},
        "mqtt": town.broker_block(broker),
        "plugins": {
            "panic_button": {"buttons": {"b": place | {"mqtt": {"topic": "town/panic/b"}}}},
            "sensors": {
                "entities": {
                    "level": place | {"kind": "sensor", "mqtt": {"topic": "town/level"}},
                    "door": place | {"kind": "binary_sensor", "mqtt": {"topic": "town/door"}},
                }
            },
        },
        "escalations": {"life_safety": [{"notify": ["duty"], "acknowledge_within": "60s"}]},
        "automations": [
            {
                "id": "panic",
                "triggers": [{"trigger": "event", "event_type": "panic_button.pressed"}],
                "actions": [
                    {
                        "action": "incident.open",
                        "data": {"kind": "panic", "escalation": "life_safety"},
                    }
                ],
            }
        ],
    }


def variants(broker: mosquitto.Mosquitto, clip: Path, api: str) -> dict[str, dict[str, Any]]:
    """The configurations that are compared, by name."""
    small = base(broker)
    embedded = {key: block for key, block in small.items() if key != "mqtt"}
    spot = {"area": "market", "location": [49.7147, 28.8379]}
    plugins = {
        "onvif": {"cameras": {"c": {"area": "market", "url": str(clip)}}},
        "notify_telegram": {"token": TOKEN, "api_server": api},
        "demo_town": {
            "cameras": {"market_square": spot, "river_quay": spot},
            "press_topic": "town/panic/b",
            "topics": {"river_level": "town/level", "school_door": "town/door"},
        },
    }
    more = {
        f"with {name}": small | {"plugins": {**small["plugins"], name: block}}
        for name, block in plugins.items()
    }
    return {"base": small, "with the embedded broker": embedded, **more}


def memory_mb(hub: RunningHub) -> dict[str, float]:
    """PSS of the hub, of capture, and of all other processes under it."""
    capture = hub.capture()
    others = [p for p in hub.children() if capture is None or p.pid != capture.pid]
    parts = {"hub": [hub.process], "capture": [capture] if capture else [], "others": others}
    return {name: _pss_mb(processes) for name, processes in parts.items()}


def _pss_mb(processes: list[psutil.Process]) -> float:
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return round(total / 1e6, 1)


async def measured(config: Path, runs: int) -> dict[str, Any]:
    """Start it again and again."""
    async with running_hub(config) as hub:
        first = hub.start_s
    starts, memories = [], []
    load = machine.load()
    for _ in range(runs):
        async with running_hub(config) as hub:
            starts.append(hub.start_s)
            await asyncio.sleep(SETTLE_S)
            memories.append(memory_mb(hub))
    return {
        "first_s": round(first, 2),
        "start_s": round(statistics.median(starts), 2),
        "starts_s": [round(each, 2) for each in starts],
        "pss_mb": {
            name: round(statistics.median(each[name] for each in memories), 1)
            for name in memories[0]
        },
        "load_average": [load, machine.load()],
    }


def imports(module: str) -> dict[str, Any]:
    """What importing a module takes in a new process, and which imports in it take the most by
    themselves: milliseconds, as `python -X importtime` counts them, which slows them somewhat."""
    line = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    done = subprocess.run(line, cwd=machine.ROOT, check=True, capture_output=True, text=True)
    packages: dict[str, float] = {}
    whole = 0.0
    for own, total, name in IMPORTED.findall(done.stderr):
        package = name.partition(".")[0]
        packages[package] = packages.get(package, 0) + int(own) / 1000
        if name == module:
            whole = int(total) / 1000
    heaviest = sorted(packages.items(), key=lambda item: -item[1])[:IMPORTS]
    return {"ms": round(whole), "by_package_ms": {name: round(ms) for name, ms in heaviest}}


async def main(options: argparse.Namespace) -> None:
    for lack in (mosquitto.missing(), counted_clip.missing()):
        if lack:
            raise SystemExit(lack)
    rows: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        api = stack.enter_context(bot_api(folder / "telegram.jsonl"))
        clip = counted_clip.make(folder / "clip.mp4", seconds=20)
        async with mosquitto.mosquitto(folder / "mosquitto") as broker:
            for number, (name, config) in enumerate(variants(broker, clip, api).items()):
                path = town.write(folder / str(number), config)
                rows[name] = await measured(path, options.runs)
                print(f"  {name}: {json.dumps(rows[name])}", flush=True)
    result: dict[str, Any] = {"runs": options.runs, "rows": rows}
    if not options.no_imports:
        result["imports"] = {name: imports(module) for name, module in MODULES.items()}
        print(f"  imports: {json.dumps(result['imports'])}", flush=True)
    machine.write("start", {"what": "from the start of the process until it is ready", **result})


def parsed(words: list[str] | None = None) -> argparse.Namespace:
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--no-imports", action="store_true")
    return parser.parse_args(words)


if __name__ == "__main__":
    asyncio.run(main(parsed()))
