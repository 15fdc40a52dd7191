"""No name and no link leads out of the archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.video.files.archive import MARK
from hub.video.files.places import OutsideArchive, Tiers
from hub.video.settings import Tier

GOOD = "archive/a/2027/01/15/080000.000.mp4"


@pytest.fixture
def tiers(tmp_path: Path) -> Tiers:
    for name in ("data", "nas"):
        (tmp_path / name / GOOD).parent.mkdir(parents=True)
        (tmp_path / name / GOOD).write_bytes(b"x")
    nas = Tier(name="nas", path=tmp_path / "nas", mounted=True)
    return Tiers([nas], tmp_path / "data")


def test_a_file_is_found_in_its_tier(tiers: Tiers, tmp_path: Path) -> None:
    assert tiers.file("main", GOOD) == tmp_path / "data" / GOOD
    assert tiers.file("nas", GOOD) == tmp_path / "nas" / GOOD
    gone = tiers.file("main", "archive/b/2027/01/15/080000.000.mp4")
    assert not gone.exists()


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../secrets.yaml",
        "archive/../bulk.db",
        "archive/a/../../bulk.db",
        "bulk.db",
        "snapshots/a.jpg",
        "archive",
        "",
        "archive/a\0b",
        "archive/a/2027/01/15",
        "archive/out/bulk.db",
        "archive/a/2027/01/15/link.mp4",
    ],
)
def test_what_leads_out_is_refused(tiers: Tiers, tmp_path: Path, path: str) -> None:
    (tmp_path / "data/bulk.db").write_bytes(b"secret")
    (tmp_path / "data/archive/out").symlink_to(tmp_path / "data")
    (tmp_path / "data" / GOOD).with_name("link.mp4").symlink_to(tmp_path / "data/bulk.db")
    with pytest.raises(OutsideArchive):
        tiers.file("main", path)


def test_a_tier_that_is_not_configured_is_refused(tiers: Tiers) -> None:
    with pytest.raises(OutsideArchive, match="no tier 'tape'"):
        tiers.file("tape", GOOD)
    assert "tape" not in tiers
    assert not tiers.here("tape")


def test_the_data_folder_may_itself_be_reached_by_a_link(tiers: Tiers, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "data")
    linked = Tiers((), tmp_path / "link")
    assert linked.file("main", GOOD).read_bytes() == b"x"


def test_a_disk_is_there_when_its_mark_is(tiers: Tiers, tmp_path: Path) -> None:
    assert list(tiers) == ["nas", "main"]
    assert tiers.here("main")
    assert not tiers.here("nas")
    (tmp_path / "nas" / MARK).touch()
    assert tiers.here("nas")
