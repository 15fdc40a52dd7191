"""From an RTSP camera to a clip, proved by numbers that stand in the pictures."""

from __future__ import annotations

import asyncio
import io
import shutil
import subprocess
import threading
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import av
import pytest

from tests.video.conftest import CLIP_S, MakeHub, camera, until
from tests.world import counted_clip
from tests.world.rtsp_cameras import PASSWORD, USER, RtspCameras

ROUND = CLIP_S * counted_clip.RATE
BEFORE = timedelta(seconds=10)
AFTER = timedelta(seconds=2)


class Witness(threading.Thread):
    """Looks at the same camera by itself, and notes which frame is shown when."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url.replace("//", f"//{USER}:{quote(PASSWORD, safe='')}@")
        self._seen: list[tuple[float, int]] = []
        self._done = threading.Event()

    def run(self) -> None:
        with av.open(self._url, options={"rtsp_transport": "tcp"}, timeout=(5, 5)) as container:
            container.streams.video[0].codec_context.thread_count = 1
            for frame in container.decode(video=0):
                self._seen.append((time.time(), counted_clip.number_of(frame)))
                if self._done.is_set():
                    return

    def finish(self) -> list[tuple[float, int]]:
        """(arrival, number) of each frame; numbers go on rising over the rounds of the loop."""
        self._done.set()
        self.join(5)
        rising = counted_clip.unrolled([number for _, number in self._seen], ROUND)
        return [(at, number) for (at, _), number in zip(self._seen, rising, strict=True)]


def shown_at(seen: list[tuple[float, int]], instant: float) -> int:
    return max(number for at, number in seen if at <= instant)


async def test_a_clip_holds_ten_seconds_before_the_press_and_two_after(
    make_hub: MakeHub, rtsp: RtspCameras, tmp_path: Path
) -> None:
    witness = Witness(rtsp.url("h264"))
    witness.start()
    hub = await make_hub(camera("market", rtsp.url("h264")), camera("gate", rtsp.url("hevc")))
    await until(lambda: hub.online("market", "gate"))
    await asyncio.sleep(BEFORE.total_seconds() + 1.5)

    press = hub.clock.now()
    for name in ("market", "gate"):
        await hub.video.record(
            key=f"press/{name}",
            camera=f"camera.{name}",
            start=press - BEFORE,
            end=press + AFTER,
            incident=7,
        )
    picture = await hub.video.snapshot("camera.market")
    await until(lambda: len(hub.heard("recording.finished")) == 2)
    seen = witness.finish()

    for event in hub.heard("recording.finished"):
        assert event.complete
        assert event.incident == 7

    plan = await hub.video.clip("camera.market", press - BEFORE, press + AFTER)
    assert plan.start <= press - BEFORE
    assert plan.end >= press + AFTER
    assert plan.gaps == []
    file = tmp_path / "clip.mp4"
    file.write_bytes(b"".join([part async for part in plan.read()]))
    assert file.stat().st_size == plan.size

    numbers = counted_clip.numbers(file)
    first = shown_at(seen, (press - BEFORE).timestamp())
    last = shown_at(seen, (press + AFTER).timestamp())
    offset = next(o for o in range(0, 10 * ROUND, ROUND) if numbers[0] + o > first - 3 * 25)
    rising = [n + offset for n in counted_clip.unrolled(numbers, ROUND)]
    assert rising == list(range(rising[0], rising[0] + len(rising))), "a frame is missing"
    assert rising[0] <= first
    assert rising[-1] >= last - 1  # the last frame's arrival and the press share a moment

    with av.open(io.BytesIO(picture.jpeg)) as decoded:
        number = counted_clip.number_of(next(decoded.decode(video=0)).reformat(format="gray"))
    expected = shown_at(seen, picture.at.timestamp() + 0.02) % ROUND
    assert abs(number - expected) <= 2, "the picture shows another moment than it says"

    gate = await hub.video.clip("camera.gate", press - BEFORE, press + AFTER)
    assert gate.codec.startswith("hvc1.1.6.L")
    other = tmp_path / "gate.mp4"
    other.write_bytes(b"".join([part async for part in gate.read()]))
    assert len(counted_clip.numbers(other)) >= 12 * 25
    assert _complaints(file) == ""
    assert _complaints(other) == ""


def _complaints(file: Path) -> str:
    """What FFmpeg's tool says of a file that it reads whole."""
    if not shutil.which("ffprobe"):
        pytest.skip("ffprobe is missing")
    command = ["ffprobe", "-v", "warning", "-count_frames", "-show_streams", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr
