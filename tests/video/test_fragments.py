"""From packets to fragments: new epochs, frames that senders cut up, frames shown late."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import cast

import av
import pytest

from hub.video.capture.fragments import Fragment, Packager
from hub.video.capture.packets import VideoPacket
from hub.video.files import mp4
from tests.world import counted_clip


def packets(path: Path) -> Iterator[VideoPacket]:
    """Frames in Annex B form, as a camera sends them."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        name = stream.codec_context.name
        to_annex_b = av.bitstream.BitStreamFilterContext(f"{name}_mp4toannexb", stream)
        for raw in container.demux(stream):
            yield from to_annex_b.filter(raw) if raw.size else ()


def part_of(packet: VideoPacket, unit: bytes) -> VideoPacket:
    part = cast(VideoPacket, av.Packet(b"\0\0\1" + unit))
    part.time_base, part.pts, part.dts = packet.time_base, packet.pts, packet.dts
    part.is_keyframe = unit[0] & 31 == 5
    return part


def tick(path: Path) -> Fraction:
    with av.open(str(path)) as container:
        base = container.streams.video[0].time_base
    assert base is not None
    return base


def encoded(path: Path, *, size: str, more: list[str]) -> Path:
    source = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25", "-t", "2"]
    command = ["ffmpeg", "-v", "error", "-y", *source, "-c:v", "libx264", "-g", "25", *more]
    subprocess.run([*command, "-pix_fmt", "yuv420p", str(path)], check=True)
    return path


def decoded(fragments: list[Fragment]) -> list[av.VideoFrame]:
    file = io.BytesIO(fragments[0].epoch.init + b"".join(f.data for f in fragments))
    with av.open(file, format="mp4") as container:
        return list(container.decode(video=0))


def push_all(packager: Packager, found: Iterator[VideoPacket], start: int = 0) -> list[Fragment]:
    fragments: list[Fragment] = []
    first: int | None = None
    for packet in found:
        assert packet.dts is not None
        first = packet.dts if first is None else first
        fragments += packager.push(packet, start + packet.dts - first)
    return fragments


def test_another_resolution_begins_another_epoch(clip: Path, tmp_path: Path) -> None:
    scale = ["-bf", "0", "-video_track_timescale", "12800"]
    small = encoded(tmp_path / "small.mp4", size="320x176", more=scale)
    packager = Packager("h264", tick(clip), b"")
    fragments = push_all(packager, packets(clip))
    fragments += push_all(packager, packets(small), start=20 * 12_800)
    fragments += packager.close()
    epochs = list(dict.fromkeys(fragment.epoch for fragment in fragments))
    assert [(e.width, e.height) for e in epochs] == [(640, 368), (320, 176)]
    assert fragments[100].epoch is epochs[1]
    assert fragments[100].key
    assert fragments[100].time == pytest.approx(20)
    assert len(decoded([f for f in fragments if f.epoch is epochs[1]])) == 50


def test_frames_that_a_sender_cut_up_are_put_together(clip: Path) -> None:
    packager = Packager("h264", tick(clip), b"")
    fragments: list[Fragment] = []
    for packet in packets(clip):
        assert packet.dts is not None
        units = bytes(packet).split(b"\0\0\1")[1:]
        parts = [part_of(packet, unit) for unit in units]
        fragments += packager.push(parts[0], packet.dts)
        for part in parts[1:]:
            fragments += packager.join(part)
        if packet.dts >= 12_800 * 3:
            break
    fragments += packager.close()
    assert [counted_clip.number_of(frame) for frame in decoded(fragments)] == list(range(76))
    assert [f.key for f in fragments] == [n % 5 == 0 for n in range(16)]


def test_frames_that_are_shown_later_than_decoded_keep_their_order(tmp_path: Path) -> None:
    path = encoded(tmp_path / "b.mp4", size="320x176", more=["-bf", "2"])
    packager = Packager("h264", tick(path), b"")
    fragments = [*push_all(packager, packets(path)), *packager.close()]
    times = [float(frame.pts * frame.time_base) for frame in decoded(fragments) if frame.pts]
    steps = {round(b - a, 3) for a, b in pairwise(times)}
    assert steps == {0.04}
    assert max(f.duration for f in fragments) <= 0.2 + 1e-9


def test_what_is_written_reads_back(clip: Path) -> None:
    packager = Packager("h264", tick(clip), b"")
    fragments = [*push_all(packager, packets(clip)), *packager.close()]
    for fragment in fragments:
        assert mp4.read_moof(fragment.data) == fragment.moof
    number = mp4.moved(fragments[3].data, fragments[3].moof, 77, 5)
    assert mp4.read_moof(bytes(number)).time == 77


def test_nothing_is_made_of_a_stream_before_its_first_keyframe(clip: Path) -> None:
    packager = Packager("h264", tick(clip), b"")
    late = [packet for n, packet in enumerate(packets(clip)) if n >= 10]
    fragments = push_all(packager, iter(late))
    assert fragments[0].key
    assert fragments[0].time == pytest.approx(15 * 0.04)
