"""Nothing is deleted by what a damaged database has perhaps lost."""

from __future__ import annotations

from pathlib import Path

from hub.store.damage import PutAside
from hub.video.retention import rescue
from tests.video.kept_archive import KeptArchive

KEEP = {"default": {"keep": {"continuous": {"min": "2d", "max": "5d"}}}}


def aside(*incomplete: str) -> PutAside:
    return PutAside(file=Path("bulk.db.damaged-1"), why="malformed", incomplete=[*incomplete])


async def test_what_may_be_held_stays_until_a_person_has_looked(tmp_path: Path) -> None:
    kept = KeptArchive(tmp_path, KEEP)
    path = await kept.put(8)
    rescue.begun_anew(kept.data, aside("recordings"))
    rescue.compared(kept.data)
    await kept.look()
    assert kept.on_disk() == {path}
    assert (await kept.keeper.planned(1)).paused
    (kept.data / rescue.LOOK).unlink()
    await kept.look()
    assert kept.on_disk() == set()
    await kept.close()


async def test_nothing_goes_until_a_new_index_knows_all_files(tmp_path: Path) -> None:
    kept = KeptArchive(tmp_path, KEEP)
    path = await kept.put(8)
    rescue.begun_anew(kept.data, aside("sessions"))
    await kept.look()
    assert kept.on_disk() == {path}
    rescue.compared(kept.data)
    await kept.look()
    assert kept.on_disk() == set()
    await kept.close()


async def test_holds_that_are_copied_ask_nobody_to_look(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records/holds.json").write_text("[]")
    rescue.begun_anew(tmp_path, aside("holds", "hold_cameras"))
    assert rescue.keeps_all(tmp_path) == rescue.UNFINISHED
