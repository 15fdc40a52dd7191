"""Traces, seen from outside: the command beside the running hub, the pages, and a crash."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.world.hub_process import ROOT, HubProcess

CONFIG = """
hub: {name: Козятин, time_zone: Europe/Kyiv}
modes: {night: {name: Ніч}}
automations:
  - id: long
    triggers: {trigger: hub, event: start}
    actions:
      - action: mode.set
        data: {mode: night}
      - delay: 1h
  - id: never
    alias: Майже
    triggers: {trigger: state, entity_id: mode.night, to: "on"}
    conditions: "{{ false }}"
    actions: {stop: x}
"""


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[HubProcess]:
    (tmp_path / "config.yaml").write_text(CONFIG)
    made = HubProcess(tmp_path / "config.yaml")
    await made.start()
    yield made
    made.stop()
    made.end_capture()


def trace(hub: HubProcess, *words: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "hub", "trace", *words, "--json", str(hub.config)],
        capture_output=True, text=True, check=True, cwd=ROOT, timeout=60,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return found


async def written(hub: HubProcess, automation: str, *states: str) -> list[dict[str, Any]]:
    """The traces of an automation, once they are in these states, the newest first."""
    async with asyncio.timeout(60):
        while True:
            found: list[dict[str, Any]] = []
            with contextlib.suppress(subprocess.CalledProcessError):  # nothing is written yet
                found = await asyncio.to_thread(trace, hub, automation)
            if [one["state"] for one in found] == list(states):
                return found
            await asyncio.sleep(0.5)


async def test_runs_and_near_misses_are_seen_beside_the_running_hub_and_after_a_crash(
    hub: HubProcess,
) -> None:
    (run,) = await written(hub, "long", "running")
    assert [step["kind"] for step in run["steps"]] == ["action", "delay"]
    assert run["steps"][0]["at"].endswith("config.yaml:8")
    (missed,) = await written(hub, "never", "false")
    assert missed["trigger"]["seen"]["to_state"]["state"] == "on"
    assert missed["conditions"][0]["passed"] is False
    hub.kill()
    await hub.start()
    _, interrupted = await written(hub, "long", "running", "interrupted")
    assert (interrupted["run"], interrupted["error"]) == (run["run"], "the hub ended while it ran")
    async with aiohttp.ClientSession(hub.url) as session:
        page = await (await session.get("/automations/long")).text()
        assert "перервано" in page and "триває" in page
        page = await (await session.get("/automations")).text()
        assert "Майже" in page and "майже: 1" in page
    hub.stop()
    assert trace(hub, "long")[0]["state"] == "stopped"


async def test_what_the_stop_of_the_hub_begins_has_its_time_and_is_seen_after_it(
    tmp_path: Path,
) -> None:
    goodbye = """
  - id: goodbye
    triggers: {trigger: hub, event: shutdown}
    actions: [{delay: 1s}, {stop: done}]
"""
    (tmp_path / "config.yaml").write_text(CONFIG + goodbye)
    made = HubProcess(tmp_path / "config.yaml")
    await made.start()
    await asyncio.to_thread(made.stop)
    assert "Traceback" not in made.log.read_text()
    await made.start()
    (last,) = await written(made, "goodbye", "finished")
    assert last["error"] == "done"
    made.stop()
    made.end_capture()
