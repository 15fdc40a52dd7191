"""Clips whose frames are numbered so that a machine reads the number back from the picture.

The top 16 lines hold 20 blocks, white for 1 and black for 0: the frame's number, highest bit
first. They survive encoding, and cutting without encoding.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import av

WIDTH, HEIGHT, STRIP = 640, 368, 16
BITS = 20
RATE = 25
_BLOCK = WIDTH // BITS
_STREET = "video/ahmetozlu-input_video.mp4"  # 640x352


def missing() -> str | None:
    """What this machine lacks to make a clip, or None."""
    return None if shutil.which("ffmpeg") else "ffmpeg is missing"


def make(path: Path, *, codec: str = "h264", seconds: int = 20, group: int = 25) -> Path:
    """Encode a clip, from a street's pictures where HUB_TEST_DATA holds them."""
    picture = HEIGHT - STRIP
    street = Path(os.environ.get("HUB_TEST_DATA", "")) / _STREET
    if street.is_file():
        source = ["-stream_loop", "-1", "-i", str(street)]
    else:
        source = ["-f", "lavfi", "-i", f"testsrc2=size={WIDTH}x{picture}:rate={RATE}"]
    strip = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{STRIP}", "-r", str(RATE)]
    joined = f"[0:v]fps={RATE},scale={WIDTH}:{picture},format=yuv420p[a];[1:v]format=yuv420p[b];"
    encoder = {
        "h264": ["-c:v", "libx264", "-bf", "0"],
        "hevc": ["-c:v", "libx265", "-x265-params", "log-level=none:bframes=0", "-tag:v", "hvc1"],
    }[codec]
    command = ["ffmpeg", "-v", "error", "-y", *source, *strip, "-i", "pipe:0"]
    command += ["-filter_complex", f"{joined}[b][a]vstack,format=yuv420p[v]", "-map", "[v]"]
    command += [*encoder, "-preset", "ultrafast", "-b:v", "1M", "-g", str(group)]
    command += ["-keyint_min", str(group), "-t", str(seconds), "-an", str(path)]
    frames = b"".join(_strip(number) for number in range(seconds * RATE))
    subprocess.run(command, input=frames, check=True, capture_output=True)
    return path


def _strip(number: int) -> bytes:
    bits = (number >> bit & 1 for bit in reversed(range(BITS)))
    line = b"".join((b"\xeb" if bit else b"\x10") * _BLOCK for bit in bits)
    return line * STRIP


def number_of(frame: av.VideoFrame) -> int:
    """The number in a decoded frame."""
    plane = frame.planes[0]
    line = bytes(plane)[plane.line_size * (STRIP // 2) :][:WIDTH]
    number = 0
    for block in range(BITS):
        number = number << 1 | (line[block * _BLOCK + _BLOCK // 2] > 128)
    return number


def numbers(path: Path) -> list[int]:
    """The numbers of all frames of a file, in order; raises av.error.FFmpegError."""
    with av.open(str(path)) as container:
        return [number_of(frame) for frame in container.decode(video=0)]


def unrolled(found: list[int], length: int) -> list[int]:
    """Numbers of a clip of `length` frames that was played in a loop, made to go on rising."""
    result: list[int] = []
    for number in found:
        rounds = result[-1] // length if result else 0
        if result and number < result[-1] % length:
            rounds += 1
        result.append(rounds * length + number)
    return result
