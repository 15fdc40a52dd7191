"""Moving from disk to disk: each file is in one place, and the index knows where."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.video.retention import disks as disks_module
from hub.video.retention import tiers as tiers_module
from hub.video.retention.disks import Disk, Room, lack, lacks
from hub.video.retention.keeper import handed_down
from hub.video.retention.plan import Need, Why
from hub.video.retention.tiers import NAMES, Mover
from hub.video.settings import Tier
from hub.video.tables import segments
from tests.video.kept_archive import NOW, KeptArchive

MB = 1_000_000


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each folder is a large disk of its own."""
    monkeypatch.setattr(
        disks_module, "room_of", lambda root: Room(10**12, 10**12, 0, 0, hash(root))
    )


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[KeptArchive]:
    kept = KeptArchive(tmp_path)
    kept.restart(recording(tmp_path, move_after="2d"))
    for tier in ("ssd", "nas"):
        (tmp_path / tier).mkdir()
    yield kept
    await kept.close()


def recording(folder: Path, *, nas_quota: str | None = None, **ssd: Any) -> dict[str, Any]:
    first = {"name": "ssd", "path": str(folder / "ssd")} | ssd
    second = {"name": "nas", "path": str(folder / "nas"), "quota": nas_quota}
    return {"tiers": [first, second]}


def ways(kept: KeptArchive) -> tuple[set[str], set[str]]:
    return kept.on_disk("ssd"), kept.on_disk("nas")


async def test_what_is_older_moves_to_the_next_disk_and_the_index_follows(
    kept: KeptArchive,
) -> None:
    old, new = await kept.put(3, tier="ssd"), await kept.put(1, tier="ssd")
    content = (kept.tiers.root("ssd") / old).read_bytes()
    await kept.look()
    assert ways(kept) == ({new}, {old})
    assert (await kept.paths("nas"), await kept.paths("ssd")) == ({old}, {new})
    assert (kept.tiers.root("nas") / old).read_bytes() == content
    assert kept.changes == [("camera.a", "main")]
    assert not (kept.data / NAMES).exists()
    await kept.check_derived()
    assert not await kept.log(), "nothing was deleted"


async def test_what_is_held_moves_too(kept: KeptArchive) -> None:
    old = await kept.put(3, tier="ssd")
    await kept.holds.place(
        cameras=[], start=NOW - timedelta(days=9), end=None, reason="x", person="x"
    )
    await kept.look()
    assert await kept.paths("nas") == {old}


async def test_pressure_moves_before_it_deletes(kept: KeptArchive, tmp_path: Path) -> None:
    paths = await kept.put_all([9, 8, 7], tier="ssd", size=MB // 5)
    kept.restart(recording(tmp_path, quota="0.3MB"))
    await kept.look()
    assert not await kept.log()
    assert set(paths[:2]) <= await kept.paths("nas")
    assert len(await kept.paths()) == 3


async def test_where_the_last_disk_is_full_the_oldest_of_it_make_room(
    kept: KeptArchive, tmp_path: Path
) -> None:
    there = await kept.put_all([20, 19], tier="nas", size=MB // 5)
    here = await kept.put_all([9, 8], tier="ssd", size=MB // 5)
    kept.restart(recording(tmp_path, quota="0.3MB", nas_quota="0.4MB"))
    await kept.look()
    await kept.look()
    assert await kept.paths("nas") == {there[1], here[0]}
    assert await kept.paths("ssd") == {here[1]}
    assert [(entry.tier, entry.segments, entry.why) for entry in await kept.log()] == [
        ("nas", 1, "quota")
    ]


async def test_without_the_next_disk_the_first_deletes(kept: KeptArchive, tmp_path: Path) -> None:
    paths = await kept.put_all([9, 8], tier="ssd", size=MB // 5)
    (tmp_path / "nas").rmdir()
    kept.restart(recording(tmp_path, quota="0.3MB"))
    await kept.look()
    assert await kept.paths() == {paths[1]}


async def test_a_file_that_is_not_what_it_was_stays_where_it_is(
    kept: KeptArchive, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = await kept.put(4, tier="ssd"), await kept.put(3, tier="ssd")
    (kept.tiers.root("ssd") / bad).write_bytes(b"rotten")
    await kept.look()
    assert (await kept.paths("ssd"), await kept.paths("nas")) == ({bad}, {good})
    assert "not what it was when it was recorded" in caplog.text
    assert not (kept.tiers.root("nas") / "archive/.moving").exists()


@pytest.mark.parametrize("step", ["_copy_all", "_follow", "_end"])
@pytest.mark.parametrize("after", [True, False])
async def test_a_move_that_is_cut_short_leaves_each_file_once(
    kept: KeptArchive, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    paths = set(await kept.put_all([4, 3], tier="ssd"))
    owner: Any = tiers_module if step == "_follow" else Mover
    real = getattr(owner, step)

    def cut(*args: Any, **named: Any) -> Any:
        if after and step != "_follow":
            real(*args, **named)
        raise ConnectionError("cut")

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, cut)
        with pytest.raises(ConnectionError):
            await kept.look()
    kept.restart(recording(kept.data.parent, move_after="2d"))
    await kept.keeper._mover.resume()
    ssd, nas = ways(kept)
    assert not ssd & nas
    assert ssd | nas == paths == await kept.paths()
    await kept.look()
    assert await kept.paths("nas") == kept.on_disk("nas") == paths


async def test_torn_names_of_a_move_are_no_matter(kept: KeptArchive) -> None:
    path = await kept.put(1, tier="ssd")
    (kept.data / NAMES).parent.mkdir()
    (kept.data / NAMES).write_text('{"old": "ssd", "pa')
    await kept.keeper._mover.resume()
    assert await kept.paths("ssd") == {path}


# room


def disk(name: str, used: int, free: int = 10**12, **tier: Any) -> Disk:
    device = tier.pop("device", name)
    room = Room(10**12, free, tier.pop("files", 0), tier.pop("files_free", 0), hash(device))
    return Disk(Tier.model_validate({"name": name, "path": f"/{name}"} | tier), room, used)


def test_a_disk_lacks_what_is_over_its_quota_or_below_its_reserve() -> None:
    assert lack(disk("a", 5 * MB, quota="5MB")) is None
    assert lack(disk("a", 7 * MB, quota="5MB")) == Need(2 * MB, 0, Why.QUOTA)
    assert lack(disk("a", 0, free=3 * MB, reserve="5MB")) == Need(2 * MB, 0, Why.RESERVE)
    assert lack(disk("a", 0, files=100_000, files_free=1_000)) is None
    assert lack(disk("a", 0, files=100_000, files_free=990)) == Need(0, 10, Why.INODES)
    assert lack(Disk(Tier(name="a", path=Path("/a")), None, 10)) is None


def test_of_disks_that_share_a_file_system_one_gives_up_what_is_lacking() -> None:
    disks = [
        disk("a", MB, free=0, reserve="1MB", device="one"),
        disk("b", 5 * MB, free=0, reserve="1MB", device="one"),
        disk("c", 9 * MB, quota="8MB"),
    ]
    assert set(lacks(disks)) == {"b", "c"}


def test_what_a_disk_lacks_is_given_up_by_the_last_one_as_far_as_that_has_no_room() -> None:
    disks = [disk("a", 5 * MB, quota="3MB"), disk("b", 9 * MB, quota="10MB")]
    need = {"a": Need(2 * MB, 0, Why.QUOTA)}
    assert handed_down(need, disks) == {"b": Need(MB, 0, Why.QUOTA)}
    assert handed_down(need, disks[:1]) == need
    assert handed_down(need, [disks[0], disk("b", 0)]) == {}
    left_over = Disk(disks[1].tier, disks[1].room, 0, left_over=True)
    assert handed_down(need, [disks[0], left_over]) == need


async def test_a_mounted_disk_is_claimed_once(
    kept: KeptArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nas = {"name": "nas", "path": str(tmp_path / "nas"), "mounted": True}
    kept.restart({"tiers": [nas]})
    monkeypatch.setattr(disks_module, "_is_on_a_mount", lambda path: False)
    await kept.keeper._disks.claim()
    mark = tmp_path / "nas/archive/.tier"
    assert not mark.exists(), "it is no mount"
    monkeypatch.setattr(disks_module, "_is_on_a_mount", lambda path: True)
    await kept.keeper._disks.claim()
    assert mark.read_text() == "nas\n"
    await kept.put(1, tier="nas")
    mark.unlink()
    await kept.keeper._disks.claim()
    assert not mark.exists(), "the index knows what lies on it: this is an empty mount point"


async def test_a_disk_that_does_not_answer_counts_as_absent(
    kept: KeptArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    wake = threading.Event()

    def hang(root: Path) -> Room:
        if root.name == "nas":
            wake.wait(10)
        return Room(10**12, 10**12, 0, 0, 1)

    monkeypatch.setattr(disks_module, "room_of", hang)
    monkeypatch.setattr(disks_module, "PATIENCE_S", 0.05)
    said = {each.tier.name: each.room for each in await kept.keeper._disks.look()}
    assert said["ssd"] is not None
    assert said["nas"] is None
    wake.set()
    await asyncio.sleep(0.1)
    said = {each.tier.name: each.room for each in await kept.keeper._disks.look()}
    assert said["nas"] is not None
    rows = await kept.store.read(lambda c: c.execute(select(segments)).all())
    assert rows == []


async def test_a_move_that_stands_still_keeps_no_other_disk_from_being_looked_after(
    kept: KeptArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    wake = threading.Event()
    copy = Mover._copy_all

    def hang(*args: Any) -> list[str]:
        wake.wait(10)
        return copy(*args)

    monkeypatch.setattr(Mover, "_copy_all", hang)
    monkeypatch.setattr("hub.video.retention.keeper.STUCK_S", 0.05)
    path = await kept.put(3, tier="ssd")
    await kept.look()
    old = await kept.put(40, tier="ssd")
    kept.keeper._due.clear()
    await kept.look()
    assert await kept.paths("ssd") == {path}, "what is too old goes, and nothing moves"
    assert not (kept.tiers.root("ssd") / old).exists()
    wake.set()
    assert kept.keeper._stuck is not None
    await kept.keeper._stuck
    assert await kept.paths("nas") == kept.on_disk("nas") == {path}


async def test_what_somebody_else_moved_meanwhile_stays_where_it_is(kept: KeptArchive) -> None:
    path = await kept.put(3, tier="ssd")
    mover = kept.keeper._mover
    ssd, nas, _ = await kept.keeper._disks.look()
    first, second = await mover.next(ssd, nas), await mover.next(ssd, nas)
    assert first is not None
    assert second is not None
    assert await mover.move(first) == 100
    assert await mover.move(second) == 0
    assert await kept.paths("nas") == kept.on_disk("nas") == {path}
