"""The wire between hub and capture: rubbish is refused, strangers are not heard."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import random
import stat
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.clock import SystemClock
from hub.video.capture.server import Capture
from hub.video.talk import wire
from hub.video.talk.messages import Source, StreamReport


@pytest.fixture
async def socket(tmp_path: Path) -> AsyncIterator[Path]:
    """A capture's socket, in a folder deeper than a socket's address may be long."""
    data = tmp_path / ("deep" * 30)
    data.mkdir()
    path = data / "capture" / "socket"
    capture = Capture(data, SystemClock(), linger_s=60)
    running = asyncio.create_task(capture.run(path))
    while not path.exists():
        await asyncio.sleep(0.01)
    yield path
    capture.end()
    await running


async def raw(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    with wire._short_name(path) as name:
        return await asyncio.open_unix_connection(name)


async def peer_of(path: Path) -> tuple[wire.Peer, asyncio.Task[None]]:
    async def ignore(_head: wire.Head, _payload: bytes) -> None:
        return

    peer = await wire.connect(path)
    return peer, asyncio.create_task(peer.run(ignore))


RUBBISH = {
    "text": b"GET / HTTP/1.1\r\n\r\n" * 10,
    "a giant head": struct.pack(">II", 1 << 30, 0),
    "a giant payload": struct.pack(">II", 2, 1 << 31) + b"{}",
    "no JSON": struct.pack(">II", 4, 0) + b"{{{{",
    "no object": struct.pack(">II", 2, 0) + b"[]",
    "deep JSON": struct.pack(">II", 100_000, 0) + b"[" * 100_000,
    "no hello": wire.encode({"do": "stop", "id": 1}),
    "bytes": random.Random(1).randbytes(1000),
}


@pytest.mark.parametrize("kind", RUBBISH)
async def test_rubbish_closes_that_connection_with_one_line(
    socket: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    good, reading = await peer_of(socket)
    reader, writer = await raw(socket)
    writer.write(RUBBISH[kind])
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), 60)
    writer.close()
    await good.request("state")
    lines = [r for r in caplog.records if "rubbish" in r.getMessage()]
    assert len(lines) == 1
    assert lines[0].levelno == logging.WARNING
    good.close()
    await reading


@pytest.mark.parametrize(
    "head",
    [
        {"do": "fly", "id": 1},
        {"do": "state", "id": "one"},
        {"do": "record", "id": 1, "order": 5},
        {"do": "streams", "id": 1, "set": [1]},
        {"do": "streams", "id": 1, "set": {"camera.a/main": {"source": {"url": 1}}}},
        {"do": "streams", "id": 1, "set": {"camera.a/main": {"source": {}, "wanted": {}}}},
        {"id": 1},
    ],
)
async def test_a_request_that_is_none_closes_the_connection(
    socket: Path, head: dict[str, object]
) -> None:
    reader, writer = await raw(socket)
    writer.write(wire.encode({"hello": wire.VERSION}) + wire.encode(head))
    await asyncio.wait_for(reader.read(), 60)
    writer.close()
    good, reading = await peer_of(socket)
    await good.request("state")
    good.close()
    await reading


async def test_the_socket_is_for_its_own_user_only(socket: Path) -> None:
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    peer, reading = await peer_of(socket)
    assert (peer.pid, peer.uid) == (os.getpid(), os.getuid())
    peer.close()
    await reading


async def test_another_version_is_told_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "socket"

    async def old(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(wire.encode({"hello": wire.VERSION + 1}))
        await writer.drain()

    async with await asyncio.start_unix_server(old, sock=wire.listen(path)):
        with pytest.raises(wire.OtherVersion) as caught:
            await wire.connect(path)
    assert caught.value.pid == os.getpid()


async def test_a_socket_that_a_dead_process_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "capture" / "socket"
    wire.listen(path).close()
    with pytest.raises(ConnectionRefusedError):
        await wire.connect(path)
    wire.listen(path).close()


async def test_a_camera_that_is_not_set_up_is_refused(socket: Path) -> None:
    peer, reading = await peer_of(socket)
    with pytest.raises(wire.Refusal) as caught:
        await peer.request("snapshot", {"camera": "camera.nobody"})
    assert caught.value.why == "unknown_camera"
    peer.close()
    await reading


def test_reports_survive_the_wire_and_wrong_types_do_not() -> None:
    report = StreamReport(
        camera="camera.a",
        stream="main",
        online=True,
        reason=None,
        since=5.0,
        width=640,
        height=360,
        codec="h264",
        audio=None,
        recording=False,
        until=None,
        bitrate=0.0,
    )
    assert wire.build(StreamReport, wire.plain(report)) == report
    whole = {**wire.plain(report), "since": 5}
    assert wire.build(StreamReport, whole) == report
    for name, value in {"online": 1, "since": "5", "camera": None, "width": True}.items():
        with pytest.raises(wire.WireError):
            wire.build(StreamReport, {**wire.plain(report), name: value})


def test_areas_survive_the_wire() -> None:
    masks = (((0.1, 0.0), (1.0, 0.0), (0.5, 0.5)), ())
    source = Source("camera.a", "main", "rtsp://a", None, None, False, masks)
    sent = json.loads(json.dumps(wire.plain(source)))
    assert wire.build(Source, sent) == source
    for wrong in ([[[0.1]]], [[[0, 1, 2]]], [[["0", 1]]], [0.5], 5, None, [[[10**400, 0]]]):
        with pytest.raises(wire.WireError):
            wire.build(Source, {**sent, "masks": wrong})
