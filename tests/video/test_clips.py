"""Clips: exact sizes, any part of them, gaps and changes of parameters."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.video import index, mp4
from hub.video.capture.files import Archive
from hub.video.capture.fragments import Fragment
from hub.video.clips import Clip, Clips
from hub.video.status import NothingRecorded
from tests.video.conftest import fragments_of
from tests.world import counted_clip

START = datetime(2027, 1, 15, 8, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Shelf:
    """Files of an archive, as the index would name them."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.files: list[index.File] = []

    def put(self, fragments: list[Fragment], *, writing: bool = False) -> None:
        first = fragments[0]
        segment = Archive(self.data).create(
            self.data, "main", "camera.a", "main", first.epoch, first.start
        )
        for fragment in fragments:
            segment.write(fragment)
        report = segment.opened() if writing else segment.close()
        assert report is not None
        end = None if report.end is None else index.instant(report.end)
        start = index.instant(report.start)
        file = index.File(1, "main", report.path, start, end, report.epoch, report.bytes)
        self.files.append(file)

    def plan(self, start: float, end: float) -> Clip:
        wanted = [f for f in self.files if f.start < at(end) and (not f.end or f.end > at(start))]
        return Clips(self.data, None)._plan(wanted, at(start), at(end))  # type: ignore[arg-type]


async def whole(clip: Clip, offset: int = 0, length: int | None = None) -> bytes:
    return b"".join([part async for part in clip.read(offset, length)])


def numbers(data: bytes) -> list[int]:
    with av.open(io.BytesIO(data)) as container:
        return [counted_clip.number_of(frame) for frame in container.decode(video=0)]


@pytest.fixture(scope="module")
def shelf(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Twenty seconds in three files, the last one still being written."""
    fragments = fragments_of(clip, start=START.timestamp())
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    shelf.put(fragments[:30])
    shelf.put(fragments[30:70])
    shelf.put(fragments[70:], writing=True)
    return shelf


async def test_a_clip_over_several_files_plays_without_a_break(shelf: Shelf) -> None:
    clip = shelf.plan(3.5, 17.3)
    assert (clip.start, clip.end) == (at(3), at(17.4))
    assert clip.gaps == []
    assert not clip.cut_short
    data = await whole(clip)
    assert len(data) == clip.size
    assert numbers(data) == list(range(75, 435))
    with av.open(io.BytesIO(data)) as container:
        times = [float(p.dts * p.time_base) for p in container.demux(video=0) if p.dts is not None]
    assert times == pytest.approx([n * 0.04 for n in range(360)])


@given(
    window=st.tuples(st.floats(-5, 25), st.floats(0.1, 30)),
    part=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
@settings(max_examples=40, deadline=None)
def test_any_part_of_any_clip_is_exactly_that_part(
    shelf: Shelf, window: tuple[float, float], part: tuple[float, float]
) -> None:
    start, end = window[0], window[0] + window[1]
    try:
        clip = shelf.plan(start, end)
    except NothingRecorded:
        assert end <= 0 or start >= 20
        return
    assert clip.start <= max(at(start), at(0))
    assert clip.end >= min(at(end), at(20)) - timedelta(microseconds=10)
    data = asyncio.run(whole(clip))
    assert len(data) == clip.size
    offset, length = round(part[0] * clip.size), round(part[1] * clip.size)
    assert asyncio.run(whole(clip, offset, length)) == data[offset : offset + length]


async def test_the_index_of_a_clip_leads_to_its_keyframes(shelf: Shelf) -> None:
    data = await whole(shelf.plan(0, 20))
    kinds = {kind: (offset, size) for kind, offset, size in mp4.boxes(data, 0, len(data))}
    at_, size = kinds[b"sidx"]
    count = int.from_bytes(data[at_ + 38 : at_ + 40], "big")
    assert count == 20
    entries = [at_ + 40 + 12 * n for n in range(count)]
    sizes = [int.from_bytes(data[entry : entry + 4], "big") for entry in entries]
    place = at_ + size
    for length in sizes:
        moof = mp4.read_moof(data[place : place + 4096])
        assert moof.key
        place += length
    assert place == len(data)


async def test_a_gap_is_named_and_played_over(clip: Path, tmp_path: Path) -> None:
    fragments = fragments_of(clip, start=START.timestamp())
    shelf = Shelf(tmp_path)
    shelf.put(fragments[:15])
    shelf.put(fragments[50:60])
    plan = shelf.plan(0, 20)
    assert plan.gaps == [(at(3), at(10))]
    assert numbers(await whole(plan)) == [*range(75), *range(250, 300)]


async def test_a_clip_ends_where_the_camera_changed_its_parameters(
    clip: Path, hevc_clip: Path, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(fragments_of(clip, start=START.timestamp()))
    shelf.put(fragments_of(hevc_clip, start=START.timestamp() + 20))
    plan = shelf.plan(18, 25)
    assert plan.cut_short
    assert plan.end == at(20)
    later = shelf.plan(20.5, 25)
    assert later.codec.startswith("hvc1")
    assert not later.cut_short


async def test_a_file_that_went_away_is_left_out(clip: Path, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(fragments_of(clip, start=START.timestamp()))
    (tmp_path / shelf.files[0].path).unlink()
    with pytest.raises(NothingRecorded):
        shelf.plan(0, 20)
