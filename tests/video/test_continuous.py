"""Streams of which all is kept: files that follow each other, sealed, of main and sub."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from pathlib import Path

import pytest

from hub.video.capture import recorder, server
from hub.video.files.archive import camera_of, start_of, stream_of
from hub.video.talk import wire
from hub.video.talk.messages import NONE, ORDERS, RecordedReport, StreamReport
from tests.video.capturing import Capturing, capturing, source, wanted
from tests.video.conftest import CLIP_S, until
from tests.world import counted_clip

ROUND = CLIP_S * counted_clip.RATE


def unbroken(data: Path, paths: list[str]) -> list[int]:
    """The numbers in the pictures of files that follow each other; none is missing or twice."""
    found = [number for path in paths for number in counted_clip.numbers(data / path)]
    rising = counted_clip.unrolled(found, ROUND)
    assert rising == list(range(rising[0], rising[0] + len(rising)))
    return rising


async def test_both_streams_of_a_camera_are_kept_whole_in_sealed_files(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "SEGMENT_S", 2.0)
    monkeypatch.setattr(server, "PROGRESS_S", 1.5)
    keep = wanted(tmp_path)
    async with capturing(tmp_path) as capture:
        await capture.set({source(clip): keep, source(clip, "sub"): keep})
        await asyncio.gather(capture.recorded(4.5), capture.recorded(4.5, "sub"))
        report = await capture.report()
        state = await capture.state()
    assert report.online
    assert report.recording
    assert 500_000 < report.bitrate < 4_000_000
    assert len(state["open"]) == 2
    told = [each.until for each in capture.all("stream", StreamReport) if each.stream == "sub"]
    assert len([until for until in told if until]) >= 3, "how far it is was not told"
    assert all(ring["seconds"] <= 1.5 for ring in state["rings"].values()), "a ring is too long"
    for stream in ("main", "sub"):
        files = capture.sealed(stream)
        assert len(files) >= 2
        unbroken(tmp_path, [file.path for file in files])
        for before, after in itertools.pairwise(files):
            assert after.start - (before.end or 0) == pytest.approx(0, abs=0.05)
        for file in files:
            data = (tmp_path / file.path).read_bytes()
            assert file.sha256 == hashlib.sha256(data).hexdigest()
            assert file.bytes == len(data)
            assert file.keyframes == round((file.end or 0) - file.start)
            assert (camera_of(file.path), stream_of(file.path)) == ("camera.a", stream)
            assert start_of(file.path) == pytest.approx(file.start, abs=0.5)
    assert not list((tmp_path / "capture" / "open").iterdir())


async def switched(capture: Capturing, clip: Path, *modes: str) -> None:
    for mode in modes:
        await capture.set({source(clip): wanted(capture.data, mode)})
        await asyncio.sleep(0.4)


async def test_switching_what_is_kept_loses_no_frame_and_connects_nothing_anew(
    clip: Path, tmp_path: Path
) -> None:
    async with capturing(tmp_path) as capture:
        await capture.set({source(clip): wanted(tmp_path)})
        await capture.recorded(1)
        since = (await capture.report()).since
        now = (await capture.report()).until or 0
        order = {"order": "o", "camera": "camera.a", "start": now, "end": now + 4}
        await capture.peer.request("record", order)
        await switched(capture, clip, ORDERS, "all", ORDERS, "all")
        await capture.recorded(3)
        assert (await capture.report()).since == since
        [done] = capture.all("recorded", RecordedReport)
        assert (done.order, done.camera) == ("o", "camera.a")
        assert (done.until or 0) >= now + 4
    assert len(unbroken(tmp_path, [file.path for file in capture.sealed()])) >= 5 * 25


async def test_what_comes_while_recording_is_switched_off_never_gets_into_a_file(
    clip: Path, tmp_path: Path
) -> None:
    async with capturing(tmp_path) as capture:
        await capture.set({source(clip): wanted(tmp_path, NONE)})
        async with asyncio.timeout(10):
            while not (await capture.report()).online:
                await asyncio.sleep(0.05)
        with pytest.raises(wire.Refusal) as refused:
            order = {"order": "o", "camera": "camera.a", "start": 0, "end": 9e9}
            await capture.peer.request("record", order)
        assert refused.value.why == "switched_off"
        _, picture = await capture.peer.request("snapshot", {"camera": "camera.a"})
        assert picture[:2] == b"\xff\xd8"
        await asyncio.sleep(1.5)
        on = (await capture.peer.request("snapshot", {"camera": "camera.a"}))[0]["at"]
        await capture.set({source(clip): wanted(tmp_path)})
        await capture.recorded(1.5)
        await capture.set({source(clip): wanted(tmp_path, NONE)})
        await until(lambda: len(capture.sealed()) == 1)
        off = (await capture.report()).until or 0
        await asyncio.sleep(1)
        assert (await capture.report()).until == off
    [file] = capture.sealed()
    assert file.start > on, "pictures from before it was switched on are kept"
