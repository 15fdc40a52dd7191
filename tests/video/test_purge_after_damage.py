"""A database that was damaged and begun anew never makes the keeper delete what it should not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, delete

from hub.holds import hold_cameras, holds
from hub.store.damage import PutAside
from hub.video.retention.plan import Doomed
from hub.video.retention.purge import Purge
from hub.video.tables import archive_hours, coverage, segments
from tests.video.kept_archive import NOW, KeptArchive

KEEP = {"default": {"keep": {"continuous": {"min": "2d", "max": "5d"}}}}


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[KeptArchive]:
    kept = KeptArchive(tmp_path, KEEP)
    yield kept
    await kept.close()


async def lose(kept: KeptArchive, *tables: Any) -> None:
    """The database is damaged and begun anew, without the rows of these tables."""
    for table in tables:
        await kept.store.write(lambda c, table=table: c.execute(delete(table)))
    for renewed in kept.store.renewed:
        renewed(PutAside(file=Path("x"), why="malformed"))


async def hold(kept: KeptArchive, camera: str) -> int:
    return await kept.holds.place(
        cameras=[camera], start=NOW - timedelta(days=9), end=None, reason="x", person="x"
    )


async def planned(kept: KeptArchive) -> Sequence[Doomed]:
    return (await kept.keeper.planned(100)).doomed


async def test_a_hold_that_is_placed_before_the_lost_ones_are_back_takes_none_along(
    kept: KeptArchive,
) -> None:
    first, second = await kept.put(8, camera="camera.a"), await kept.put(8, camera="camera.b")
    await hold(kept, "camera.a")
    await lose(kept, hold_cameras, holds)
    await hold(kept, "camera.b")
    await kept.look()
    assert await kept.paths() == kept.on_disk() == {first, second}


async def test_a_release_before_the_lost_holds_are_back_takes_none_along(
    kept: KeptArchive,
) -> None:
    path = await kept.put(8, camera="camera.a")
    await hold(kept, "camera.a")
    other = await hold(kept, "camera.b")
    await lose(kept, hold_cameras, holds)
    await kept.holds.release(other, "x")
    await kept.look()
    assert kept.on_disk() == {path}
    assert [one.cameras for one in await kept.holds.active()] == [("camera.a",)]


async def test_a_plan_of_the_old_database_deletes_no_file_of_the_new_one(
    kept: KeptArchive,
) -> None:
    old = await kept.put(8)
    doomed = await planned(kept)
    await lose(kept, segments, coverage, archive_hours)
    young = await kept.put(1)
    await kept.keeper._purge.delete(doomed)
    assert kept.on_disk() == {old, young}


async def test_nothing_goes_between_the_damage_and_the_return_of_the_holds(
    kept: KeptArchive,
) -> None:
    path = await kept.put(8)
    doomed = await planned(kept)
    await hold(kept, "camera.a")
    await lose(kept, hold_cameras, holds)
    await kept.keeper._purge.delete(doomed)
    assert kept.on_disk() == {path}


async def test_a_deletion_that_is_overtaken_by_the_damage_forgets_no_other_file(
    kept: KeptArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept.put(8)
    doomed = await planned(kept)
    settle = Purge._settle
    young = []

    async def overtaken(purge: Purge, rows: Sequence[Row[Any]], *rest: Any) -> None:
        await lose(kept, segments, coverage, archive_hours)
        young.append(await kept.put(1))
        await settle(purge, rows, *rest)

    monkeypatch.setattr(Purge, "_settle", overtaken)
    await kept.keeper._purge.delete(doomed)
    assert await kept.paths() == kept.on_disk() == set(young)
    await kept.check_derived()
