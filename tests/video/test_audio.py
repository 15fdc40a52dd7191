"""Sound beside the pictures: in files, in clips, in fragments for who watches."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hub.video.capture import audio
from hub.video.capture.fragments import Fragment, Packager
from hub.video.capture.packets import AudioFormat, AudioPacket
from hub.video.capture.sound import OFF_S, SILENT_S, Sound
from hub.video.files import boxes, codecs, mp4
from hub.video.talk.messages import TroubleReport
from tests.video.capturing import Capturing, capturing, source, wanted
from tests.video.test_fragments import packets, tick
from tests.world import counted_clip, sounding_clip
from tests.world.rtsp_cameras import PASSWORD, USER, RtspCameras
from tests.world.rtsp_faults import RtspFaults

AAC = AudioFormat("aac", 16_000, 1, bytes.fromhex("1408"))
PIECE_S = 1024 / 16_000


def piece(form: AudioFormat = AAC, size: int = 100) -> AudioPacket:
    return AudioPacket(form, b"\x21" * size, 1024, None)


def assembled(
    clip: Path,
    heard: Iterator[tuple[float, AudioPacket]] | list[tuple[float, AudioPacket]],
    given: AudioFormat | None = AAC,
    seconds: float = 12,
) -> list[Fragment]:
    """Fragments of a clip with sound that was heard at some times."""
    base = tick(clip)
    packager = Packager("h264", base, b"", given)
    waiting = list(heard)
    found: list[Fragment] = []
    for packet in packets(clip):
        assert packet.dts is not None
        if packet.dts * base > seconds:
            break
        found += packager.push(packet, packet.dts)
        while waiting and waiting[0][0] <= packet.dts * base:
            at, sound = waiting.pop(0)
            packager.audio(sound, at)
    return [*found, *packager.close()]


def steadily(start: float, end: float, *, pace: float = 1.0) -> list[tuple[float, AudioPacket]]:
    count = int((end - start) / (PIECE_S * pace))
    return [(start + n * PIECE_S * pace, piece()) for n in range(count)]


def placed(fragments: list[Fragment]) -> list[tuple[int, int]]:
    """(begin, end) of all pieces of sound, in samples."""
    found = []
    for fragment in fragments:
        moof = fragment.data[: fragment.moof.size]
        inside = [b for b in boxes.each(moof, 8, len(moof)) if b[0] == b"traf"]
        for other, (_, start, size) in zip(fragment.moof.others, inside[1:], strict=True):
            run = next(b for b in boxes.each(moof, start + 8, start + size) if b[0] == b"trun")
            at, time = run[1] + 20, other.time
            for _ in range(int.from_bytes(moof[run[1] + 12 : run[1] + 16], "big")):
                length = int.from_bytes(moof[at : at + 4], "big")
                found.append((time, time + length))
                time, at = time + length, at + 8
    return found


def probed(path: Path) -> tuple[list[str], str]:
    """Codecs of a file that decodes without a complaint, and what was complained."""
    show = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0"]
    names = subprocess.run([*show, path], capture_output=True, text=True, check=True)
    decode = ["ffmpeg", "-v", "warning", "-i", str(path), "-f", "null", "-"]
    heard = subprocess.run(decode, capture_output=True, text=True, check=True)
    return names.stdout.split(), names.stderr + heard.stderr


def test_pieces_are_laid_end_to_end_though_they_come_unevenly(clip: Path) -> None:
    uneven = [(at + (n % 3) * 0.03, sound) for n, (at, sound) in enumerate(steadily(0, 12))]
    times = placed(assembled(clip, uneven))
    assert len(times) > 180
    assert all(a[1] <= b[0] for a, b in pairwise(times)), "pieces overlap"
    seams = [b[0] - a[1] for a, b in pairwise(times) if a[1] < b[0]]
    assert sum(seams) <= 0.1 * AAC.rate, "what was late once is not pulled back"


def test_sound_never_makes_a_fragment_longer_and_no_file_begins_with_sound_before_its_pictures(
    clip: Path,
) -> None:
    fragments = assembled(clip, steadily(0, 12))
    silent = assembled(clip, [])
    assert [f.time for f in fragments] == [f.time for f in silent]
    for fragment in fragments:
        for other in fragment.moof.others:
            assert not fragment.key or other.time >= fragment.time * AAC.rate


def test_a_clock_that_drifts_is_followed_without_a_jump_of_more_than_the_bound(clip: Path) -> None:
    for pace in (0.98, 1.02):
        heard = steadily(0, 12, pace=pace)
        times = placed(assembled(clip, heard))
        assert all(a[1] <= b[0] for a, b in pairwise(times)), "pieces overlap"
        assert times[-1][0] / AAC.rate == pytest.approx(heard[-1][0], abs=OFF_S + 0.1)


def test_sound_that_stops_leaves_the_track_at_a_keyframe_and_comes_back_at_one(clip: Path) -> None:
    fragments = assembled(clip, [*steadily(0, 2), *steadily(9.5, 12)], seconds=14)
    changes = [b for a, b in pairwise(fragments) if a.epoch is not b.epoch]
    begins = [fragments[0], *changes]
    assert [fragment.epoch.audio for fragment in begins] == ["aac", None, "aac"]
    assert all(fragment.key for fragment in begins)
    assert begins[1].time == pytest.approx(2 + SILENT_S, abs=1.1)
    assert begins[2].time == pytest.approx(10, abs=0.1)


def test_sound_that_was_not_announced_makes_one_new_epoch(clip: Path) -> None:
    fragments = assembled(clip, steadily(2.5, 12), None)
    assert [e.audio for e in dict.fromkeys(f.epoch for f in fragments)] == [None, "aac"]


def test_another_format_begins_another_epoch_and_the_two_are_never_mixed(clip: Path) -> None:
    other = AudioFormat("aac", 8_000, 1, bytes.fromhex("1588"))
    heard = steadily(0, 5) + [(5 + n * 0.128, piece(other)) for n in range(40)]
    fragments = assembled(clip, heard)
    inits = list(dict.fromkeys(f.epoch.init for f in fragments))
    assert [list(boxes.timescales(init).values())[1] for init in inits] == [16_000, 8_000]


def test_what_waits_while_no_pictures_come_is_bounded() -> None:
    sound = Sound(AAC)
    sound.begin(0.0)
    for at, each in steadily(0, 3600):
        sound.push(each, at)
    assert len(sound.take(1e9)) == 1000


def test_times_of_both_tracks_move_together(clip: Path) -> None:
    fragment = next(f for f in assembled(clip, steadily(0, 12))[20:] if f.moof.others)
    scales = boxes.timescales(fragment.epoch.init)
    assert mp4.read_moof(fragment.data, scales) == fragment.moof
    head = bytes(mp4.moved(fragment.data, fragment.moof, fragment.moof.time + 3 * 12_800))
    again = mp4.read_moof(head, scales)
    assert again.others[0].time == fragment.moof.others[0].time + 3 * AAC.rate


def test_zeros_in_sound_are_no_hole_of_a_power_cut(clip: Path, tmp_path: Path) -> None:
    silence = [(at, replace(sound, data=bytes(300))) for at, sound in steadily(0, 4)]
    fragments = assembled(clip, silence, seconds=4)
    path = tmp_path / "silence.mp4"
    path.write_bytes(fragments[0].epoch.init + mp4.room() + b"".join(f.data for f in fragments))
    fd = os.open(path, os.O_RDWR)
    try:
        assert len(mp4.finish(fd, after_crash=True).pieces) == len(fragments)
    finally:
        os.close(fd)


CODECS = {
    "aac": ("aac", "mp4a.40.2"),
    "opus": ("opus", "opus"),
    "alaw": ("aac", "mp4a.40.2"),
    "ulaw": ("aac", "mp4a.40.2"),
}


OVER_RTSP = ("rtsp_ulaw", "rtsp_aac", "rtsp_opus")


@pytest.fixture(scope="module")
def recorded(clip: Path, rtsp: RtspCameras, tmp_path_factory: pytest.TempPathFactory) -> Capturing:
    """Some seconds of cameras with sound, of each kind; one that is not to be heard, one whose
    sound cannot be kept, and one that has none."""
    data = tmp_path_factory.mktemp("heard")
    suffixes = {"aac": "mp4", "opus": "mp4", "alaw": "mov", "ulaw": "mov", "mp2": "ts"}
    made = {
        codec: sounding_clip.make(data / f"{codec}.{suffix}", clip, codec)
        for codec, suffix in suffixes.items()
    }

    async def run() -> Capturing:
        cameras = {
            source(path, camera=f"camera.{codec}", audio=True): wanted(data)
            for codec, path in made.items()
        }
        cameras[source(made["aac"], camera="camera.deaf")] = wanted(data)
        login: dict[str, Any] = {"username": USER, "password": PASSWORD, "audio": True}
        for name in OVER_RTSP:
            url = rtsp.url("h264", name.removeprefix("rtsp_"))
            cameras[source(url, camera=f"camera.{name}", **login)] = wanted(data)
        cameras[source(rtsp.url("h264"), camera="camera.mute", **login)] = wanted(data)
        async with capturing(data) as capture:
            await capture.set(cameras)
            await asyncio.gather(*(capture.recorded(4.0, camera=c.camera) for c in cameras))
            assert (await capture.report(camera="camera.alaw")).audio == "aac"
        return capture

    return asyncio.run(run())


@pytest.mark.parametrize("codec", CODECS)
def test_sound_of_a_camera_is_in_its_files(recorded: Capturing, codec: str) -> None:
    [file] = recorded.sealed(camera=f"camera.{codec}")
    path = recorded.data / file.path
    kept, named = CODECS[codec]
    assert file.audio == kept
    assert probed(path) == (["h264", kept], "")
    data = path.read_bytes()
    assert codecs.mime_codec(data[: data.index(b"moof") - 4]).split(",")[1] == named
    numbers = counted_clip.numbers(path)
    assert numbers[:100] == list(range(100))
    for at, loud in sounding_clip.loudness(path):
        if 0.4 < at < 4 and 0.35 < at % 1 < 0.8:
            assert (loud > 0.1) == (int(at) % 2 == 0), f"{at} s: the tone is out of step"


@pytest.mark.parametrize("name", OVER_RTSP)
def test_sound_over_rtsp_is_there_from_the_begin_to_the_end(recorded: Capturing, name: str) -> None:
    [file] = recorded.sealed(camera=f"camera.{name}")
    path = recorded.data / file.path
    assert probed(path) == (["h264", file.audio], "")
    assert file.end is not None
    tenths = [at for at, loud in sounding_clip.loudness(path) if loud > 0.1]
    assert len(tenths) >= 10 * (file.end - file.start) - 5


def test_a_camera_without_sound_has_its_pictures_kept(recorded: Capturing) -> None:
    [file] = recorded.sealed(camera="camera.mute")
    assert file.audio is None


def test_sound_is_left_out_unless_it_is_wanted(recorded: Capturing) -> None:
    [file] = recorded.sealed(camera="camera.deaf")
    assert file.audio is None
    assert probed(recorded.data / file.path) == (["h264"], "")


def test_sound_that_cannot_be_kept_is_told_once_and_the_pictures_are_kept(
    recorded: Capturing,
) -> None:
    [trouble] = recorded.all("trouble", TroubleReport)
    assert (trouble.camera, trouble.why) == ("camera.mp2", "audio_unsupported")
    assert {file.audio for file in recorded.sealed(camera="camera.mp2")} == {None}


async def test_a_camera_that_refuses_its_sound_has_its_pictures_kept(
    clip: Path, tmp_path: Path
) -> None:
    with RtspFaults(clip) as server:
        async with capturing(tmp_path) as capture:
            await capture.set({source(server.url("deaf"), audio=True): wanted(tmp_path)})
            await capture.recorded(1.0)
    assert {file.audio for file in capture.sealed()} == {None}
    [trouble] = capture.all("trouble", TroubleReport)
    assert trouble.why == "audio_unsupported"


def test_headers_of_aac_and_opus_are_read() -> None:
    assert audio._aac(bytes.fromhex("1408")) == AAC
    assert audio._aac(bytes.fromhex("1190")) == AudioFormat("aac", 48_000, 2, b"\x11\x90")
    assert audio._aac(bytes.fromhex("f8e85000")) is None, "AAC-ELD is not played by browsers"
    for damaged in (b"\x11", b"\xff\xff", b"\x17\x80"):
        assert audio._aac(damaged) is None
    lengths = {b"\xf8": 960, b"\xf9\0": 1920, b"\xfb\x03": 2880, b"\x18": 2880, b"\x03": 0}
    assert {data: audio._opus_samples(data) for data in lengths} == lengths


def test_a_rate_of_a_track_is_its_own(clip: Path) -> None:
    fragment = next(f for f in assembled(clip, steadily(0, 3)) if f.moof.others)
    assert fragment.moof.others[0].rate == Fraction(16_000, fragment.epoch.scale)
