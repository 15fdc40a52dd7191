"""Areas that are covered: which pixels, in what leaves the camera's thread, and in nothing else."""

from __future__ import annotations

import io
import subprocess
import threading
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.video.capture import masked as masks
from hub.video.capture.fragments import Packager
from hub.video.capture.masked import masked
from hub.video.capture.packets import AudioPacket, VideoPacket
from hub.video.capture.polygons import halved, spans
from hub.video.capture.source import Feed, SourceLost
from hub.video.files import codecs
from hub.video.talk.messages import Polygons
from tests.video.capturing import capturing, source, wanted
from tests.video.test_audio import piece
from tests.video.test_fragments import encoded, packets, part_of, tick
from tests.world import counted_clip

CORNER: Polygons = (((0.5, 0.25), (0.75, 0.25), (0.75, 0.5), (0.5, 0.5)),)
BOX = (320, 92, 480, 184)  # what it covers of 640x368
EVERYTHING: Polygons = (((0, 0), (1, 0), (1, 1), (0, 1)),)


class Given(Feed):
    """A feed of packets that are there already."""

    def __init__(self, found: Sequence[VideoPacket | AudioPacket], base: Fraction) -> None:
        super().__init__("h264", base, b"")
        self._found = found

    def packets(self) -> Iterator[VideoPacket | AudioPacket]:
        yield from self._found


def covered(
    found: Sequence[VideoPacket | AudioPacket], base: Fraction, polygons: Polygons = CORNER
) -> list[VideoPacket | AudioPacket]:
    return list(masked(Given(found, base), polygons, threading.Event()).packets())


def pictures(found: Sequence[VideoPacket | AudioPacket]) -> list[av.VideoFrame]:
    decoder = av.CodecContext.create("h264", "r")
    frames: list[av.VideoFrame] = []
    for packet in found:
        if not isinstance(packet, AudioPacket):
            frames += decoder.decode(av.Packet(bytes(packet)))
    return frames + decoder.decode(None)


def luma(frame: av.VideoFrame) -> list[bytes]:
    plane = frame.planes[0]
    data = bytes(plane)
    return [data[row * plane.line_size :][: frame.width] for row in range(frame.height)]


def is_covered(frame: av.VideoFrame, box: tuple[int, int, int, int] = BOX) -> bool:
    """Black up to its borders, which coding makes a little unclean."""
    left, top, right, bottom = box
    rows = luma(frame)
    return all(max(row[left:right]) <= 48 for row in rows[top:bottom]) and all(
        max(row[left + 8 : right - 8]) <= 20 for row in rows[top + 8 : bottom - 8]
    )


def difference(one: av.VideoFrame, other: av.VideoFrame, box: tuple[int, int, int, int]) -> float:
    """The mean difference of the brightness outside of a box, of 255."""
    left, top, right, bottom = box
    total = count = 0
    for row, (a, b) in enumerate(zip(luma(one), luma(other), strict=True)):
        for column in range(0, len(a), 3):
            if not (top <= row < bottom and left <= column < right):
                total += abs(a[column] - b[column])
                count += 1
    return total / count


def damage(one: av.VideoFrame, other: av.VideoFrame) -> int:
    """How many pixels near the box, outside of it, are quite different."""
    left, top, right, bottom = BOX
    return sum(
        abs(a[column] - b[column]) > 60
        for row, (a, b) in enumerate(zip(luma(one), luma(other), strict=True))
        for column in range(left - 16, right + 16)
        if top - 16 <= row < bottom + 16
        if not (top <= row < bottom and left <= column < right)
    )


def pixels(polygons: Polygons, width: int, height: int) -> set[tuple[int, int]]:
    found = spans(polygons, width, height)
    return {(x, row) for row, begin, end in found for x in range(begin, end)}


def test_a_box_covers_its_pixels_and_none_beside_them() -> None:
    left, top, right, bottom = BOX
    assert pixels(CORNER, 640, 368) == {
        (x, y) for x in range(left, right) for y in range(top, bottom)
    }


def test_what_an_area_has_a_small_part_of_is_covered() -> None:
    sliver: Polygons = (((0.201, 0.301), (0.205, 0.301), (0.203, 0.309)),)
    assert pixels(sliver, 10, 10) == {(2, 3)}
    across: Polygons = (((0.0, 0.55), (1.0, 0.55), (0.5, 0.5500001)),)
    assert pixels(across, 10, 10) == {(x, 5) for x in range(10)}


def test_an_area_that_crosses_itself_covers_its_middle() -> None:
    star: Polygons = (((0.5, 0), (0.8, 1), (0, 0.4), (1, 0.4), (0.2, 1)),)
    assert (50, 50) in pixels(star, 100, 100)
    assert (5, 95) not in pixels(star, 100, 100)


def test_areas_reach_to_the_borders_and_colour_is_covered_with_them() -> None:
    assert len(pixels(EVERYTHING, 33, 17)) == 33 * 17
    colour = halved(spans(EVERYTHING, 33, 17))
    assert sum(end - begin for _, begin, end in colour) == 17 * 9


point = st.tuples(st.floats(0, 1), st.floats(0, 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(point, min_size=3, max_size=8), st.integers(0, 10_000))
def test_no_point_inside_an_area_is_left_open(corners: list[tuple[float, float]], at: int) -> None:
    a, b, c = (corners[(at + n) % len(corners)] for n in range(3))
    triangle: Polygons = ((a, b, c),)
    inside = pixels(triangle, 40, 30)
    for u in range(1, 10):
        for v in range(1, 10 - u):
            x = (u * a[0] + v * b[0] + (10 - u - v) * c[0]) / 10 * 40
            y = (u * a[1] + v * b[1] + (10 - u - v) * c[1]) / 10 * 30
            spot = (min(39, int(x)), min(29, int(y)))
            flat = abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) < 1e-6
            assert flat or spot in inside


def test_each_picture_is_covered_and_the_rest_of_it_is_as_it_was(clip: Path) -> None:
    given = list(packets(clip))[:60]
    found = covered(given, tick(clip))
    plain, hidden = pictures(given), pictures(found)
    assert [counted_clip.number_of(frame) for frame in hidden] == list(range(60))
    for before, after in zip(plain[::20], hidden[::20], strict=True):
        assert not is_covered(before)
        assert is_covered(after)
        assert difference(before, after, BOX) < 4


def test_frames_keep_their_times_and_a_keyframe_comes_every_two_seconds(clip: Path) -> None:
    given = list(packets(clip))[:160]
    found = [p for p in covered(given, tick(clip)) if not isinstance(p, AudioPacket)]
    assert [packet.pts for packet in found] == [packet.pts for packet in given]
    keys = [n for n, packet in enumerate(found) if packet.is_keyframe]
    assert keys[0] == 0
    assert {50, 100, 150} <= set(keys)


def test_frames_that_others_are_made_from_are_not_drawn_in(tmp_path: Path) -> None:
    """Where they were, what moves out from under a mask would be black."""
    path = encoded(tmp_path / "b.mp4", size="640x368", more=["-bf", "3", "-refs", "4"])
    given = list(packets(path))
    found = covered(given, tick(path))
    plain, hidden = pictures(given), pictures(found)
    assert len(hidden) >= len(plain) - 4
    assert all(is_covered(frame) for frame in hidden[::7])
    assert max(damage(a, b) for a, b in zip(plain[::7], hidden[::7], strict=False)) <= 4


def test_frames_that_a_sender_cut_up_are_covered_whole(clip: Path) -> None:
    cut = [
        part_of(packet, unit)
        for packet in list(packets(clip))[:10]
        for unit in bytes(packet).split(b"\0\0\1")[1:]
    ]
    hidden = pictures(covered(cut, tick(clip)))
    assert [counted_clip.number_of(frame) for frame in hidden] == list(range(10))


def test_another_size_of_pictures_is_covered_in_its_own_measure(clip: Path, tmp_path: Path) -> None:
    small = encoded(tmp_path / "small.mp4", size="320x176", more=["-bf", "0"])
    found = covered([*list(packets(clip))[:10], *list(packets(small))[:10]], tick(clip))
    frames = pictures(found)
    assert [frame.width for frame in frames] == [640] * 10 + [320] * 10
    assert is_covered(frames[-1], (160, 44, 240, 88))


def test_broken_frames_are_left_out_and_what_comes_is_covered(clip: Path) -> None:
    given = list(packets(clip))[:40]
    broken: list[VideoPacket] = []
    for number, packet in enumerate(given):
        if number % 7 == 3:
            damaged = av.Packet(bytes(packet)[:20] + b"\x55" * 40)
            damaged.pts, damaged.dts = packet.pts, packet.dts
            broken.append(damaged)  # type: ignore[arg-type]
        else:
            broken.append(packet)
    hidden = pictures(covered(broken, tick(clip)))
    assert len(hidden) >= 30
    assert all(is_covered(frame) for frame in hidden)


def test_a_stream_that_cannot_be_decoded_is_given_up(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masks, "UNREADABLE_S", -1.0)
    rubbish = av.Packet(b"\0\0\1\x65" + b"\x55" * 100)
    rubbish.pts = rubbish.dts = 0
    later = av.Packet(bytes(rubbish))
    later.pts = later.dts = 40
    with pytest.raises(SourceLost):
        covered([rubbish, later], tick(clip))  # type: ignore[list-item]


def test_sound_goes_by_untouched_and_no_areas_cost_nothing(clip: Path) -> None:
    sound = piece()
    found = list(packets(clip))
    given: list[VideoPacket | AudioPacket] = [*found[:3], sound, *found[3:6]]
    assert sound in covered(given, tick(clip))
    feed = Given(given, tick(clip))
    assert masked(feed, (), threading.Event()) is feed


def test_a_machine_that_is_too_slow_leaves_frames_out(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masks, "BEHIND_S", 0.01)
    monkeypatch.setattr(masks, "START_S", 0.0)
    monkeypatch.setattr(Given, "live", True)
    found = covered(list(packets(clip))[:100], tick(clip))
    assert 25 <= len(found) < 60
    assert all(is_covered(frame) for frame in pictures(found))


async def test_files_snapshots_and_live_pictures_of_a_camera_are_covered(
    clip: Path, tmp_path: Path
) -> None:
    async with capturing(tmp_path) as capture:
        await capture.set({source(clip, masks=CORNER): wanted(tmp_path)})
        await capture.recorded(3.0)
        _, jpeg = await capture.peer.request("snapshot", {"camera": "camera.a"})
    [file] = capture.sealed()
    assert file.masked
    path = tmp_path / file.path
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert [counted_clip.number_of(frame) for frame in frames] == list(range(len(frames)))
    assert all(is_covered(frame) for frame in frames[::10])
    with av.open(io.BytesIO(jpeg), "r") as container:
        [picture] = container.decode(video=0)
    assert is_covered(picture.reformat(format="yuv420p"))
    check = ["ffmpeg", "-v", "warning", "-i", str(path), "-f", "null", "-"]
    assert subprocess.run(check, capture_output=True, check=True).stderr == b""


def test_files_with_and_without_masks_are_never_joined(clip: Path) -> None:
    found = covered(list(packets(clip))[:30], tick(clip))
    inits = []
    for hidden in (False, True):
        packager = Packager("h264", tick(clip), b"", masked=hidden)
        for packet in found:
            assert not isinstance(packet, AudioPacket)
            assert packet.dts is not None
            packager.push(packet, packet.dts)
        inits.append(packager.close()[0].epoch.init)
    assert [codecs.is_masked(init) for init in inits] == [False, True]
    assert len(inits[0]) == len(inits[1])
