"""Streams with faults: what can be kept is kept, and what is wrong is said."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.video.capture import assembly, recorder, segment
from hub.video.capture import camera as capture_camera
from hub.video.talk.messages import SegmentReport, StreamReport
from tests.video.capturing import Capturing, capturing, source, wanted
from tests.video.conftest import CLIP_S, until
from tests.world import counted_clip
from tests.world.rtsp_faults import RtspFaults
from tests.world.ts_camera import TsCamera, first, transport_stream, undated

ROUND = CLIP_S * counted_clip.RATE


@pytest.fixture(scope="module")
def small_clip(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same pictures in another size, each cut into four slices."""
    path = tmp_path_factory.mktemp("clips") / "small.mp4"
    command = ["ffmpeg", "-v", "error", "-i", str(clip), "-vf", "scale=480:276", "-c:v", "libx264"]
    command += ["-preset", "ultrafast", "-bf", "0", "-g", "25", "-x264-params", "slices=4"]
    subprocess.run([*command, str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def faulty(clip: Path, small_clip: Path) -> Iterator[RtspFaults]:
    with RtspFaults(clip, small_clip) as server:
        yield server


@pytest.fixture(scope="module")
def kept(
    faulty: RtspFaults, clip: Path, small_clip: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Capturing]:
    """Some seconds of cameras with faults; each bears its fault's name."""
    data = tmp_path_factory.mktemp("kept")
    undated_camera = TsCamera([undated(transport_stream(clip))])
    cameras = {f: faulty.url(f) for f in ("forward", "back", "frozen", "gap", "resized")}
    cameras["undated"] = undated_camera.url

    async def run() -> Capturing:
        async with capturing(data) as capture:
            urls = {f"camera.{name}": url for name, url in cameras.items()}
            await capture.set({source(url, camera=c): wanted(data) for c, url in urls.items()})
            await asyncio.gather(*(capture.recorded(5.5, camera=camera) for camera in urls))
        return capture

    with RtspFaults(small_clip) as slicing:
        cameras["sliced"] = slicing.url("sliced")
        yield asyncio.run(run())
    undated_camera.close()


def numbers(capture: Capturing, files: list[SegmentReport]) -> list[int]:
    found = [n for file in files for n in counted_clip.numbers(capture.data / file.path)]
    return counted_clip.unrolled(found, ROUND)


def length(file: SegmentReport) -> float:
    assert file.end is not None
    return file.end - file.start


@pytest.mark.parametrize("fault", ["forward", "back", "frozen", "undated"])
def test_a_stream_whose_clock_is_wrong_is_kept_whole_and_dated_by_its_arrival(
    kept: Capturing, fault: str
) -> None:
    [file] = kept.sealed(camera=f"camera.{fault}")
    read = numbers(kept, [file])
    assert read == list(range(read[0], read[0] + len(read)))
    # what FFmpeg's probing took in, half a second, comes at once: nothing dates it where all
    # frames bear one time
    assert length(file) == pytest.approx(len(read) / 25, abs=0.8 if fault == "frozen" else 0.3)


def test_a_gap_in_a_stream_is_a_gap_in_its_time(kept: Capturing) -> None:
    [file] = kept.sealed(camera="camera.gap")
    missing = 2 * 25
    assert length(file) == pytest.approx((len(numbers(kept, [file])) + missing) / 25, abs=0.3)


def test_a_stream_that_changes_its_size_goes_on_in_another_file(kept: Capturing) -> None:
    before, after = kept.sealed(camera="camera.resized")
    assert (before.width, before.height) == (640, 368)
    assert (after.width, after.height) == (480, 276)
    assert before.epoch != after.epoch
    assert after.start - (before.end or 0) == pytest.approx(0, abs=0.1)
    told = [(r.width, r.online) for r in kept.all("stream", StreamReport) if "resized" in r.camera]
    assert (480, True) in told
    assert all(online for _, online in told), "it was connected anew"


def test_slices_that_are_sent_one_by_one_become_whole_pictures(kept: Capturing) -> None:
    [file] = kept.sealed(camera="camera.sliced")
    probe = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames"]
    path = kept.data / file.path
    probed = subprocess.run([*probe, "-of", "csv=p=0", path], capture_output=True, check=True)
    assert probed.stderr == b""
    assert int(probed.stdout) == pytest.approx(25 * length(file), abs=3)


@pytest.fixture(scope="module")
def rare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtspFaults]:
    """A camera that gives a keyframe every ten seconds."""
    path = tmp_path_factory.mktemp("clips") / "rare.mp4"
    with RtspFaults(counted_clip.make(path, seconds=10, group=250)) as server:
        yield server


async def test_a_stream_without_keyframes_is_lost_for_that_reason(
    tmp_path: Path, faulty: RtspFaults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "FIRST_KEY_S", 1.0)
    async with capturing(tmp_path) as capture:
        await capture.set({source(faulty.url("keyless")): wanted(tmp_path)})
        await until(lambda: capture.all("stream", StreamReport))
        [outage] = await capture.outages()
    assert capture.all("stream", StreamReport)[0].reason == "no_keyframe"
    assert (outage.cause, outage.end) == ("no_keyframe", None)
    assert not capture.sealed()


async def test_a_stream_whose_keyframes_are_rare_is_connected_anew_to_get_one(
    tmp_path: Path, rare: RtspFaults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "NEXT_KEY_S", 3.0)
    monkeypatch.setattr(capture_camera, "FIRST_PAUSE_S", 0.2)
    monkeypatch.setattr(recorder, "SEGMENT_S", 1.0)
    async with capturing(tmp_path) as capture:
        small = wanted(tmp_path, ring_bytes=50_000)
        await capture.set({source(rare.url("steady")): small})
        await until(lambda: len(capture.sealed()) == 2)
        rings = (await capture.state())["rings"]
        outages = await capture.outages()
    assert rings["camera.a/main"]["bytes"] <= 50_000
    for file in capture.sealed()[:2]:
        read = counted_clip.numbers(tmp_path / file.path)
        assert len(read) >= 2 * 25
        assert read == list(range(read[0], read[0] + len(read))), "memory bounds cut the file"
    assert "no_keyframe" in {outage.cause for outage in outages}


async def test_a_file_that_grows_without_a_keyframe_ends_at_its_bound(
    tmp_path: Path, rare: RtspFaults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment, "MOST_BYTES", 300_000)
    async with capturing(tmp_path) as capture:
        await capture.set({source(rare.url("steady")): wanted(tmp_path)})
        await until(capture.sealed)
        await asyncio.sleep(1)
        report = await capture.report()
        outages = await capture.outages()
    assert [head["why"] for head in capture.told if head.get("tell") == "trouble"] == [
        "no_keyframe"
    ]
    [file] = capture.sealed()
    assert 300_000 <= file.bytes < 400_000
    assert report.online
    assert not report.recording
    assert (outages[-1].cause, outages[-1].end) == ("no_keyframe", None)
    assert outages[-1].start == pytest.approx(file.end or 0, abs=0.01)


async def test_a_camera_that_comes_back_with_another_codec_goes_on_in_another_file(
    clip: Path, hevc_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_camera, "FIRST_PAUSE_S", 0.2)
    camera = TsCamera([first(transport_stream(clip), 60), transport_stream(hevc_clip)])
    async with capturing(tmp_path) as capture:
        await capture.set({source(camera.url): wanted(tmp_path)})
        await until(
            lambda: len({file.codec for file in capture.all("segment", SegmentReport)}) == 2
        )
        await capture.recorded(0.5)
        outages = await capture.outages()
    camera.close()
    before, after = capture.sealed()
    assert (before.codec, after.codec) == ("h264", "hevc")
    assert numbers(capture, [before])
    assert counted_clip.numbers(tmp_path / after.path)
    lost = next(outage for outage in outages if outage.cause == "ended")
    assert lost.start == pytest.approx(before.end or 0, abs=0.1)
    assert lost.end == pytest.approx(after.start, abs=0.3)
