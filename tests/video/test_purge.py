"""Deleting: what is planned goes, what is held stays, and a crash leaves nothing half."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from hub.holds import holds
from hub.store.damage import PutAside
from hub.video.indexing.classes import Cls
from hub.video.retention import keeper as keeper_module
from hub.video.retention import purge as purge_module
from hub.video.retention.disks import Room
from hub.video.retention.log import digest
from hub.video.retention.plan import Why
from hub.video.tables import segments
from tests.video.kept_archive import NOW, KeptArchive

KEEP = {
    "default": {
        "keep": {
            "continuous": {"min": "2d", "max": "5d"},
            "event": {"min": "3d", "max": "10d"},
            "incident": {"min": "10d", "max": "100d"},
        }
    }
}


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[KeptArchive]:
    kept = KeptArchive(tmp_path, KEEP)
    yield kept
    await kept.close()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What the system says of the disk; the files in these tests are too small to fill a real
    one."""
    said = {"free": 10**12, "files_free": 10**6}
    monkeypatch.setattr(
        "hub.video.retention.disks.room_of",
        lambda root: Room(10**12, said["free"], 10**6, said["files_free"], hash(root)),
    )
    return said


MB = 1_000_000


def quota(kept: KeptArchive, size: str) -> None:
    """The hub starts again with a quota."""
    kept.restart(KEEP | {"tiers": [{"name": "main", "path": str(kept.data), "quota": size}]})


async def test_what_is_too_old_goes_with_its_rows_and_is_logged(kept: KeptArchive) -> None:
    old = await kept.put_all([6, 7, 8], size=100)
    new = await kept.put(4.9)
    event = await kept.put(9.5, cls=Cls.EVENT)
    await kept.look()
    assert await kept.paths() == kept.on_disk() == {new, event}
    await kept.check_derived()
    (entry,) = await kept.log()
    assert (entry.segments, entry.bytes, entry.why, entry.cls) == (3, 300, "too_old", 0)
    assert entry.day == "2027-01-15"
    assert len(entry.digest) == 64
    assert set(kept.changes) == {("camera.a", "main")}
    (told,) = kept.told_of("archive.purged")
    assert told.payload == {"segments": 3, "bytes": 300, "why": "too_old"}
    assert not [path for path in old if (kept.data / path).parent.exists()], "empty days go too"


async def test_what_is_deleted_in_several_batches_is_one_entry_of_the_day(
    kept: KeptArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "BATCH", 2)
    monkeypatch.setattr(keeper_module, "AT_ONCE", 4)
    paths = await kept.put_all([9, 8, 7, 6.5, 6], size=10)
    await kept.put(6.2, camera="camera.b")
    await kept.look()
    assert kept.on_disk() == set()
    entries = {entry.camera: entry for entry in await kept.log()}
    assert (entries["camera.a"].segments, entries["camera.b"].segments) == (5, 1)
    assert entries["camera.a"].first == round((NOW - timedelta(days=9)).timestamp() * 1000)
    assert entries["camera.a"].last == round((NOW - timedelta(days=6)).timestamp() * 1000) + 60_000
    assert len(paths) == 5


def test_the_digest_goes_on_over_batches() -> None:
    assert digest(digest("", ["a", "b"]), ["c"]) == digest(digest("", ["a", "b"]), ["c"])
    assert digest("", ["a", "b"]) != digest("", ["b", "a"])
    assert digest(digest("", ["a"]), ["b"]) != digest(digest("", ["x"]), ["b"])


async def test_what_is_held_stays_until_it_is_released(kept: KeptArchive) -> None:
    held, free = await kept.put(8), await kept.put(7)
    start = NOW - timedelta(days=8)
    number = await kept.holds.place(
        cameras=["camera.a"], start=start, end=start + timedelta(hours=1),
        reason="a theft", person="Олена",
    )  # fmt: skip
    await kept.look()
    assert await kept.paths() == {held}
    assert not (kept.data / free).exists()
    await kept.holds.release(number, "Олена")
    kept.clock.jump(61)
    await kept.clock.advance(61, lambda: asyncio.sleep(0))
    await kept.look()
    assert await kept.paths() == set()


async def test_a_hold_that_is_placed_between_plan_and_purge_wins(kept: KeptArchive) -> None:
    held, free = await kept.put(8), await kept.put(7)
    plan = await kept.keeper.planned(10)
    assert [each.piece.path for each in plan.doomed] == [held, free]
    start = NOW - timedelta(days=8)
    await kept.holds.place(
        cameras=[], start=start, end=start + timedelta(hours=1), reason="x", person="x"
    )
    done = await kept.keeper._purge.delete(plan.doomed)
    assert (len(done.deleted), done.spared) == (1, 1)
    assert await kept.paths() == kept.on_disk() == {held}


async def test_a_hold_waits_until_a_batch_is_gone(
    kept: KeptArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would promise what is unlinked at this moment."""
    await kept.put(8)
    plan = await kept.keeper.planned(10)
    reached, go_on = asyncio.Event(), asyncio.Event()
    to_its_end = purge_module._to_its_end

    async def slow(*args: Any) -> Any:
        reached.set()
        await go_on.wait()
        return await to_its_end(*args)

    monkeypatch.setattr(purge_module, "_to_its_end", slow)
    deleting = asyncio.create_task(kept.keeper._purge.delete(plan.doomed))
    await reached.wait()
    placing = asyncio.create_task(
        kept.holds.place(
            cameras=[], start=NOW - timedelta(days=9), end=None, reason="x", person="x"
        )
    )
    await asyncio.sleep(0.05)
    assert not placing.done()
    go_on.set()
    await deleting
    await placing
    assert kept.on_disk() == set()


async def test_a_file_whose_class_rose_after_the_plan_stays(kept: KeptArchive) -> None:
    path = await kept.put(8)
    plan = await kept.keeper.planned(10)
    rise = update(segments).values(cls=int(Cls.INCIDENT))
    await kept.store.write(lambda c: c.execute(rise))
    assert (await kept.keeper._purge.delete(plan.doomed)).spared == 1
    assert await kept.paths() == {path}


async def test_what_is_being_written_stays(kept: KeptArchive) -> None:
    await kept.put(8)
    change = update(segments).values(state="open", end=None)
    await kept.store.write(lambda c: c.execute(change))
    await kept.look()
    assert len(kept.on_disk()) == 1


async def test_rows_of_files_that_are_missing_go_in_their_time(kept: KeptArchive) -> None:
    path = await kept.put(8, size=500)
    (kept.data / path).unlink()
    change = update(segments).values(state="missing")
    await kept.store.write(lambda c: c.execute(change))
    await kept.look()
    assert await kept.rows("missing") == []
    assert [(entry.segments, entry.bytes) for entry in await kept.log()] == [(1, 0)]


@pytest.mark.parametrize("gone", [True, False])
async def test_a_crash_between_the_steps_is_settled_at_the_next_start(
    kept: KeptArchive, gone: bool
) -> None:
    """The rows are marked; the file is there or not."""
    path, other = await kept.put(4), await kept.put(3)
    mark = update(segments).where(segments.c.path == path).values(state="purging")
    await kept.store.write(lambda c: c.execute(mark))
    if gone:
        (kept.data / path).unlink()
    assert await kept.keeper._purge.resume() == int(gone)
    assert await kept.paths() == kept.on_disk() == ({other} if gone else {path, other})
    assert await kept.rows("purging") == []
    await kept.check_derived()
    assert [(entry.why, entry.bytes) for entry in await kept.log()] == [("unfinished", 100)] * gone


async def test_a_hold_keeps_what_a_crash_left_half_deleted(kept: KeptArchive) -> None:
    path = await kept.put(8)
    await kept.store.write(lambda c: c.execute(update(segments).values(state="purging")))
    await kept.holds.place(
        cameras=[], start=NOW - timedelta(days=9), end=None, reason="x", person="x"
    )
    await kept.keeper._purge.resume()
    await kept.look()
    assert await kept.paths() == {path}


async def test_nothing_goes_while_the_clock_is_not_trusted_on_a_full_disk_neither(
    kept: KeptArchive, disk: dict[str, int]
) -> None:
    path = await kept.put(8)
    disk["free"] = 0
    kept.is_trusted = False
    await kept.look()
    assert not kept.told, "it may not know yet whether the clock is right"
    await kept.clock.advance(130, lambda: asyncio.sleep(0))
    for _ in range(3):
        await kept.look()
    assert [event.type for event in kept.told] == ["archive.purge_paused"]
    assert await kept.paths() == {path}
    assert (await kept.keeper.planned(5)).paused
    kept.is_trusted = True
    await kept.look()
    assert kept.on_disk() == set()
    assert kept.told[1].type == "archive.purge_resumed"


async def test_a_quota_takes_as_much_as_is_over_it_and_the_oldest(
    kept: KeptArchive, disk: dict[str, int]
) -> None:
    paths = await kept.put_all([4.5, 4, 3.5, 3, 1], size=MB // 5)
    quota(kept, "0.5MB")
    await kept.look()
    assert await kept.paths() == kept.on_disk() == set(paths[3:])
    assert {entry.why for entry in await kept.log()} == {"quota"}
    await kept.look()
    assert len(kept.on_disk()) == 2


async def test_what_is_within_its_shortest_time_goes_last_and_is_told(
    kept: KeptArchive, disk: dict[str, int]
) -> None:
    incident = await kept.put(20, cls=Cls.INCIDENT, size=MB // 5)
    event = await kept.put(1, cls=Cls.EVENT, size=MB // 5)
    await kept.put_all([4, 1.5], size=MB // 5)
    quota(kept, "0.3MB")
    await kept.look()
    assert await kept.paths() == {event}
    assert not (kept.data / incident).exists(), "an incident past its time went before"
    (told,) = kept.told_of("archive.minimum_broken")
    assert told.payload == {"cameras": ("camera.a",), "why": "quota"}


async def test_a_full_disk_gives_up_what_it_lacks(kept: KeptArchive, disk: dict[str, int]) -> None:
    paths = await kept.put_all([4, 3, 2.5], size=100)
    disk["free"] = 2_000_000_000 - 150
    plan = await kept.keeper.planned(10)
    assert [(each.piece.path, each.why) for each in plan.doomed] == [
        (path, Why.RESERVE) for path in paths[:2]
    ]
    disk["free"], disk["files_free"] = 10**12, 9_999
    plan = await kept.keeper.planned(10)
    assert [each.why for each in plan.doomed] == [Why.INODES]


async def test_a_disk_that_is_not_there_loses_nothing(kept: KeptArchive, tmp_path: Path) -> None:
    nas = {"name": "nas", "path": str(tmp_path / "nas"), "mounted": True}
    main = {"name": "main", "path": str(kept.data)}
    kept.restart(KEEP | {"tiers": [main, nas]})
    path = await kept.put(8, tier="nas")
    await kept.look()
    assert kept.on_disk("nas") == {path}
    assert await kept.rows("finished") == [path]
    (tmp_path / "nas/archive/.tier").write_text("nas\n")
    await kept.clock.advance(61, lambda: asyncio.sleep(0))
    await kept.look()
    assert kept.on_disk("nas") == set()
    assert await kept.rows("finished") == []


async def test_a_file_that_leads_out_of_the_archive_is_not_deleted(
    kept: KeptArchive, tmp_path: Path
) -> None:
    path = await kept.put(8)
    precious = tmp_path / "precious"
    precious.mkdir()
    folder = (kept.data / path).parent
    (precious / folder.name).mkdir()
    (kept.data / path).rename(precious / folder.name / Path(path).name)
    folder.rmdir()
    folder.symlink_to(precious / folder.name)
    await kept.look()
    assert (precious / folder.name / Path(path).name).exists()
    assert await kept.rows("finished") == [path]


async def test_the_plan_says_what_goes_next_and_whether_there_is_more(
    kept: KeptArchive,
) -> None:
    await kept.put_all([9, 8, 7])
    plan = await kept.keeper.planned(2)
    assert (len(plan.doomed), plan.more, plan.paused) == (2, True, False)
    assert len(kept.on_disk()) == 3


async def test_a_camera_may_keep_longer_or_shorter_than_the_others(kept: KeptArchive) -> None:
    own = {
        "camera.b": {"keep": {"continuous": {"min": "1d", "max": "1d"}}},
        "camera.c": {"keep": {"continuous": {"min": "1d"}}},
    }
    kept.restart(KEEP | {"cameras": own})
    a, b, c = [await kept.put_all([6, 2], camera=f"camera.{name}") for name in ("a", "b", "c")]
    sub = await kept.put(2, camera="camera.b", stream="sub")
    await kept.look()
    assert await kept.paths() == {a[1], *c}, "without a longest time it stays while there is room"
    assert not kept.on_disk() & {*b, sub}


async def test_what_was_deleted_is_told_by_the_hour(kept: KeptArchive) -> None:
    told: list[tuple[int, int]] = []
    kept.keeper.changed = lambda _camera, _stream, start, end: told.append((start, end))
    paths = await kept.put_all([6 + minute / 1440 for minute in range(90)])
    await kept.look()
    assert len(paths) == 90
    assert len(told) == 2
    assert all(end - start <= 3_600_000 for start, end in told)
    assert sum(end - start for start, end in told) == 90 * 60_000


async def test_nothing_goes_before_holds_that_a_damaged_database_lost_are_back(
    kept: KeptArchive,
) -> None:
    held = await kept.put(8)
    await kept.holds.place(
        cameras=[], start=NOW - timedelta(days=9), end=None, reason="x", person="x"
    )
    await kept.look()
    await kept.store.write(lambda c: c.execute(holds.delete()))
    for renewed in kept.store.renewed:
        renewed(PutAside(file=Path("x"), why="malformed"))
    kept.keeper._due.clear()
    await kept.look()
    assert await kept.paths() == {held}
    assert len(await kept.holds.active()) == 1
