"""What covering areas of a camera costs.

    python -m benchmarks.masks [--seconds 10]

A street's pictures (a pattern that moves where HUB_TEST_DATA has none) are coded at 25 frames per
second in sizes of usual cameras, and go through the mask as fast as one thread can. Told is the
time of the processor for each frame, the share of a core that a camera needs, and how much larger
or smaller the stream becomes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.bitstream import BitStreamFilterContext

from benchmarks import machine
from hub.video.capture.masked import masked
from hub.video.capture.packets import VideoPacket
from hub.video.capture.source import Feed
from hub.video.talk.messages import Polygons

RATE = 25
SIZES = {"640x360": "700k", "1280x720": "2M", "1920x1080": "4M", "3840x2160": "8M"}
AREAS: Polygons = (
    ((0.1, 0.1), (0.3, 0.1), (0.2, 0.4)),
    ((0.6, 0.2), (0.8, 0.2), (0.8, 0.5), (0.6, 0.5)),
)
_STREET = "video/ahmetozlu-input_video.mp4"


class _There(Feed):
    """Packets that need not be waited for."""

    def __init__(self, found: Sequence[VideoPacket], base: Fraction) -> None:
        super().__init__("h264", base, b"")
        self._found = found

    def packets(self) -> Iterator[VideoPacket]:
        yield from self._found


def clip(path: Path, size: str, bitrate: str, seconds: float) -> Path:
    """Pictures as a camera would send them."""
    street = Path(os.environ.get("HUB_TEST_DATA", "")) / _STREET
    source = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={RATE}"]
    if street.is_file():
        source = ["-stream_loop", "-1", "-i", str(street)]
    scale = ["-vf", f"fps={RATE},scale={size.replace('x', ':')}", "-pix_fmt", "yuv420p"]
    coded = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "50", "-b:v", bitrate]
    command = ["ffmpeg", "-v", "error", "-y", *source, *scale, *coded, "-t", str(seconds), "-an"]
    subprocess.run([*command, str(path)], check=True)
    return path


def feed_of(path: Path) -> tuple[Feed, int, int]:
    """A feed of the file, its frames and its bytes."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
        found = [p for raw in container.demux(stream) if raw.size for p in to_annex_b.filter(raw)]
        assert stream.time_base is not None
        return _There(found, stream.time_base), len(found), sum(packet.size for packet in found)


def measure(path: Path) -> dict[str, Any]:
    """Cover all of a clip; one frame at a time, on one core."""
    feed, count, given = feed_of(path)
    begun = time.process_time()
    made = list(masked(feed, AREAS, threading.Event()).packets())
    spent = time.process_time() - begun
    size = sum(len(bytes(packet)) for packet in made if isinstance(packet, av.Packet))
    return {
        "frames": count,
        "ms_per_frame": round(1000 * spent / count, 2),
        "percent_of_a_core": round(100 * spent / count * RATE, 1),
        "size_to_before": round(size / given, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=10)
    seconds = parser.parse_args().seconds
    result: dict[str, Any] = {"rate": RATE, "load_before": machine.load(), "sizes": {}}
    with tempfile.TemporaryDirectory() as folder:
        for size, bitrate in SIZES.items():
            path = clip(Path(folder) / f"{size}.mp4", size, bitrate, seconds)
            result["sizes"][size] = measure(path)
            print(size, json.dumps(result["sizes"][size]), flush=True)
    machine.write("masks", result)


if __name__ == "__main__":
    main()
