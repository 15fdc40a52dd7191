"""Files of fragments: their index, their torn ends."""

from __future__ import annotations

import os
from pathlib import Path

import av
import pytest

from hub.video.capture.files import Archive
from hub.video.capture.fragments import Fragment
from hub.video.files import boxes, codecs, mp4
from tests.video.conftest import fragments_of
from tests.world import counted_clip

START = 1_800_000_000.0


@pytest.fixture
def fragments(clip: Path) -> list[Fragment]:
    return fragments_of(clip, start=START)


def written(data: Path, fragments: list[Fragment], *, close: bool) -> Path:
    first = fragments[0]
    segment = Archive(data).create(data, "main", "camera.a", "main", first.epoch, first.start)
    for fragment in fragments:
        segment.write(fragment)
    if close:
        segment.close()
    return data / segment.path


def test_fragments_are_short_and_flagged_where_a_keyframe_begins_them(
    fragments: list[Fragment],
) -> None:
    assert max(fragment.duration for fragment in fragments) <= 0.2 + 1e-9
    keys = [round(fragment.time, 6) for fragment in fragments if fragment.key]
    assert keys == [float(second) for second in range(20)]
    assert sum(fragment.duration for fragment in fragments) == pytest.approx(20)


def test_a_file_begins_at_zero_and_its_index_leads_to_each_keyframe(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    cut = fragments[15:50]  # its first keyframe stands 3 s into the stream
    path = written(tmp_path, cut, close=True)
    assert path == tmp_path / "archive/a/2027/01/15/080003.000.mp4"
    fd = os.open(path, os.O_RDONLY)
    try:
        layout = mp4.scan(fd)
    finally:
        os.close(fd)
    assert layout.pieces[0].time == 0
    assert [piece.key for piece in layout.pieces] == [fragment.key for fragment in cut]
    data = path.read_bytes()
    at = data.index(b"sidx") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    assert at + size == layout.pieces[0].offset, "the index must touch the first fragment"
    total = int.from_bytes(data[at + 38 : at + 40], "big")
    sizes = [int.from_bytes(data[at + 40 + 12 * n : at + 44 + 12 * n], "big") for n in range(total)]
    assert sizes == [piece.size for piece in layout.pieces], "each is named"
    ticks, flags = (
        [int.from_bytes(data[at + n + 12 * m : at + n + 4 + 12 * m], "big") for m in range(total)]
        for n in (44, 48)
    )
    assert [flag > 0 for flag in flags] == [piece.key for piece in layout.pieces]
    assert [tick > 0 for tick in ticks] == [piece.key for piece in layout.pieces]
    assert sum(ticks) == layout.duration
    assert counted_clip.numbers(path) == list(range(75, 250))


def outlined(path: Path) -> mp4.Outline:
    fd = os.open(path, os.O_RDONLY)
    try:
        return mp4.outline(fd)
    finally:
        os.close(fd)


@pytest.mark.parametrize("close", [True, False])
def test_an_outline_names_the_groups_of_a_file_that_is_sealed_or_being_written(
    tmp_path: Path, fragments: list[Fragment], close: bool
) -> None:
    path = written(tmp_path, fragments[15:53], close=close)
    found = outlined(path)
    data = path.read_bytes()
    assert found.init == fragments[0].epoch.init
    assert found.whole == len(data)
    heads = [mp4.read_moof(data[group.offset : group.offset + 1024]) for group in found.groups]
    assert [head.time for head in heads] == [group.time for group in found.groups]
    assert all(head.key for head in heads)
    assert len(heads) == 8
    ends = [(group.end, group.time + group.ticks) for group in found.groups]
    starts = [(group.offset, group.time) for group in found.groups]
    assert ends[:-1] == starts[1:]
    assert ends[-1][0] == found.whole


def test_an_index_that_does_not_cover_its_file_is_not_believed(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    path = written(tmp_path, fragments[:20], close=True)
    before = outlined(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 10)
    after = outlined(path)
    assert after.whole < before.whole
    assert after.groups[:-1] == before.groups[:-1]
    assert after.groups[-1].sizes == before.groups[-1].sizes[:-1]


def test_a_file_of_too_many_fragments_is_finished_without_an_index(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    path = tmp_path / "many.mp4"
    first = fragments[0]
    body = first.data[first.moof.size :]
    groups = [bytes(mp4.moved(first.data, first.moof, n * 5000)) + body for n in range(700)]
    data = first.epoch.init + mp4.room() + b"".join(groups)
    path.write_bytes(data)
    fd = os.open(path, os.O_RDWR)
    try:
        mp4.finish(fd)
        found = mp4.outline(fd)
    finally:
        os.close(fd)
    assert b"sidx" not in path.read_bytes()
    assert len(found.groups) == 700
    assert found.groups[-1].end == len(data)


def test_one_seeks_in_a_file_there_and_back_to_the_right_frames(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    path = written(tmp_path, fragments, close=True)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        for number in (490, 491, 489, 20, 499, 21, 491):
            container.seek(round((number + 0.5) / 25 / stream.time_base), stream=stream)
            times = []
            for packet in container.demux(stream):
                if packet.pts is not None:
                    times.append(round(packet.pts * stream.time_base * 25))
                if len(times) == 25:
                    break
            key = number // 25 * 25
            assert times == list(range(key, key + 25))


@pytest.mark.parametrize("torn", [1, 7, 100, 5000])
def test_a_torn_end_is_cut_off_and_the_rest_plays(
    tmp_path: Path, fragments: list[Fragment], torn: int
) -> None:
    path = written(tmp_path, fragments[:10], close=False)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - torn)
    [report] = Archive(tmp_path).repair()
    assert report.bytes == path.stat().st_size
    assert report.end == pytest.approx(START + 1.8)
    assert counted_clip.numbers(path) == list(range(45))
    assert Archive(tmp_path).unfinished() == []


def test_blocks_of_zeros_after_a_power_cut_are_cut_off(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    path = written(tmp_path, fragments[:10], close=False)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 2000)
        file.write(bytes(1500))
    Archive(tmp_path).repair()
    assert counted_clip.numbers(path) == list(range(45))


def test_a_file_killed_before_its_first_fragment_goes(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    path = written(tmp_path, fragments[:0] or fragments[:1], close=False)
    with path.open("r+b") as file:
        file.truncate(300)
    assert Archive(tmp_path).repair() == []
    assert not path.exists()


def test_two_files_of_one_millisecond_do_not_overwrite_each_other(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    first = written(tmp_path, fragments[:5], close=True)
    second = written(tmp_path, fragments[:5], close=True)
    assert second.name == "080000.001.mp4"
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    "junk", [b"", b"moov", bytes(5000), os.urandom(5000), b"\0\0\0\x10moof" * 9]
)
def test_rubbish_is_no_recording(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "junk.mp4"
    path.write_bytes(junk)
    fd = os.open(path, os.O_RDWR)
    try:
        with pytest.raises(boxes.Mp4Error):
            mp4.finish(fd)
    finally:
        os.close(fd)


def test_codecs_are_named_as_browsers_want(clip: Path, hevc_clip: Path) -> None:
    assert codecs.mime_codec(fragments_of(clip)[0].epoch.init).startswith("avc1.42")
    assert codecs.mime_codec(fragments_of(hevc_clip)[0].epoch.init).startswith("hvc1.1.6.L")


def test_parameter_sets_are_found_once_each() -> None:
    sets = b"\0\0\0\1\x67abc\0\0\0\1\x68de"
    assert codecs.parameter_sets("h264", sets + b"\0\0\1\x06sei" + sets + b"\0\0\1\x65x") == sets
    assert codecs.parameter_sets("h264", b"\0\0\0\1\x41only a slice") == b""
