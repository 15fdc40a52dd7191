"""Single pictures go when they are too old."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import timedelta
from pathlib import Path

import pytest

from tests.video.kept_archive import NOW, KeptArchive

KEEP = {
    "default": {"keep": {"event": {"max": "10d"}, "incident": {"max": "100d"}}},
    "cameras": {"camera.quay": {"keep": {"event": {"max": "1d"}}}},
}


class Pictured(KeptArchive):
    """With pictures; those of `attached` belong to an incident."""

    attached: frozenset[str] = frozenset()

    def picture(self, days: float, camera: str = "market") -> str:
        at = NOW - timedelta(days=days)
        path = f"snapshots/{at:%Y/%m/%d/%H%M%S}-{camera}-0123456789ab.jpg"
        file = self.data / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"jpeg")
        return path

    async def those(self, refs: Collection[str]) -> Collection[str]:
        return self.attached & set(refs)

    def pictures(self) -> set[str]:
        found = (self.data / "snapshots").rglob("*.jpg")
        return {file.relative_to(self.data).as_posix() for file in found}


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Pictured]:
    kept = Pictured(tmp_path, KEEP)
    kept.keeper.snapshots.attached = kept.those
    yield kept
    await kept.close()


async def test_a_picture_is_kept_as_long_as_a_recording_of_its_class(kept: Pictured) -> None:
    old, young = kept.picture(11), kept.picture(9.9)
    of_incident, too_old = kept.picture(12), kept.picture(101)
    other = kept.picture(2, camera="quay")
    kept.attached = frozenset({of_incident, too_old})
    await kept.look()
    assert kept.pictures() == {young, of_incident}
    assert not (kept.data / old).parent.exists()
    logged = {(entry.camera, entry.stream, entry.cls, entry.segments) for entry in await kept.log()}
    assert logged == {
        ("camera.market", "snapshot", 1, 1), ("camera.market", "snapshot", 2, 1),
        ("camera.quay", "snapshot", 1, 1),
    }  # fmt: skip
    assert other not in kept.pictures()


async def test_a_picture_that_is_held_stays(kept: Pictured) -> None:
    held, other = kept.picture(20), kept.picture(20, camera="park")
    await kept.holds.place(
        cameras=["camera.market"], start=NOW - timedelta(days=21), end=NOW, reason="x", person="x"
    )
    await kept.look()
    assert kept.pictures() == {held}
    assert other not in kept.pictures()


async def test_nothing_goes_before_it_is_known_what_belongs_to_incidents(kept: Pictured) -> None:
    path = kept.picture(500)
    kept.keeper.snapshots.attached = None
    await kept.look()
    assert kept.pictures() == {path}


async def test_files_of_other_names_and_untrusted_clocks_delete_nothing(kept: Pictured) -> None:
    path = kept.picture(500)
    (kept.data / path).with_name("notes.txt").write_text("mine")
    kept.is_trusted = False
    await kept.look()
    assert kept.pictures() == {path}
    kept.is_trusted = True
    await kept.look()
    assert kept.pictures() == set()
    assert (kept.data / path).with_name("notes.txt").exists()


async def test_a_picture_that_cannot_be_deleted_keeps_no_other_and_is_not_logged(
    kept: Pictured,
) -> None:
    bad, old = kept.picture(12), kept.picture(11)
    (kept.data / bad).unlink()
    (kept.data / bad).mkdir()
    await kept.look()
    assert not (kept.data / old).exists()
    (entry,) = await kept.log()
    assert entry.segments == 1
