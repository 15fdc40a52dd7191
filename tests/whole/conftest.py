"""A whole town for a test: real Mosquitto, the hub as a process, a Bot API server, buttons."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.world import mosquitto as broker
from tests.world.bot_api import TOKEN, BotApi
from tests.world.hub_process import HubProcess

BUTTONS = 40
CHAT = 1001
PANIC: dict[str, Any] = {
    "id": "panic",
    "triggers": [{"trigger": "event", "event_type": "panic_button.pressed", "area_id": "market"}],
    "actions": [
        {
            "action": "incident.open",
            "data": {"kind": "panic", "severity": "critical", "escalation": "life_safety"},
        }
    ],
    "mode": "parallel",
    "max": 100,
}


class Town:
    """`press(n)` presses button n; `messages(n)` are the alarm messages about it."""

    def __init__(self, folder: Path, mqtt: broker.Mosquitto, api: BotApi) -> None:
        self.folder = folder
        self.mqtt = mqtt
        self.api = api
        self.hub = HubProcess(folder / "config.yaml")

    def configure(
        self,
        *,
        api_server: str | None = None,
        more: dict[str, Any] | None = None,
        plugins_dir: Path | None = None,
    ) -> None:
        """Write config.yaml (JSON is YAML) and tie the person on duty."""
        buttons = {
            f"b{n}": {
                "area": "market",
                "name": f"Кнопка {n}.",
                "mqtt": {"topic": f"town/panic/b{n}"},
            }
            for n in range(BUTTONS)
        }
        config: dict[str, Any] = {
            "hub": {"name": "Козятин", "data_dir": "data"},
            "areas": {"market": {"name": "Ринок", "location": [49.7146, 28.8376]}},
            "mqtt": {
                "host": "127.0.0.1", "port": self.mqtt.port,
                "username": broker.USER, "password": broker.PASSWORD,
            },
            "plugins": {
                "panic_button": {"buttons": buttons},
                "notify_telegram": {"token": TOKEN, "api_server": api_server or self.api.url},
            },
            "escalations": {"life_safety": [{"notify": ["duty"], "acknowledge_within": "10m"}]},
            "automations": [PANIC],
        }  # fmt: skip
        for key, block in (more or {}).items():
            config[key] = (
                {**config[key], **block} if isinstance(block, dict) and key in config else block
            )
        self.hub.config.write_text(json.dumps(config, ensure_ascii=False))
        folder = () if plugins_dir is None else ("--plugins-dir", str(plugins_dir))
        self.command("user", "add", *folder, "Олена", "--duty", "duty", "--telegram", str(CHAT))

    def command(self, *words: str) -> str:
        """`hub WORDS --config ...`; its output."""
        done = subprocess.run(
            [sys.executable, "-m", "hub", *words, "--config", str(self.hub.config)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    async def press(self, number: int) -> None:
        """The broker has taken the press when this returns."""
        async with self.mqtt.client() as client:
            await client.publish(f"town/panic/b{number}", "pressed", qos=1)

    def messages(self, number: int) -> list[str]:
        sent = [call for call in self.api.received if call.method == "sendmessage"]
        return [call.text for call in sent if f"Кнопка {number}." in call.text]

    async def told(self, number: int, *, within: float = 60.0) -> list[str]:
        """The messages about a button, once there is one and nothing is on its way any more."""
        async with asyncio.timeout(within):
            while not self.messages(number) or self.rows(
                "SELECT 1 FROM outbox WHERE state != 'delivered'"
            ):
                await asyncio.sleep(0.02)
        return self.messages(number)

    def rows(self, query: str, *, database: str = "alarms") -> list[tuple[Any, ...]]:
        """What is committed in a database."""
        file = f"{self.folder}/data/{database}.db"
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def incidents(self, number: int) -> list[tuple[Any, ...]]:
        return self.rows(
            f"SELECT id, status, events FROM incidents WHERE source = 'event.b{number}'"
        )


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A town that is configured, its hub not started yet."""
    if reason := broker.missing():
        pytest.skip(reason)
    async with broker.mosquitto(tmp_path / "mosquitto") as mqtt:
        api = await BotApi().start()
        town = Town(tmp_path, mqtt, api)
        town.configure()
        try:
            yield town
        finally:
            town.hub.stop()
            town.hub.end_capture()
            await api.stop()
