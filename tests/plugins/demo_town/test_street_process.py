"""The process of the demo town's cameras: what it serves, whom it drops, when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("av", reason="PyAV is not installed; the demo town encodes with it")
pytest.importorskip("PIL", reason="Pillow is not installed; the demo town draws with it")

import av

from plugins.demo_town.street import feed
from plugins.demo_town.street.overlay import read_counter

FOLDER = Path(__file__).parents[3] / "plugins" / "demo_town"
QUICK_PROBE = {"analyzeduration": "200000", "probesize": "100000"}


@pytest.fixture
def street() -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """The process, and the ports of its cameras."""
    with contextlib.ExitStack() as stack:
        cameras = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        market_square, river_quay = (camera.fileno() for camera in cameras)
        process = stack.enter_context(
            subprocess.Popen(
                [
                    *(sys.executable, "-m", "street", "--time-zone", "Europe/Kyiv"),
                    *("--market-square", str(market_square), "--river-quay", str(river_quay)),
                ],
                cwd=FOLDER,
                pass_fds=(market_square, river_quay),
                stdin=subprocess.PIPE,
            )
        )
        stack.callback(process.kill)
        yield process, [camera.getsockname()[1] for camera in cameras]


def numbers(port: int, count: int) -> list[int]:
    """The counters of the first frames that a reader gets."""
    found: list[int] = []
    with av.open(f"tcp://127.0.0.1:{port}", options=QUICK_PROBE, timeout=60) as video:
        for frame in video.decode(video=0):
            found.append(read_counter(frame.to_image()))
            if len(found) == count:
                break
    return found


def test_both_cameras_give_video_whose_frames_count(
    street: tuple[subprocess.Popen[bytes], list[int]],
) -> None:
    process, ports = street
    for port in ports:
        found = numbers(port, 14)
        assert found == sorted(set(found))
        # on a busy machine the camera leaves frames out, and their numbers too
        assert found[-1] - found[0] < 400
    again = numbers(ports[0], 3)
    assert again[0] % feed.GROUP == 0 or again[0] > found[0]
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=60) == 0


async def test_a_reader_that_joins_begins_with_a_keyframe(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = socket.create_server(("127.0.0.1", 0))
    served = feed.Feed("camera")
    task = asyncio.create_task(served.serve(camera))
    reader, writer = await asyncio.open_connection(*camera.getsockname())
    await asyncio.sleep(0.05)
    served.send(b"middle", keyframe=False)
    served.send(b"KEY", keyframe=True)
    served.send(b"next", keyframe=False)
    assert await reader.readexactly(7) == b"KEYnext"
    writer.close()
    task.cancel()


async def test_a_slow_reader_is_dropped_and_the_others_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    camera = socket.create_server(("127.0.0.1", 0))
    served = feed.Feed("camera")
    task = asyncio.create_task(served.serve(camera))
    slow = socket.create_connection(camera.getsockname())
    reader, writer = await asyncio.open_connection(*camera.getsockname())
    await asyncio.sleep(0.05)
    sent = 0
    for number in range(400):
        served.send(bytes(65_536), keyframe=number % feed.GROUP == 0)
        await reader.readexactly(65_536)
        sent += 1
    assert sent == 400
    assert capsys.readouterr().err == "camera: a reader is too slow and was dropped\n"
    slow.settimeout(5)
    received = 0
    with contextlib.suppress(ConnectionError):
        while data := slow.recv(1 << 20):
            received += len(data)
    assert received < 400 * 65_536
    slow.close()
    writer.close()
    task.cancel()


def test_the_encoder_gives_a_keyframe_every_second() -> None:
    from PIL import Image

    encoder = feed.Encoder()
    grey = Image.new("RGB", (feed.WIDTH, feed.HEIGHT), (90, 90, 90))
    keys = [number for number in range(40) if encoder.encode(grey, number)[1]]
    assert keys == [0, 12, 24, 36]
