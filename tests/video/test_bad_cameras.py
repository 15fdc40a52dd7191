"""Cameras that refuse, die, freeze or talk rubbish; the others do not notice."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.video.conftest import CLIP_S, MakeHub, camera, until
from tests.world import counted_clip
from tests.world.rtsp_cameras import PASSWORD, RtspCameras

ROUND = CLIP_S * counted_clip.RATE


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def talker(answer: bytes) -> AsyncIterator[int]:
    """A server that says the same to everybody."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_bad_cameras_say_why_and_disturb_no_other(
    make_hub: MakeHub,
    rtsp: RtspCameras,
    clip: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="hub")
    frozen = RtspCameras([clip])
    no_video = tmp_path / "no.mp4"
    no_video.write_bytes(b"this is no video" * 100)
    async with talker(bytes(range(256)) * 40) as rubbish:
        hub = await make_hub(
            camera("good", rtsp.url("h264", 0)),
            camera("strict", rtsp.url("h264", 1), password="wrong"),
            camera("absent", rtsp.url("nothing")),
            camera("dead", f"rtsp://127.0.0.1:{closed_port()}/x"),
            camera("rubbish", f"rtsp://127.0.0.1:{rubbish}/x"),
            camera("file", str(no_video)),
            camera("far", "tcp://192.0.2.1:99"),
            camera("frozen", frozen.url("h264")),
        )
        await until(lambda: hub.online("good", "frozen") and len(hub.heard("camera.lost")) == 6)
        now = hub.clock.now()
        end = now + timedelta(seconds=12)
        await hub.video.record(key="k", camera="camera.good", start=now, end=end, incident=None)
        frozen.freeze()
        await until(lambda: hub.heard("camera.lost", "camera.frozen"))
        frozen.thaw()
        await until(lambda: hub.heard("camera.back", "camera.frozen"))
        frozen.stop()
        await until(lambda: len(hub.heard("camera.lost", "camera.frozen")) == 2)
        again = RtspCameras([clip], port=frozen.port)
        await until(lambda: len(hub.heard("camera.back", "camera.frozen")) == 2)
        again.stop()
        await until(lambda: hub.heard("recording.finished"))

    reasons = {event.source: event.reason for event in reversed(hub.heard("camera.lost"))}
    assert reasons == {
        "camera.strict": "unauthorized",
        "camera.absent": "not_found",
        "camera.dead": "unreachable",
        "camera.rubbish": "rubbish",
        "camera.file": "rubbish",
        "camera.far": "bad_address",
        "camera.frozen": "stalled",
    }
    [path] = (tmp_path / "archive" / "good").rglob("*.mp4")
    read = counted_clip.unrolled(counted_clip.numbers(path), ROUND)
    assert len(read) >= 12 * counted_clip.RATE
    assert read == list(range(read[0], read[0] + len(read))), "the good camera lost frames"
    lines = [record.getMessage() for record in caplog.records]
    assert len([line for line in lines if "camera.rubbish is lost" in line]) == 1
    told = "\n".join(lines) + (tmp_path / "capture" / "1" / "capture.log").read_text()
    assert "wrong" not in told
    assert PASSWORD not in told


async def test_cameras_that_did_not_change_are_not_disturbed(
    make_hub: MakeHub, clip: Path, tmp_path: Path
) -> None:
    kept = camera("kept", str(clip))
    hub = await make_hub(kept, camera("gone", str(clip)))
    await until(lambda: hub.online("kept", "gone"))
    since = hub.video.status("camera.kept").since
    hub.video.set_cameras({kept.entity_id: kept, "camera.new": camera("new", str(clip))})
    await until(lambda: hub.online("new"))
    assert hub.video.status("camera.kept").since == since
    with pytest.raises(KeyError):
        hub.video.status("camera.gone")
    assert not hub.heard("camera.lost")


async def test_an_order_for_a_camera_that_is_still_to_come_is_kept_for_it(
    make_hub: MakeHub, clip: Path
) -> None:
    hub = await make_hub()
    await until(lambda: hub.video.processes.peers)
    now = hub.clock.now()
    end = now + timedelta(seconds=2.5)
    await hub.video.record(key="k", camera="camera.late", start=now, end=end, incident=None)
    hub.video.set_cameras({"camera.late": camera("late", str(clip))})
    await until(lambda: hub.heard("recording.finished"))
    assert [file async for file in (await hub.video.clip("camera.late", now, end)).read()]
