"""Files that a crash left are found by their marks and sealed, wherever they lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hub.video.capture.files import Archive
from hub.video.capture.fragments import Fragment
from hub.video.capture.segment import Segment
from tests.video.conftest import fragments_of
from tests.video.kept import START
from tests.world import counted_clip


@pytest.fixture(scope="module")
def fragments(clip: Path) -> list[Fragment]:
    return fragments_of(clip, start=START)


def left(data: Path, root: Path, fragments: list[Fragment]) -> Path:
    """A file that a killed process was writing, its last fragment torn."""
    segment = Archive(data).create(
        root, "nas", "camera.a", "sub", fragments[0].epoch, fragments[0].start
    )
    for fragment in fragments[:10]:
        segment.write(fragment)
    path = root / segment.path
    with path.open("ab") as file:
        file.write(fragments[10].data[:100])
    return path


def only_mark(data: Path) -> Path:
    [mark] = (data / "capture" / "open").iterdir()
    return mark


def test_a_file_on_another_disk_is_sealed_after_a_crash(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    data, root = tmp_path / "data", tmp_path / "nas"
    path = left(data, root, fragments)
    archive = Archive(data)
    assert archive.unfinished() == [str(path.relative_to(root))]
    [report] = archive.repair()
    assert (report.tier, report.camera, report.stream) == ("nas", "camera.a", "sub")
    assert (report.start, report.end) == (START, START + 2)
    assert report.keyframes == 2
    assert report.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert counted_clip.numbers(path) == list(range(50))
    assert archive.unfinished() == []
    assert archive.repair() == []


def test_a_file_whose_disk_is_not_there_yet_waits_for_it(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    data, root = tmp_path / "data", tmp_path / "nas"
    left(data, root, fragments)
    root.rename(tmp_path / "away")
    archive = Archive(data)
    assert archive.repair() == []
    assert len(archive.unfinished()) == 1
    (tmp_path / "away").rename(root)
    assert len(archive.repair()) == 1


def test_a_mark_that_a_power_cut_emptied_stands_for_a_file_in_the_data_folder(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    left(tmp_path, tmp_path, fragments)
    only_mark(tmp_path).write_text("")
    [report] = Archive(tmp_path).repair()
    assert report.tier == "main"


def test_a_file_without_a_whole_fragment_goes(tmp_path: Path, fragments: list[Fragment]) -> None:
    archive = Archive(tmp_path)
    segment = archive.create(tmp_path, "main", "camera.a", "main", fragments[0].epoch, START)
    path = tmp_path / segment.path
    path.write_bytes(path.read_bytes()[:100])
    assert Archive(tmp_path).repair() == []
    assert not path.exists()
    assert archive.unfinished() == []


def test_two_files_of_one_instant_have_two_names(tmp_path: Path, fragments: list[Fragment]) -> None:
    archive = Archive(tmp_path)

    def create() -> Segment:
        return archive.create(tmp_path, "main", "camera.a", "main", fragments[0].epoch, START)

    first, second = create(), create()
    assert first.path.endswith("/080000.000.mp4")
    assert second.path.endswith("/080000.001.mp4")


def test_a_folder_that_is_in_the_way_is_an_error_of_the_disk(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "a").touch()
    archive = Archive(tmp_path)
    with pytest.raises(OSError, match="a"):
        archive.create(tmp_path, "main", "camera.a", "main", fragments[0].epoch, START)
    assert archive.unfinished() == []
