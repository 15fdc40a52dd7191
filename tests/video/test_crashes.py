"""Processes are killed; what was recorded stays, and recording goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path

from hub.video.files import mp4
from hub.video.indexing import index
from tests.video.conftest import CLIP_S, MakeHub, VideoHub, camera, until
from tests.world import counted_clip

ROUND = CLIP_S * counted_clip.RATE


def archive(hub: VideoHub) -> list[Path]:
    return sorted((hub.data / "archive").rglob("*.mp4"))


def indexed(hub: VideoHub) -> list[index.File]:
    """What the index knows of the last hour of camera.a."""
    now = hub.clock.now()
    with hub.store.engine.connect() as connection:
        return index.files(connection, "camera.a", "main", now - timedelta(minutes=59), now)


async def row(hub: VideoHub, id: str) -> index.Recording:
    found = await hub.store.read(lambda connection: index.recording(connection, id))
    assert found is not None
    return found


def layout(path: Path) -> mp4.Layout:
    fd = os.open(path, os.O_RDONLY)
    try:
        return mp4.scan(fd)
    finally:
        os.close(fd)


async def test_a_killed_capture_process_loses_one_fragment_and_is_replaced(
    make_hub: MakeHub, clip: Path
) -> None:
    hub = await make_hub(camera("a", str(clip)))
    await until(lambda: hub.online("a"))
    await asyncio.sleep(1)
    now = hub.clock.now()
    end = now + timedelta(seconds=5)
    id = await hub.video.record(
        key="k", camera="camera.a", start=now - timedelta(seconds=1), end=end, incident=None
    )
    await asyncio.sleep(1.5)
    first = hub.capture_pid
    killed_at = hub.clock.now()
    os.kill(first, signal.SIGKILL)
    [left] = archive(hub)
    with left.open("ab") as file:  # the fragment that it was writing
        file.write(b"\0\0\1\0moof\0\0\0\x10mfhd")

    await until(lambda: hub.heard("recording.finished"))
    await until(lambda: [file.end is not None for file in indexed(hub)] == [True, True])
    assert hub.capture_pid != first
    files = archive(hub)
    assert len(files) == 2, "the recording did not go on"
    for path in files:
        read = counted_clip.unrolled(counted_clip.numbers(path), ROUND)
        assert read == list(range(read[0], read[0] + len(read)))
        assert layout(path).whole == path.stat().st_size
        assert b"sidx" in path.read_bytes()[:16384]
    before, after = indexed(hub)
    assert before.end is not None
    assert killed_at - before.end < timedelta(seconds=0.6), "more than a fragment is lost"
    gap = (after.start - before.end).total_seconds()
    assert gap < 5
    done = await row(hub, id)  # the time in which nobody recorded is told
    assert done.state == ("incomplete" if gap > index.GAP_S else "finished")
    assert not hub.heard("camera.lost")


async def test_capture_goes_on_without_the_hub_and_the_next_hub_takes_it_over(
    make_hub: MakeHub, clip: Path, tmp_path: Path
) -> None:
    script = Path(__file__).with_name("hub_to_kill.py")
    victim = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(tmp_path), str(clip), stdout=asyncio.subprocess.PIPE
    )
    assert victim.stdout is not None
    told = (await asyncio.wait_for(victim.stdout.readline(), 60)).decode().split()
    id, capture_pid, start, end = told[0], int(told[1]), *map(datetime.fromisoformat, told[2:])
    victim.kill()
    await victim.wait()
    await asyncio.sleep(1)

    hub = await make_hub()  # its cameras come when their plugins are set up
    await until(lambda: hub.video.processes.peers)
    await asyncio.sleep(0.5)
    hub.video.set_cameras({"camera.a": camera("a", str(clip))})
    await until(lambda: hub.online("a"))
    assert hub.capture_pid == capture_pid
    await until(lambda: hub.heard("recording.finished"))
    done = await row(hub, id)
    assert done.state == "finished"
    plan = await hub.video.clip("camera.a", start, end)
    assert plan.start <= start
    assert plan.end >= end
    file = tmp_path / "clip.mp4"
    file.write_bytes(b"".join([part async for part in plan.read()]))
    read = counted_clip.unrolled(counted_clip.numbers(file), ROUND)
    assert read == list(range(read[0], read[0] + len(read))), "recording was interrupted"


async def test_what_capture_finished_while_the_hub_was_away_is_indexed(
    make_hub: MakeHub, clip: Path, tmp_path: Path
) -> None:
    hub = await make_hub(camera("a", str(clip)))
    await until(lambda: hub.online("a"))
    now = hub.clock.now()
    end = now + timedelta(seconds=1.5)
    id = await hub.video.record(key="k", camera="camera.a", start=now, end=end, incident=1)
    await hub.stop(linger=True)
    await asyncio.sleep(4)

    following = await make_hub(camera("a", str(clip)))
    await until(lambda: following.heard("recording.finished"))
    assert (await row(following, id)).state == "finished"
    [path] = archive(following)

    await until(lambda: [file.end is not None for file in indexed(following)] == [True])
    await following.stop()

    path.unlink()
    third = await make_hub(camera("a", str(clip)))
    await until(lambda: not indexed(third))
