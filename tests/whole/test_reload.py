"""A real hub takes over its file again and again, and no alarm is lost meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp

from tests.whole.conftest import BUTTONS, PANIC, Town
from tests.world.hub_process import ROOT

ROUNDS = 5
PAUSE_S = 0.04

BRITTLE = """
from hub.api import PluginConfig, hookimpl


class Config(PluginConfig):
    n: int = 0
    'A number.'


@hookimpl
def hub_config_model():
    return Config


@hookimpl
async def hub_setup(hub, config):
    1 / (1 - config.n)


@hookimpl
async def hub_teardown(hub):
    raise RuntimeError("no way back")
"""


def hub(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "HUB_LISTEN"}
    return subprocess.run(
        [sys.executable, "-m", "hub", *words],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=60, env=environment,
    )  # fmt: skip


def rewrite(town: Town, change: Any) -> None:
    config = json.loads(town.hub.config.read_text())
    change(config)
    town.hub.config.write_text(json.dumps(config, ensure_ascii=False))


async def post(town: Town, path: str) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as http, http.post(f"{town.hub.url}{path}") as answer:
        return answer.status, await answer.json(content_type=None)


async def test_presses_throughout_reloads_that_set_the_buttons_up_anew_are_all_told(
    town: Town,
) -> None:
    await town.hub.start()
    pressed = set[int]()
    done = asyncio.Event()

    async def press() -> None:
        number = 0
        while not done.is_set() or len(pressed) < BUTTONS:
            await town.press(number % BUTTONS)
            pressed.add(number % BUTTONS)
            number += 1
            await asyncio.sleep(PAUSE_S)

    pressing = asyncio.create_task(press())
    for number in range(ROUNDS):

        def change(config: dict[str, Any], number: int = number) -> None:
            for button in config["plugins"]["panic_button"]["buttons"].values():
                button["expect_every"] = f"{number + 1}h"
            config["automations"] = [{**PANIC, "alias": f"round {number}"}]

        rewrite(town, change)
        status, told = await post(town, "/api/v1/config/reload")
        assert status == 200, told
        assert told["changes"]["plugins"]["changed"] == ["panic_button"]
        assert told["changes"]["automations"]["changed"] == ["panic"]
        assert told["failed"] == []
        await asyncio.sleep(0.15)
    done.set()
    await pressing
    for number in range(BUTTONS):
        await town.told(number)
        assert len(town.incidents(number)) == 1, number
    assert "Traceback" not in town.hub.log.read_text()


async def test_plugins_come_change_and_go_without_a_restart(town: Town) -> None:
    await town.hub.start()

    def other(config: dict[str, Any]) -> None:
        config["plugins"]["panic_button"]["buttons"]["new"] = {
            "area": "market", "name": "Кнопка 99.", "mqtt": {"topic": "town/panic/b99"},
        }  # fmt: skip
        del config["plugins"]["panic_button"]["buttons"]["b1"]
        config["plugins"]["sensors"] = {
            "entities": {"river": {"kind": "sensor", "area": "market", "name": "Ріка",
                                   "mqtt": {"topic": "town/river"}}}
        }  # fmt: skip

    rewrite(town, other)
    done = await asyncio.to_thread(hub, "reload", str(town.hub.config))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "plugins: 1 added (sensors); 1 changed (panic_button)\n"
    names = await entities(town)
    assert {"event.new", "sensor.river", "event.b0"} <= names
    assert "event.b1" not in names
    await town.press(99)
    await town.told(99)

    rewrite(town, lambda config: config["plugins"].pop("sensors"))
    town.hub.process.send_signal(signal.SIGHUP)  # type: ignore[union-attr]
    async with asyncio.timeout(60):
        while "sensor.river" in await entities(town):
            await asyncio.sleep(0.05)
    await town.press(0)
    await town.told(0)


async def entities(town: Town) -> set[str]:
    return {each["entity_id"] for each in (await got(town, "/api/v1/entities"))["entities"]}


async def got(town: Town, path: str) -> Any:
    async with aiohttp.ClientSession() as http, http.get(f"{town.hub.url}{path}") as answer:
        return await answer.json()


async def test_a_wrong_file_is_refused_with_all_its_problems_and_the_old_one_runs_on(
    town: Town,
) -> None:
    await town.hub.start()

    def spoil(config: dict[str, Any]) -> None:
        config["automations"][0]["tirggers"] = config["automations"][0].pop("triggers")
        config["plugins"]["panic_buton"] = config["plugins"].pop("panic_button")

    rewrite(town, spoil)
    done = await asyncio.to_thread(hub, "reload", str(town.hub.config))
    assert done.returncode == 2
    assert "unknown key 'tirggers'" in done.stderr
    assert "there is no plugin 'panic_buton'" in done.stderr
    assert "2 problems; nothing was changed." in done.stderr
    await town.press(0)
    await town.told(0)
    async with aiohttp.ClientSession() as http, http.get(f"{town.hub.url}/config") as answer:
        assert "Файл на диску" in await answer.text()


async def test_a_plugin_that_breaks_when_set_up_anew_stops_nothing_else(
    town: Town,
) -> None:
    folder = town.folder / "plugins" / "brittle"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(BRITTLE)
    town.configure(more={"plugins": {"brittle": {}}}, plugins_dir=folder.parent)
    await town.hub.start("--plugins-dir", str(folder.parent))

    def change(config: dict[str, Any]) -> None:
        config["plugins"]["brittle"]["n"] = 1
        config["automations"][0]["alias"] = "another"

    rewrite(town, change)
    status, told = await post(town, "/api/v1/config/reload")
    assert (status, told["changes"]["automations"]["changed"]) == (200, ["panic"])
    assert "plugin 'brittle' failed: ZeroDivisionError" in town.hub.log.read_text()
    await town.press(0)
    await town.told(0)
    rewrite(town, lambda config: config["plugins"]["brittle"].update(n=2))
    await post(town, "/api/v1/config/reload")
    plugins = (await got(town, "/api/v1/plugins"))["plugins"]
    assert plugins["brittle"]["status"] == "running"


def test_without_a_hub_reload_says_so(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("hub: {name: T}\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "address").write_text("http://127.0.0.1:1\n")
    done = hub("reload", str(config))
    assert done.returncode == 1
    assert "no hub answers at http://127.0.0.1:1" in done.stderr
