"""The index is brought up to the disk, whatever happened meanwhile."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from hub.clock import VirtualClock
from hub.store.damage import PutAside
from hub.store.store import Store
from hub.video.files import mp4
from hub.video.files.archive import path_of
from hub.video.files.places import Tiers
from hub.video.indexing import folders, index, rollup
from hub.video.indexing.indexer import Indexer
from hub.video.indexing.reconcile import Changed
from hub.video.tables import segments
from tests.video.archive_rows import START, report, store_at
from tests.video.archive_shelf import Shelf
from tests.video.conftest import fragments_of

DAY_S = 86_400


async def settle() -> None:
    """Let threads do what they were given."""
    await asyncio.sleep(0.02)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def shelf(tmp_path: Path, clip: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path, fragments_of(clip, start=START)[:50])
    shelf.store.open()
    yield shelf
    await shelf.store.close()


async def test_a_file_without_a_row_is_adopted_with_all_that_was_known_of_it(shelf: Shelf) -> None:
    told = shelf.record(0)
    changed = await shelf.look()
    assert changed.adopted == 1
    [row] = await shelf.store.read(lambda c: c.execute(select(segments)).all())
    assert (row.path, row.tier, row.bytes) == (told.path, told.tier, told.bytes)
    assert (row.codec, row.keyframes, row.epoch) == (told.codec, 2, told.epoch)
    assert shelf.changed == [("camera.a", "main", round(START * 1000), round(START * 1000) + 2000)]
    covered = await shelf.store.read(lambda c: rollup.stored(c, "camera.a", "main").covered)
    assert covered == [shelf.changed[0][2:]]


async def test_when_all_is_as_it_was_nothing_is_changed(shelf: Shelf) -> None:
    await shelf.put(shelf.record(0), shelf.record(10), shelf.record(20, tier="other"))
    assert await shelf.look() == Changed()
    assert shelf.changed == []


async def test_a_file_that_a_crash_left_and_no_mark_tells_of_is_cut_and_sealed(
    shelf: Shelf,
) -> None:
    told = shelf.record(0, close=False)
    file = shelf.data / told.path
    with file.open("ab") as torn:
        torn.write(b"\0\0\1\0moof\0\0\0\x10mfhd")
    shelf.rest(file)
    await shelf.look()
    fd = os.open(file, os.O_RDONLY)
    layout = mp4.scan(fd)
    os.close(fd)
    assert layout.whole == file.stat().st_size
    assert len(layout.pieces) == 10
    assert b"sidx" in file.read_bytes()[:16384]
    assert await shelf.rows() == {told.path: ("finished", "main", layout.whole)}


async def test_files_without_a_digest_get_one_while_the_hub_runs(shelf: Shelf) -> None:
    told = [shelf.record(10 * n) for n in range(3)]
    await shelf.put(told[0], replace(told[1], sha256=None))
    task = asyncio.create_task(shelf.reconciler.background(lambda: ()))
    wanted = {each.path: each.sha256 for each in told}
    found: dict[str, str | None] = {}
    for _ in range(100):
        await shelf.clock.advance(1, settle)
        rows = await shelf.store.read(lambda c: c.execute(select(segments)).all())
        if (found := {row.path: row.sha256 for row in rows}) == wanted:
            break
    await ended(task)
    assert found == wanted


async def test_a_file_that_comes_back_is_still_known_by_the_digest_it_had(shelf: Shelf) -> None:
    told = shelf.record(0)
    await shelf.put(told)
    await shelf.store.write(lambda c: index.put_missing(c, [("main", told.path)]))
    await shelf.look()
    [row] = await shelf.store.read(lambda c: c.execute(select(segments)).all())
    assert (row.state, row.sha256) == ("finished", told.sha256)


@pytest.mark.parametrize("sign", ["written", "marked", "told"])
async def test_a_file_that_somebody_may_be_writing_is_not_touched(shelf: Shelf, sign: str) -> None:
    told = shelf.record(0, close=False)
    file = shelf.data / told.path
    before = file.read_bytes()
    if sign == "written":
        shelf.rest(file, 5)
    elif sign == "marked":
        mark = shelf.data / "capture/3/open" / told.path.replace("/", "~")
        mark.parent.mkdir(parents=True)
        mark.touch()
        shelf.rest(mark, 600)
    changed = await shelf.look(*([told.path] if sign == "told" else []))
    assert file.read_bytes() == before
    assert bool(changed.later) == (sign != "told")
    rows = await shelf.rows()
    assert [row[0] for row in rows.values()] == (["open"] if sign == "told" else [])


async def test_a_file_that_was_left_for_later_is_sealed_when_it_is_quiet(shelf: Shelf) -> None:
    told = shelf.record(0, close=False)
    shelf.rest(shelf.data / told.path, 5)
    task = asyncio.create_task(shelf.reconciler.background(lambda: ()))
    for _ in range(50):
        await shelf.clock.advance(10, settle)
        if await shelf.rows():
            break
    await ended(task)
    assert [row[0] for row in (await shelf.rows()).values()] == ["finished"]


async def test_a_row_whose_file_is_gone_is_missing_and_what_it_covered_is_a_hole(
    shelf: Shelf,
) -> None:
    first, second = shelf.record(0), shelf.record(2)
    await shelf.put(first, second)
    (shelf.data / first.path).unlink()
    changed = await shelf.look()
    assert changed.missing == 1
    assert (await shelf.rows())[first.path][0] == "missing"
    start = round(START * 1000)
    assert shelf.changed == [("camera.a", "main", start, start + 2000)]
    covered = await shelf.store.read(lambda c: rollup.stored(c, "camera.a", "main").covered)
    assert covered == [(start + 2000, start + 4000)]


async def test_a_file_that_comes_back_is_there_again(shelf: Shelf) -> None:
    told = shelf.record(0)
    await shelf.put(told)
    file = shelf.data / told.path
    file.rename(file.with_suffix(".away"))
    await shelf.look()
    file.with_suffix(".away").rename(file)
    await shelf.look()
    assert (await shelf.rows())[told.path][0] == "finished"
    assert await shelf.look() == Changed()


async def test_a_disk_that_is_not_mounted_has_not_lost_its_files(shelf: Shelf) -> None:
    told = shelf.record(0, tier="other")
    await shelf.put(told)
    away = shelf.other.rename(shelf.other.with_name("away"))
    shelf.other.mkdir()
    assert await shelf.look() == Changed()
    shelf.other.rmdir()
    assert await shelf.look() == Changed()
    away.rename(shelf.other)
    (shelf.other / told.path).unlink()
    assert (await shelf.look()).missing == 1


async def test_a_folder_that_cannot_be_read_has_not_lost_its_files(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told = shelf.record(0)
    await shelf.put(told)
    folder = told.path.rpartition("/")[0]
    real = os.scandir

    def failing(path: Path) -> object:
        if str(path).endswith(folder):
            raise OSError(errno.EIO, "Input/output error")
        return real(path)

    monkeypatch.setattr(os, "scandir", failing)
    assert await shelf.look() == Changed()
    assert await shelf.reconciler.recent(()) == Changed()
    assert "Input/output error" in caplog.text
    monkeypatch.setattr(os, "scandir", real)
    (shelf.data / told.path).unlink()
    assert (await shelf.look()).missing == 1


async def test_files_beside_one_that_is_deleted_at_that_moment_are_not_lost(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [shelf.record(10 * n) for n in range(4)]
    await shelf.put(*told)
    real = os.scandir

    class Vanishing:
        """Entries of a folder, each of which is deleted before it is looked at."""

        def __init__(self, path: Path) -> None:
            self._entries = real(path)

        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            for entry in sorted(self._entries, key=lambda entry: entry.name):
                known = entry.is_file(follow_symlinks=False)
                if known and entry.name == told[0].path.rpartition("/")[2]:
                    Path(entry.path).unlink()
                yield entry

        def __exit__(self, *_: object) -> None:
            self._entries.close()

    monkeypatch.setattr(os, "scandir", Vanishing)
    rows = await shelf.store.read(index.rows_of(told[0].path.rpartition("/")[0]))
    found = folders.compare(shelf.tiers, told[0].path.rpartition("/")[0], rows, ())
    assert found.gone == [("main", told[0].path)]


async def test_a_database_that_cannot_be_written_does_not_keep_capture_from_being_served(
    shelf: Shelf,
) -> None:
    told = shelf.record(0)
    await shelf.store.write(lambda c: c.exec_driver_sql("ALTER TABLE segments RENAME TO away"))
    assert await shelf.reconciler.recent(()) == Changed()
    await shelf.store.write(lambda c: c.exec_driver_sql("ALTER TABLE away RENAME TO segments"))
    shelf.reconciler._done = True
    task = asyncio.create_task(shelf.reconciler.background(lambda: ()))
    for _ in range(50):
        await shelf.clock.advance(10, settle)
        if await shelf.rows():
            break
    await ended(task)
    assert list(await shelf.rows()) == [told.path]


async def test_a_file_that_lies_on_another_disk_than_its_row_says_is_found_there(
    shelf: Shelf,
) -> None:
    told = shelf.record(0)
    await shelf.put(told)
    there = shelf.other / told.path
    there.parent.mkdir(parents=True)
    (shelf.data / told.path).rename(there)
    await shelf.look()
    assert (await shelf.rows())[told.path][:2] == ("finished", "other")


async def test_what_is_being_deleted_is_left_to_those_who_delete_it(shelf: Shelf) -> None:
    first, second = shelf.record(0), shelf.record(10)
    await shelf.put(first, second)
    await shelf.store.write(lambda c: c.execute(update(segments).values(state="purging")))
    (shelf.data / first.path).unlink()
    assert await shelf.look() == Changed()
    assert {row[0] for row in (await shelf.rows()).values()} == {"purging"}


async def test_a_file_that_is_no_recording_is_left_alone(shelf: Shelf) -> None:
    told = shelf.record(0)
    strange = shelf.data / path_of("camera.a", "main", round(START * 1000) + 5000)
    strange.write_bytes(b"\xff\xd8 a picture" * 100)
    outside = shelf.data / "outside.mp4"
    outside.write_bytes((shelf.data / told.path).read_bytes())
    link = shelf.data / path_of("camera.a", "main", round(START * 1000) + 9000)
    link.symlink_to(outside)
    (strange.parent / "notes.mp4").mkdir()
    assert (await shelf.look()).adopted == 1
    assert list(await shelf.rows()) == [told.path]
    assert strange.exists()


async def test_at_a_connection_only_the_last_days_and_open_files_are_looked_at(
    shelf: Shelf,
) -> None:
    old, open_ = shelf.record(-40 * DAY_S), shelf.record(-20 * DAY_S)
    today = shelf.record(0)
    await shelf.put(report(-20 * DAY_S, None, camera="camera.a"))
    changed = await shelf.reconciler.recent(())
    assert changed.adopted == 2
    assert sorted(await shelf.rows()) == sorted([open_.path, today.path])
    task = asyncio.create_task(shelf.reconciler.background(lambda: ()))
    async with asyncio.timeout(10):
        while old.path not in await shelf.rows():
            await asyncio.sleep(0.02)
    await ended(task)


async def test_an_index_that_is_begun_anew_is_filled_from_the_disk(shelf: Shelf) -> None:
    old = shelf.record(-40 * DAY_S)
    task = asyncio.create_task(shelf.reconciler.background(lambda: ()))
    for _ in range(2):
        async with asyncio.timeout(10):
            while old.path not in await shelf.rows():
                await asyncio.sleep(0.02)
        await shelf.store.write(lambda c: c.execute(delete(segments)))
        for hear in shelf.store.renewed:
            hear(PutAside(file=shelf.data / "bulk.db.damaged", why="malformed"))
    await ended(task)


async def test_folders_are_looked_at_newest_day_first(shelf: Shelf) -> None:
    for days in (3, 400, 1):
        shelf.record(-days * DAY_S)
    await shelf.put(report(-30 * DAY_S, -30 * DAY_S + 60, camera="camera.z"))
    days = [name.split("/", 2)[2] for name in await shelf.reconciler.everything()]
    assert days == sorted(days, reverse=True)
    assert len(days) == 4


async def test_reports_that_were_shed_are_found_on_the_disk(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.video.indexing.indexer.MOST_WAITING", 2)
    told = [shelf.record(10 * n) for n in range(4)]
    for each in told:
        shelf.indexer.put(each)
    task = asyncio.create_task(shelf.reconciler.background(lambda: ()))
    async with asyncio.timeout(10):
        while len(await shelf.rows()) < 4:
            await asyncio.sleep(0.02)
    await ended(task)


async def test_a_report_that_no_row_can_hold_is_left_out_and_keeps_back_no_other(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.indexer.put(report(0, 60, size=1 << 70))
    shelf.indexer.put(report(60, float("nan"), path=report(60, 120).path))
    shelf.indexer.put(report(120, 180))
    await shelf.indexer.flush()
    assert list(await shelf.rows()) == [report(120, 180).path]
    assert len(caplog.messages) == 2


async def test_the_indexer_keeps_what_it_cannot_write_and_takes_no_path_that_leads_out(
    tmp_path: Path,
) -> None:
    store: Store = store_at(tmp_path)
    clock = VirtualClock(datetime.fromtimestamp(START, UTC))
    indexer = Indexer(store, clock, Tiers((), tmp_path))
    indexer.put(report(0, 60, path="archive/../../etc/passwd.mp4"))
    indexer.put(report(0, 60, tier="unheard"))
    indexer.put(report(60, 120))
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE segments RENAME TO hidden")
    store.open()
    task = asyncio.create_task(indexer.run())
    for _ in range(5):
        await clock.advance(1, settle)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO segments")
    async with asyncio.timeout(10):
        while True:
            await clock.advance(1, settle)
            found = await store.read(lambda c: c.execute(select(segments.c.path)).scalars().all())
            if found:
                break
    assert found == [report(60, 120).path]
    await ended(task)
    await store.close()
