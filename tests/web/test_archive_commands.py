"""`hub archive plan|forecast|hold|release|holds|records`, with a running hub and without one."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert

import hub.app  # noqa: F401 - the tables of all rooms
from hub.access.signing import Signer
from hub.cli import main
from hub.config.address import write_address
from hub.store.folder import DataFolder
from hub.video.files.archive import path_of
from hub.video.indexing.index import put_segments
from hub.video.retention.erasure import FOLDER, KEYS
from hub.video.tables import erasure_records
from hub.web.server import WebServer
from tests.video.archive_rows import START, report
from tests.web.conftest import WebTown
from tests.web.test_keeping import kept  # noqa: F401 - a fixture

CONFIG = "hub: {name: Козятин, data_dir: data}\nrecording: {default: {keep: {continuous: %s}}}\n"


class Bench:
    """A configuration and its data folder; no hub runs."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config.yaml"
        self.config.write_text(CONFIG % "{min: 1d, max: 2d}")
        self.data = folder / "data"
        self.data.mkdir(exist_ok=True)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["archive", *words, "--config", str(self.config)])


@pytest.fixture
async def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    folder = DataFolder(bench.data)
    await asyncio.to_thread(folder.open)
    for days in (3, 4, 0.5):
        begin = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        path = path_of("camera.market", "main", round(begin * 1000))
        row = report(
            begin - START, begin - START + 60, camera="camera.market", path=path, size=15_000_000
        )
        await folder.bulk.write(lambda c, row=row: put_segments(c, [row]))
    await folder.close()
    return bench


def hold(bench: Bench, *words: str) -> Result:
    what = ("--from", "2020-01-01", "--reason", "крадіжка", "--person", "Олена")
    return bench.run("hold", "camera.market", *what, *words)


async def test_without_a_hub_the_plan_is_made_of_the_data_folder(bench: Bench) -> None:
    done = await asyncio.to_thread(bench.run, "plan")
    assert done.exit_code == 0, done.output
    assert "camera.market/main on main, continuous, older than it may be" in done.output
    assert "2 files, 30.0 MB" in done.output
    assert "nothing is deleted now" in done.output
    done = await asyncio.to_thread(bench.run, "plan", "--files", "--limit", "1")
    assert "1 files, 15.0 MB; there is more" in done.output


async def test_without_a_hub_holds_are_placed_and_released_in_the_data_folder(
    bench: Bench,
) -> None:
    done = await asyncio.to_thread(hold, bench, "--case", "7", "--to", "2030-01-01T12:00")
    assert done.output == "hold 1: camera.market\n"
    done = await asyncio.to_thread(bench.run, "plan")
    assert "nothing is to be deleted" in done.output
    done = await asyncio.to_thread(bench.run, "holds")
    assert (
        "1: camera.market, 2020-01-01 00:00:00 to 2030-01-01 12:00:00: крадіжка (case 7), Олена"
        in done.output
    )
    assert (await asyncio.to_thread(bench.run, "release", "1")).exit_code == 0
    done = await asyncio.to_thread(bench.run, "release", "1")
    assert (done.exit_code, "no hold 1" in done.stderr) == (1, True)
    assert (await asyncio.to_thread(bench.run, "holds")).output == ""
    done = await asyncio.to_thread(bench.run, "holds", "--all")
    assert "over, released by local administrator" in done.output


async def test_a_wrong_hold_is_told(bench: Bench) -> None:
    done = await asyncio.to_thread(hold, bench, "--to", "2019-01-01")
    assert done.exit_code == 1
    assert "end is not after its start" in done.stderr
    done = await asyncio.to_thread(hold, bench, "--to", "soon")
    assert (done.exit_code, "'soon' is no time" in done.stderr) == (2, True)


async def test_the_forecast_is_told_and_a_shortage_ends_with_1(bench: Bench) -> None:
    done = await asyncio.to_thread(bench.run, "forecast")
    assert done.exit_code == 0, done.output
    assert "the disks hold" in done.output
    text = bench.config.read_text()
    tiers = "{tiers: [{name: main, path: data, quota: 5MB}], default"
    bench.config.write_text(text.replace("{default", tiers))
    done = await asyncio.to_thread(bench.run, "forecast")
    assert (done.exit_code, "shortest time of camera.market" in done.stderr) == (1, True)


async def test_a_hub_that_runs_but_does_not_answer_is_not_gone_past(bench: Bench) -> None:
    with (bench.data / "hub.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = await asyncio.to_thread(hold, bench)
    assert done.exit_code == 1
    assert "try again" in done.stderr


async def test_records_are_checked(bench: Bench) -> None:
    done = await asyncio.to_thread(bench.run, "records")
    assert "no record yet" in done.output
    Signer.at(bench.data / KEYS)
    (bench.data / FOLDER).mkdir(parents=True)
    (bench.data / FOLDER / "2026-11-22.json").write_text('{"record": {}, "signature": ""}')
    done = await asyncio.to_thread(bench.run, "records")
    assert (done.exit_code, "it was changed" in done.stderr) == (1, True)
    folder = DataFolder(bench.data)
    await asyncio.to_thread(folder.open)
    row = {"day": "2026-11-23", "made_at": 0, "path": "", "hash": "", "signature": ""}
    await folder.bulk.write(lambda c: c.execute(insert(erasure_records).values(row)))
    await folder.close()
    done = await asyncio.to_thread(bench.run, "records")
    assert "2026-11-23.json: it is missing" in done.stderr


@pytest.fixture
async def running(kept: WebTown) -> AsyncIterator[Bench]:  # noqa: F811
    """A running hub's page, and its configuration."""
    server = WebServer(kept.services, "127.0.0.1:0")
    await server.start()
    (kept.folder / "config.yaml").write_text("hub: {name: Козятин, data_dir: data}\n")
    write_address(kept.folder / "data", server.url)
    bench = Bench.__new__(Bench)
    bench.config, bench.data = kept.folder / "config.yaml", kept.folder / "data"
    yield bench
    await server.stop()


async def test_a_running_hub_is_asked(running: Bench) -> None:
    done = await asyncio.to_thread(running.run, "plan")
    assert "1 files, 15.0 MB" in done.output, done.stderr
    assert "nothing is deleted now" not in done.output
    assert (await asyncio.to_thread(hold, running)).output == "hold 1: camera.market\n"
    assert "nothing is to be deleted" in (await asyncio.to_thread(running.run, "plan")).output
    assert "крадіжка" in (await asyncio.to_thread(running.run, "holds")).output
    assert (await asyncio.to_thread(running.run, "release", "1")).exit_code == 0
    assert "a day: the disks hold" in (await asyncio.to_thread(running.run, "forecast")).output
    done = await asyncio.to_thread(hold, running, "--to", "2019-01-01")
    assert (done.exit_code, "end is not after its start" in done.stderr) == (1, True)
