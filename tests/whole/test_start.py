"""Starting: wrong configurations, blocked plugins, a second hub, a clean end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import aiohttp

from tests.whole.conftest import Town
from tests.world.hub_process import ROOT


def hub(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hub", *words],
        capture_output=True, text=True, check=False, cwd=cwd, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HUB_LISTEN": "127.0.0.1:0"},
    )  # fmt: skip


def test_a_hub_whose_first_configuration_is_wrong_starts_nothing_and_says_all(
    tmp_path: Path,
) -> None:
    (tmp_path / "config.yaml").write_text(
        "hub: {name: Town, langauge: uk}\nareas:\n  market: {name: 7}\nplugins:\n  onvfi: {}\n"
    )
    done = hub("run", cwd=tmp_path)
    assert done.returncode == 2
    assert "config.yaml:1:19: unknown key 'langauge'" in done.stderr
    assert "did you mean 'language'?" in done.stderr
    assert "config.yaml:5:3: there is no plugin 'onvfi'" in done.stderr
    assert "problems; nothing was started" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


async def test_a_configuration_that_became_wrong_leaves_the_hub_running_by_the_last_good_one(
    town: Town,
) -> None:
    await town.hub.start()
    town.hub.stop()
    good = json.loads(town.hub.config.read_text())
    broken = {**good, "automations": [{**good["automations"][0], "tirggers": []}]}
    town.hub.config.write_text(json.dumps(broken, ensure_ascii=False))
    await town.hub.start()
    (row,) = town.rows("SELECT kind, message FROM incidents WHERE source = 'hub'")
    assert row[0] == "technical"
    assert "unknown key 'tirggers'" in row[1]
    await town.press(0)
    await town.told(0)


async def test_a_plugin_that_blocks_in_setup_is_named_with_its_frame_and_the_rest_runs(
    town: Town,
) -> None:
    folder = town.folder / "plugins" / "sleeper"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "import time\nfrom hub.api import hookimpl\n\n\n@hookimpl\n"
        "async def hub_setup(hub):\n    time.sleep(60)\n"
    )
    town.configure(more={"plugins": {"sleeper": {}}}, plugins_dir=folder.parent)
    await town.hub.start("--plugins-dir", str(folder.parent))
    log = town.hub.log.read_text()
    assert "the event loop is blocked for" in log
    assert "plugins/sleeper/__init__.py:7 hub_setup" in log
    assert "plugin 'sleeper' failed: LoopBlocked" in log
    await town.press(0)
    await town.told(0)


async def test_a_second_hub_in_the_same_folder_is_refused(town: Town) -> None:
    await town.hub.start()
    done = await asyncio.to_thread(hub, "run", str(town.hub.config), cwd=town.folder)
    assert done.returncode == 1
    assert "another hub works in" in done.stderr


async def test_a_hub_that_is_asked_to_end_ends_with_all_its_processes(town: Town) -> None:
    more = {"plugins": {"onvif": {"cameras": {"a": {"area": "market", "url": "none.mp4"}}}}}
    town.configure(more=more)
    await town.hub.start()
    async with aiohttp.ClientSession() as http, http.get(f"{town.hub.url}/readyz") as answer:
        assert answer.status == 200
    town.hub.stop(signal.SIGINT)
    assert town.hub.process is not None
    assert town.hub.process.returncode == 0
    assert town.hub.end_capture() == 0


async def test_a_damaged_bulk_database_is_put_aside_and_its_people_are_told_of_the_press(
    town: Town,
) -> None:
    await town.hub.start()
    town.hub.stop()
    (data,) = [path.parent for path in town.hub.config.parent.rglob("bulk.db")]
    with sqlite3.connect(data / "bulk.db") as database:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'alembic_version'"
        (page,) = database.execute(query).fetchone()
    database.close()
    with (data / "bulk.db").open("r+b") as file:
        file.seek((page - 1) * 4_096)
        file.write(b"\x5a" * 4_096)
    await town.hub.start()
    (aside,) = [path.name for path in data.glob("bulk.db.damaged-*Z")]
    async with aiohttp.ClientSession() as session, session.get(town.hub.url) as answer:
        page_text = await answer.text()
    assert "Пошкоджену базу даних відкладено, почато нову" in page_text
    (row,) = town.rows("SELECT kind, message FROM incidents WHERE source = 'hub'")
    assert row[0] == "technical"
    assert aside in row[1]
    await town.press(0)
    await town.told(0)


async def test_a_damaged_alarm_database_is_left_alone_and_the_start_says_what_to_do(
    town: Town,
) -> None:
    await town.hub.start()
    town.hub.stop()
    (file,) = town.hub.config.parent.rglob("alarms.db")
    file.write_bytes(b"\x5a" * 8_192)
    await town.hub.start()
    assert town.hub.process is not None
    assert town.hub.process.returncode == 1
    said = town.hub.log.read_text()
    assert "alarms.db is damaged (file is not a database)" in said
    assert "Put it back from a copy" in said
    assert file.read_bytes() == b"\x5a" * 8_192
