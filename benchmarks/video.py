"""What recording a camera costs: the capture process against one `ffmpeg -c copy` per stream.

    python benchmarks/video.py [--streams 1 10 25] [--seconds 60]

Both record the same RTSP streams (720p, 25 frames/s, 2 Mbit/s) in the same run, one after the
other, to files of a minute. CPU is user and system time of the processes over the window, in
percent of one core; memory is PSS at its end. The capture process also keeps a pre-roll of 12 s of
each stream in memory; those bytes, and what it takes without any camera, are told apart.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import machine  # noqa: E402
from hub.video import wire  # noqa: E402
from hub.video.messages import ALL, Source, Wanted  # noqa: E402
from tests.world.rtsp_cameras import PASSWORD, USER, RtspCameras, missing  # noqa: E402

RING_S = 12.0
SETTLE_S = RING_S + 6
CLIP_S = 60


@dataclass(slots=True)
class Cost:
    """CPU in percent of a core, memory (PSS) in MB."""

    cpu: float
    pss_mb: float


@dataclass(slots=True)
class Row:
    """Figures for one number of streams; `added` and `per_stream` are without the base."""

    streams: int
    ffmpeg: Cost
    capture: Cost
    ring_mb: float
    capture_added_cpu_per_stream: float
    capture_added_mb_per_stream_without_ring: float
    ffmpeg_cpu_per_stream: float
    ffmpeg_mb_per_stream: float
    cpu_ratio: float
    server_cpu: float
    other_cpu: float


def clip() -> Path:
    """A minute of 720p25 at 2 Mbit/s, encoded once."""
    folder = Path(tempfile.gettempdir()) / "safe-city-hub-benchmark"
    folder.mkdir(exist_ok=True)
    path = folder / "720p25.mp4"
    if not path.exists():
        new = path.with_suffix(".new.mp4")
        noise = "noise=alls=12:allf=t"
        source = f"testsrc2=size=1280x720:rate=25,{noise},format=yuv420p"
        command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-t", str(CLIP_S)]
        command += ["-c:v", "libx264", "-preset", "superfast", "-bf", "0", "-g", "50"]
        command += ["-b:v", "2M", "-maxrate", "2M", "-bufsize", "2M", str(new)]
        subprocess.run(command, check=True)
        new.rename(path)
    return path


def measured(processes: list[psutil.Process]) -> tuple[float, float]:
    """CPU seconds so far, and PSS in MB, of some processes together."""
    cpu = sum(sum(process.cpu_times()[:2]) for process in processes)
    pss = sum(process.memory_full_info().pss for process in processes)
    return cpu, pss / 1e6


async def window(processes: list[psutil.Process], seconds: float) -> Cost:
    """The cost of some processes over a window of time."""
    before, _ = measured(processes)
    began = time.monotonic()
    await asyncio.sleep(seconds)
    wall = time.monotonic() - began
    after, pss = measured(processes)
    return Cost(round(100 * (after - before) / wall, 2), round(pss, 1))


async def ffmpeg(urls: list[str], seconds: float, folder: Path) -> Cost:
    """One process per stream."""
    login = f"{USER}:{quote(PASSWORD, safe='')}@"
    running = []
    try:
        for number, url in enumerate(urls):
            command = ["ffmpeg", "-v", "error", "-rtsp_transport", "tcp"]
            command += ["-i", url.replace("rtsp://", f"rtsp://{login}"), "-c", "copy", "-an"]
            command += ["-f", "segment", "-segment_time", "60", "-reset_timestamps", "1"]
            running.append(subprocess.Popen([*command, f"{folder}/{number}-%d.mp4"]))
        await asyncio.sleep(SETTLE_S)
        cost = await window([psutil.Process(p.pid) for p in running], seconds)
        if any(process.poll() is not None for process in running):
            raise SystemExit("an ffmpeg process ended; the figures would mean nothing")
        return cost
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


async def capture(urls: list[str], seconds: float, folder: Path) -> tuple[Cost, float]:
    """The capture process with all streams, all recorded; its cost, and its rings in MB."""
    socket = folder / "capture" / "socket"
    command = [sys.executable, "-m", "hub.video.capture"]
    command += ["--data", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT)
    peer = await reached(socket)
    reading = asyncio.create_task(peer.run(ignored))
    wanted = wire.plain(Wanted(ALL, RING_S, 1 << 26, "main", str(folder), False))
    streams = {}
    for number, url in enumerate(urls):
        source = Source(f"camera.c{number}", "main", url, USER, PASSWORD, False, ())
        streams[f"camera.c{number}/main"] = {"source": wire.plain(source), "wanted": wanted}
    await peer.request("streams", {"set": streams, "only": True})
    await asyncio.sleep(SETTLE_S if urls else 3)
    cost = await window([psutil.Process(process.pid)], seconds if urls else min(seconds, 10))
    state, _ = await peer.request("state")
    if lost := [c["camera"] for c in state["streams"] if not c["online"]]:
        raise SystemExit(f"{len(lost)} cameras are lost; the figures would mean nothing")
    await peer.request("stop")
    await reading
    process.wait()
    return cost, sum(ring["bytes"] for ring in state["rings"].values()) / 1e6


async def ignored(_head: wire.Head, _payload: bytes) -> None:
    """Notices are of no interest here."""


async def reached(socket: Path) -> wire.Peer:
    for _ in range(100):
        try:
            return await wire.connect(socket)
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit("the capture process did not start")


async def row(server: RtspCameras, streams: int, seconds: float, base: Cost, folder: Path) -> Row:
    urls = [server.url("720p25", number) for number in range(streams)]
    rtsp = psutil.Process(server.pid)
    theirs = await ffmpeg(urls, seconds, fresh(folder))
    served, _ = measured([rtsp])
    everything = sum(psutil.cpu_times()[:3])
    began = time.monotonic()
    ours, ring = await capture(urls, seconds, fresh(folder))
    wall = time.monotonic() - began
    server_cpu = 100 * (measured([rtsp])[0] - served) / wall
    all_cpu = 100 * (sum(psutil.cpu_times()[:3]) - everything) / wall
    ours_cpu = (ours.cpu - base.cpu) / streams
    return Row(
        streams=streams,
        ffmpeg=theirs,
        capture=ours,
        ring_mb=round(ring, 1),
        capture_added_cpu_per_stream=round(ours_cpu, 3),
        capture_added_mb_per_stream_without_ring=round(
            (ours.pss_mb - base.pss_mb - ring) / streams, 2
        ),
        ffmpeg_cpu_per_stream=round(theirs.cpu / streams, 3),
        ffmpeg_mb_per_stream=round(theirs.pss_mb / streams, 2),
        cpu_ratio=round(ours_cpu / (theirs.cpu / streams), 3),
        server_cpu=round(server_cpu, 1),
        other_cpu=round(all_cpu - server_cpu - ours.cpu, 1),
    )


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


async def main(counts: list[int], seconds: float) -> None:
    if lack := missing():
        raise SystemExit(lack)
    server = RtspCameras([clip()], mounts=max(counts))
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "data"
            base, _ = await capture([], seconds, fresh(folder))
            rows = []
            for streams in counts:
                rows.append(await row(server, streams, seconds, base, folder))
                print(json.dumps(asdict(rows[-1])), flush=True)
    finally:
        server.stop()
    result = {
        "what": "720p25, 2 Mbit/s, RTSP over TCP, recorded without encoding",
        "seconds": seconds,
        "ring_s": RING_S,
        "capture_without_cameras": asdict(base),
        "rows": [asdict(each) for each in rows],
    }
    machine.write("video", result)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 10, 25])
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    asyncio.run(main(options.streams, options.seconds))
