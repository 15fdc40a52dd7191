"""The archive is looked through, and put right as far as that can be."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, update

import hub.app  # noqa: F401 - the tables of all rooms
from hub.cli import main
from hub.store.migrate import migrate
from hub.store.store import Store
from hub.store.tables import bulk
from hub.video.files.archive import path_of
from hub.video.indexing import checking, index, rollup
from hub.video.indexing.checking import WORDS, Report
from hub.video.tables import archive_hours, coverage, segments
from tests.video.archive_rows import START, report
from tests.video.archive_shelf import Shelf
from tests.video.conftest import MakeHub, camera, fragments_of, until
from tests.world import counted_clip


@pytest.fixture
async def shelf(tmp_path: Path, clip: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path, fragments_of(clip, start=START)[:50])
    shelf.store.open()
    yield shelf
    await shelf.store.close()


async def looked(shelf: Shelf, *, repair: bool = False, deep: bool = False) -> Report:
    return await checking.check(shelf.store, shelf.tiers, shelf.clock.now, repair=repair, deep=deep)


def told(found: Report) -> list[str]:
    return [finding.what for finding in found.findings]


async def test_a_sound_archive_has_no_findings(shelf: Shelf) -> None:
    await shelf.put(shelf.record(0), shelf.record(10), shelf.record(20, tier="other"))
    found = await looked(shelf, deep=True)
    assert (found.findings, found.files, found.left) == ([], 3, 0)


async def unknown(shelf: Shelf) -> None:
    shelf.record(0)


async def torn(shelf: Shelf) -> None:
    shelf.record(0, close=False)


async def torn_with_a_row(shelf: Shelf) -> None:
    left = shelf.record(0, close=False)
    await shelf.put(left)


async def begun_and_no_more(shelf: Shelf) -> None:
    left = shelf.record(0, close=False)
    os.truncate(shelf.data / left.path, 0)
    shelf.rest(shelf.data / left.path)


async def another_size(shelf: Shelf) -> None:
    sound = shelf.record(0)
    await shelf.put(sound)
    file = shelf.data / sound.path
    os.truncate(file, sound.bytes - 100)
    shelf.rest(file)


async def missing(shelf: Shelf) -> None:
    sound = shelf.record(0)
    await shelf.put(sound)
    (shelf.data / sound.path).unlink()


async def derived_wrongly(shelf: Shelf) -> None:
    await shelf.put(shelf.record(0))
    await shelf.store.write(lambda c: c.execute(update(coverage).values(end=coverage.c.end + 9)))


async def derived_of_nothing(shelf: Shelf) -> None:
    await shelf.put(shelf.record(0))
    await shelf.store.write(lambda c: c.execute(delete(archive_hours)))


MENDED = {
    unknown: "unknown",
    torn: "torn",
    torn_with_a_row: "torn",
    begun_and_no_more: "torn",
    another_size: "torn",
    missing: "missing",
    derived_wrongly: "derived",
    derived_of_nothing: "derived",
}


@pytest.mark.parametrize("wrong", MENDED, ids=lambda wrong: wrong.__name__)
async def test_what_is_wrong_is_told_first_and_put_right_when_asked(
    shelf: Shelf, wrong: object
) -> None:
    await wrong(shelf)  # type: ignore[operator]
    before = {path: path.read_bytes() for path in shelf.data.rglob("*.mp4")}
    for _ in range(2):
        found = await looked(shelf)
        assert (told(found), found.left) == ([MENDED[wrong]], 1)  # type: ignore[index]
    assert {path: path.read_bytes() for path in shelf.data.rglob("*.mp4")} == before
    found = await looked(shelf, repair=True)
    assert ([finding.mended for finding in found.findings], found.left) == ([True], 0)
    found = await looked(shelf, deep=True)
    assert found.findings == []
    kept = await shelf.store.read(lambda c: rollup.stored(c, "camera.a", "main"))
    assert kept == await shelf.store.read(lambda c: rollup.derived(c, "camera.a", "main"))


async def test_a_row_of_another_size_than_its_sound_file_is_put_right(shelf: Shelf) -> None:
    sound = shelf.record(0)
    await shelf.put(sound)
    await shelf.store.write(lambda c: c.execute(update(segments).values(bytes=7)))
    assert told(await looked(shelf)) == ["size", "derived"] or told(await looked(shelf)) == ["size"]
    await looked(shelf, repair=True)
    assert (await shelf.rows())[sound.path][2] == sound.bytes


async def test_a_file_that_was_changed_is_found_by_its_digest_alone_and_stays(
    shelf: Shelf,
) -> None:
    sound = shelf.record(0)
    await shelf.put(sound)
    file = shelf.data / sound.path
    data = bytearray(file.read_bytes())
    data[-20] ^= 1
    file.write_bytes(data)
    assert told(await looked(shelf)) == []
    found = await looked(shelf, deep=True, repair=True)
    assert (told(found), found.left) == (["digest"], 1)
    assert sound.sha256 is not None
    assert sound.sha256 in found.findings[0].detail
    assert file.read_bytes() == bytes(data)


async def test_what_is_no_recording_and_a_disk_that_is_away_are_told_and_left(
    shelf: Shelf,
) -> None:
    away = shelf.record(0, tier="other")
    await shelf.put(away)
    shelf.mount(False)
    strange = shelf.data / path_of("camera.a", "main", round(START * 1000))
    strange.parent.mkdir(parents=True)
    strange.write_bytes(b"\xff\xd8 a picture" * 100)
    found = await looked(shelf, repair=True)
    assert sorted(told(found)) == ["disk", "stray"]
    assert found.left == 2
    assert strange.exists()
    assert (await shelf.rows())[away.path][0] == "finished"


async def test_a_file_that_is_being_written_is_counted_and_left(shelf: Shelf) -> None:
    open_ = shelf.record(0, close=False)
    shelf.rest(shelf.data / open_.path, 1)
    before = (shelf.data / open_.path).read_bytes()
    found = await looked(shelf, repair=True)
    assert (found.findings, found.busy) == ([], 1)
    assert (shelf.data / open_.path).read_bytes() == before


async def test_what_is_recorded_meanwhile_is_not_disturbed(make_hub: MakeHub, clip: Path) -> None:
    hub = await make_hub(camera("a", str(clip)), mode="continuous")
    await until(lambda: list(hub.data.rglob("archive/**/*.mp4")))
    [file] = hub.data.rglob("archive/**/*.mp4")
    for _ in range(3):
        found = await checking.check(
            hub.store, hub.video.tiers, hub.clock.now, repair=True, deep=True
        )
        assert (found.findings, found.busy) == ([], 1)
        await asyncio.sleep(0.5)
    await hub.video.stop(linger=False)
    shown = counted_clip.numbers(file)
    assert shown == list(range(shown[0], shown[0] + len(shown)))
    assert len(shown) > counted_clip.RATE
    found = await checking.check(hub.store, hub.video.tiers, hub.clock.now, repair=False, deep=True)
    assert (found.findings, found.files) == ([], 1)


def test_the_command_tells_each_finding_and_what_is_to_be_done(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("hub: {name: Lviv, language: uk, time_zone: Europe/Kyiv, data_dir: data}\n")
    (tmp_path / "data").mkdir()
    store = Store.at(tmp_path / "data/bulk.db")
    migrate(store, bulk)
    with store.engine.begin() as connection:
        index.put_segments(connection, [report(0, 60)])
    store.engine.dispose()
    asked = ["archive", "check", "--config", str(config)]
    first = CliRunner().invoke(main, asked)
    assert first.exit_code == 1, first.output
    assert f"main:{report(0, 60).path} {WORDS['missing']} (1,000,000 bytes)" in first.output
    assert "--repair" in first.output
    second = CliRunner().invoke(main, [*asked, "--repair"])
    assert (second.exit_code, "put right" in second.output) == (0, True), second.output
    third = CliRunner().invoke(main, asked)
    assert (third.exit_code, "nothing is wrong" in third.output) == (0, True), third.output
