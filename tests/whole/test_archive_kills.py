"""Hub and capture are killed at random moments while four cameras are recorded: what was recorded
before each is there, whole, in the index, and nothing else is."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.video.indexing import checking
from hub.video.tables import segments
from tests.video.conftest import VideoHub, camera, clip, end_capture, until
from tests.world import counted_clip

__all__ = ["clip"]

NAMES = ("a", "b", "c", "d")
ROUND = 20 * counted_clip.RATE
FRAGMENT_S = 0.2
LATE_S = 0.8
"""Frames that were on their way from the camera to the file, on a machine that has other work."""


class Recording:
    """A hub in a process of its own, its capture process, and when either was killed."""

    def __init__(self, data: Path, clip: Path) -> None:
        self.data = data
        self._command = [sys.executable, str(Path(__file__).with_name("recording_hub.py"))]
        self._command += [str(data), str(clip), *NAMES]
        self._hub: subprocess.Popen[bytes] | None = None
        self.capture_killed: list[float] = []

    def start(self) -> None:
        if self._hub is None:
            self._hub = subprocess.Popen(self._command)

    def kill_hub(self) -> None:
        if self._hub is not None:
            self._hub.kill()
            self._hub.wait()
            self._hub = None

    def kill_capture(self) -> None:
        self.capture_killed.append(datetime.now().timestamp())
        end_capture(self.data)

    def files(self) -> list[Path]:
        return sorted((self.data / "archive").rglob("*.mp4"))


async def killed(recording: Recording, kills: int, seed: int) -> None:
    """Kill one or the other or both so many times."""
    chance = random.Random(seed)
    victims = [("hub",), ("capture",), ("capture", "hub"), ("hub", "capture")]
    for _ in range(kills):
        recording.start()
        await asyncio.sleep(chance.uniform(0.4, 2.8))
        for victim in chance.choice(victims):
            recording.kill_hub() if victim == "hub" else recording.kill_capture()
    recording.start()
    await asyncio.sleep(2)
    recording.kill_hub()


async def settled(data: Path, source: Path) -> tuple[list[tuple[str, float, float]], list[str]]:
    """The index (camera, start, end) and findings of a check, after a last hub was there."""
    hub = VideoHub(data, mode="continuous")
    await hub.start(*(camera(name, str(source)) for name in NAMES))
    await until(lambda: hub.online(*NAMES), 30)
    await asyncio.sleep(1)
    await hub.video.stop(linger=False)
    later = hub.clock.now() + timedelta(hours=2)  # so that nothing counts as being written
    found = await checking.check(hub.store, hub.video.tiers, lambda: later, repair=False, deep=True)
    rows = await hub.store.read(lambda c: c.execute(select(segments)).all())
    await hub.stop()
    findings = [f"{finding.what} {finding.where}" for finding in found.findings]
    assert {row.state for row in rows} <= {"finished", "missing"}
    kept = [row for row in rows if row.end is not None]
    return [(row.camera, row.start / 1000, row.end / 1000) for row in kept], findings


def probed(file: Path) -> str:
    """What ffprobe has to say against a file."""
    done = subprocess.run(
        ["ffprobe", "-v", "warning", "-show_streams", "-of", "csv", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip() if done.stdout else "it has no stream"


async def played(tmp_path: Path, source: Path, kills: int, seed: int) -> None:
    recording = Recording(tmp_path, source)
    try:
        await killed(recording, kills, seed)
        rows, findings = await settled(tmp_path, source)
    finally:
        recording.kill_hub()
        end_capture(tmp_path)
    assert findings == []
    assert len(rows) == len(recording.files())
    for file in recording.files():
        assert probed(file) == "", file
        shown = counted_clip.unrolled(counted_clip.numbers(file), ROUND)
        assert shown == list(range(shown[0], shown[0] + len(shown))), file
    for name in NAMES:
        spans = sorted(span[1:] for span in rows if span[0] == f"camera.{name}")
        for before, at in pairwise([0.0, *recording.capture_killed]):
            ends = [end for start, end in spans if before < start < at]
            if ends:  # else its camera was only just being connected
                assert at - max(ends) < FRAGMENT_S + LATE_S, "more than a fragment is lost"


@pytest.mark.parametrize("seed", [4])
async def test_ten_kills_cost_a_fragment_each_and_leave_no_orphan(
    tmp_path: Path, clip: Path, seed: int
) -> None:
    await played(tmp_path, clip, 10, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
async def test_forty_kills_cost_a_fragment_each_and_leave_no_orphan(
    tmp_path: Path, clip: Path, seed: int
) -> None:
    await played(tmp_path, clip, 40, seed)
