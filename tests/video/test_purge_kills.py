"""A hub that is killed while it deletes or moves: nothing is half, nothing is lost that is held."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.video.retention import disks as disks_module
from hub.video.retention.disks import Room
from tests.video.kept_archive import NOW, KeptArchive
from tests.video.purge_to_kill import recording

STEPS = ("mark", "unlink", "gone", "settle", "names", "copy", "follow", "end")


@pytest.fixture
async def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KeptArchive]:
    monkeypatch.setattr(
        disks_module, "room_of", lambda root: Room(10**12, 10**12, 0, 0, hash(root))
    )
    for tier in ("ssd", "nas"):
        (tmp_path / tier).mkdir()
    kept = KeptArchive(tmp_path, recording(tmp_path))
    yield kept
    await kept.close()


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_a_step_the_next_hub_finishes_it(
    kept: KeptArchive, step: str, tmp_path: Path
) -> None:
    old = await kept.put_all([9, 8.5, 8, 7], tier="ssd")
    held = await kept.put(20, tier="ssd")
    young = await kept.put_all([4, 3.5, 3, 2.5], tier="ssd")
    new = await kept.put(1, tier="ssd")
    await kept.holds.place(
        cameras=["camera.a"], start=NOW - timedelta(days=21), end=NOW - timedelta(days=19),
        reason="x", person="x",
    )  # fmt: skip
    command = [sys.executable, "-m", "tests.video.purge_to_kill", str(tmp_path), step]
    done = subprocess.run(command, timeout=60, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    kept.restart(recording(tmp_path))
    await kept.keeper._mover.resume()
    await kept.keeper._purge.resume()
    assert await kept.rows("purging") == []
    ssd, nas = kept.on_disk("ssd"), kept.on_disk("nas")
    assert not ssd & nas, "a file is on two disks"
    assert await kept.paths() == ssd | nas >= {held, *young, new}
    await kept.check_derived()
    await kept.look()
    assert await kept.paths("ssd") == kept.on_disk("ssd") == {new}
    assert await kept.paths("nas") == kept.on_disk("nas") == {held, *young}
    assert sum(entry.segments for entry in await kept.log()) == len(old)
    await kept.check_derived()
