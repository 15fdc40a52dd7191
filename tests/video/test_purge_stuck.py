"""A disk that lets nothing go does not keep the others from being looked after."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.video.files.places import OutsideArchive, Tiers
from hub.video.retention import keeper as keeper_module
from tests.video.kept_archive import KeptArchive

KEEP = {"default": {"keep": {"continuous": {"min": "2d", "max": "5d"}}}}


async def test_files_that_cannot_be_deleted_keep_no_other_disk_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "BATCH", 2)
    kept = KeptArchive(tmp_path, KEEP)
    paths = {"bad": str(tmp_path / "bad"), "good": str(tmp_path / "good")}
    kept.restart(KEEP | {"tiers": [{"name": name, "path": path} for name, path in paths.items()]})
    stuck = await kept.put_all([9, 8, 7, 6], tier="bad")
    await kept.put_all([6, 7], tier="good", camera="camera.b")
    file = Tiers.file

    def refuse(tiers: Tiers, tier: str, path: str) -> Path:
        if tier == "bad":
            raise OutsideArchive("it lets nothing go")
        return file(tiers, tier, path)

    monkeypatch.setattr(Tiers, "file", refuse)
    await kept.look()
    monkeypatch.undo()
    assert (kept.on_disk("good"), kept.on_disk("bad")) == (set(), set(stuck))
    await kept.close()


async def test_nothing_planned_is_nothing_deleted(tmp_path: Path) -> None:
    kept = KeptArchive(tmp_path, KEEP)
    path = await kept.put(1)
    assert (await kept.keeper._purge.delete([])).deleted == ()
    assert kept.on_disk() == await kept.paths() == {path}
    await kept.close()
