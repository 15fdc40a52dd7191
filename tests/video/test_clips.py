"""Clips: exact sizes, any part of them, gaps and changes of parameters."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.video.files import boxes, mp4
from hub.video.status import NothingRecorded
from hub.video.watching.clips import Clip, Clips
from tests.video.conftest import fragments_of
from tests.video.shelf import START, Shelf, at
from tests.world import counted_clip


async def planned(shelf: Shelf, start: float, end: float) -> Clip:
    return await Clips(shelf.store, shelf.tiers).plan("camera.a", at(start), at(end))


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
    clip = await planned(shelf, 3.5, 17.3)
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
        clip = asyncio.run(planned(shelf, start, end))
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
    data = await whole(await planned(shelf, 0, 20))
    kinds = {kind: (offset, size) for kind, offset, size in boxes.each(data, 0, len(data))}
    at_, size = kinds[b"sidx"]
    count = int.from_bytes(data[at_ + 38 : at_ + 40], "big")
    entries = [at_ + 40 + 12 * n for n in range(count)]
    place = at_ + size
    keys = 0
    for entry in entries:
        moof = mp4.read_moof(data[place : place + 4096])
        assert moof.key == (data[entry + 8] > 0)
        keys += moof.key
        place += int.from_bytes(data[entry : entry + 4], "big")
    assert place == len(data)
    assert keys == 20


async def test_a_gap_is_named_and_played_over(clip: Path, tmp_path: Path) -> None:
    fragments = fragments_of(clip, start=START.timestamp())
    shelf = Shelf(tmp_path)
    shelf.put(fragments[:15])
    shelf.put(fragments[50:60])
    plan = await planned(shelf, 0, 20)
    assert plan.gaps == [(at(3), at(10))]
    assert numbers(await whole(plan)) == [*range(75), *range(250, 300)]


async def test_a_clip_ends_where_the_camera_changed_its_parameters(
    clip: Path, hevc_clip: Path, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(fragments_of(clip, start=START.timestamp()))
    shelf.put(fragments_of(hevc_clip, start=START.timestamp() + 20))
    plan = await planned(shelf, 18, 25)
    assert plan.cut_short
    assert plan.end == at(20)
    later = await planned(shelf, 20.5, 25)
    assert later.codec.startswith("hvc1")
    assert not later.cut_short


async def test_a_file_that_went_away_is_left_out(clip: Path, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(fragments_of(clip, start=START.timestamp())).unlink()
    with pytest.raises(NothingRecorded):
        await planned(shelf, 0, 20)


async def test_a_file_is_read_on_while_it_is_deleted_and_the_next_one_is_missed(
    clip: Path, tmp_path: Path
) -> None:
    fragments = fragments_of(clip, start=START.timestamp())
    shelf = Shelf(tmp_path)
    files = [shelf.put(fragments[:50]), shelf.put(fragments[50:])]
    plan = await planned(shelf, 0, 20)
    read = plan.read()
    got = [await anext(read) for _ in range(3)]
    for file in files:
        file.unlink()
    with pytest.raises(FileNotFoundError):
        async for part in read:
            got.append(part)
    assert len(got) == 51  # the head, and all of the first file


async def test_a_file_that_moves_to_another_disk_while_it_is_played_is_found_there(
    clip: Path, tmp_path: Path
) -> None:
    fragments = fragments_of(clip, start=START.timestamp())
    shelf = Shelf(tmp_path)
    files = [shelf.put(fragments[:50]), shelf.put(fragments[50:])]
    plan = await planned(shelf, 0, 20)
    before = await whole(plan)
    for file in files:
        shelf.move(file)
    assert await whole(plan) == before


async def test_a_link_in_place_of_a_file_is_not_followed(clip: Path, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    path = shelf.put(fragments_of(clip, start=START.timestamp()))
    path.rename(tmp_path / "elsewhere.mp4")
    path.symlink_to(tmp_path / "elsewhere.mp4")
    with pytest.raises(NothingRecorded):
        await planned(shelf, 0, 20)


async def test_a_window_of_a_file_that_is_being_written_stays_the_same_when_it_is_sealed(
    clip: Path, tmp_path: Path
) -> None:
    fragments = fragments_of(clip, start=START.timestamp())
    (tmp_path / "open").mkdir()
    (tmp_path / "sealed").mkdir()
    being_written, sealed = Shelf(tmp_path / "open"), Shelf(tmp_path / "sealed")
    being_written.put(fragments[:70], writing=True)
    sealed.put(fragments)
    before, after = await planned(being_written, 2.5, 9), await planned(sealed, 2.5, 9)
    assert before.mark == after.mark
    assert await whole(before) == await whole(after)


async def test_a_window_that_ends_where_a_clip_ended_is_that_clip_again(shelf: Shelf) -> None:
    first = await planned(shelf, 3.5, 17.3)
    zero = START.timestamp()
    again = await planned(shelf, first.start.timestamp() - zero, first.end.timestamp() - zero)
    assert again.mark == first.mark


async def test_parts_tell_where_each_moment_lies(clip: Path, tmp_path: Path) -> None:
    fragments = fragments_of(clip, start=START.timestamp())
    shelf = Shelf(tmp_path)
    shelf.put(fragments[:15])
    shelf.put(fragments[50:60])
    plan = await planned(shelf, 0, 20)
    assert [(part.at, part.time, part.duration) for part in plan.parts] == [
        (at(0), 0.0, pytest.approx(3)),
        (at(10), pytest.approx(3), pytest.approx(2)),
    ]
    assert plan.frame == pytest.approx(0.04)
    assert (plan.width, plan.height) == (counted_clip.WIDTH, counted_clip.HEIGHT)
