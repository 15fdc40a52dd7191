"""What recording costs: the capture process against one `ffmpeg -c copy` per stream.

    python -m benchmarks.video [--streams 1 10 50 100] [--seconds 60] [--processes 1] [--most 0]

Both record the same RTSP streams (720p, 25 frames/s, 2 Mbit/s) in the same run, one after the
other, to files of a minute; the capture process keeps everything, seals each file with a digest
and forces it to the disk. CPU is user and system time of the processes over the window, in percent
of one core; memory is PSS at its end. What the process takes without any camera is told apart.

Every recorded frame is then read back: `lost` are frames that are not there, `holes_s` is time
between files that nothing covers, `behind_s` how old the last written frame of the worst stream
was at the end. `--most N` goes on beyond the largest number of `--streams`, in steps of a quarter
up to N, without ffmpeg, until something is missing: the last number before that is the most that
this machine records without a gap, its own RTSP server beside it.
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
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil

from benchmarks import machine
from benchmarks.recorded import Kept, read_back
from hub.video.talk import wire
from hub.video.talk.messages import ALL, SegmentReport, Source, StreamReport, Wanted
from tests.world.rtsp_cameras import PASSWORD, USER, RtspCameras, missing

RING_S = 12.0
SETTLE_S = 12.0
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
    capture: Cost
    added_cpu_per_stream: float
    added_mb_per_stream: float
    ring_mb: float
    kept: Kept
    whole: bool
    ffmpeg: Cost | None
    ffmpeg_cpu_per_stream: float | None
    ffmpeg_mb_per_stream: float | None
    cpu_ratio: float | None
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


class Capturing:
    """Capture processes that the streams are spread over, and what they told."""

    def __init__(self, folder: Path, processes: int) -> None:
        self._folder = folder
        self._own = [folder / "capture" / str(number) for number in range(processes)]
        self._running: list[subprocess.Popen[bytes]] = []
        self._peers: list[wire.Peer] = []
        self._reading: list[asyncio.Task[None]] = []
        self.sealed: dict[str, list[SegmentReport]] = defaultdict(list)

    async def start(self) -> None:
        for own in self._own:
            command = [sys.executable, "-m", "hub.video.capture", "--data", str(self._folder)]
            self._running.append(subprocess.Popen([*command, "--folder", str(own)]))
        for own in self._own:
            self._peers.append(await reached(own / "socket"))
            self._reading.append(asyncio.create_task(self._peers[-1].run(self._heard)))

    async def _heard(self, head: wire.Head, _payload: bytes) -> None:
        if head.get("tell") == "segment" and head.get("sha256"):
            report = wire.build(SegmentReport, head)
            self.sealed[report.camera].append(report)

    async def record(self, urls: Sequence[str]) -> None:
        wanted = wire.plain(Wanted(ALL, RING_S, 1 << 26, "main", str(self._folder), False))
        for number, peer in enumerate(self._peers):
            streams = {}
            for index in range(number, len(urls), len(self._peers)):
                camera = f"camera.c{index}"
                source = Source(camera, "main", urls[index], USER, PASSWORD, False, ())
                streams[f"{camera}/main"] = {"source": wire.plain(source), "wanted": wanted}
            await peer.request("streams", {"set": streams, "only": True})

    async def cost(self, seconds: float) -> Cost:
        return await window([psutil.Process(process.pid) for process in self._running], seconds)

    async def state(self) -> tuple[list[StreamReport], float]:
        """How the streams are, and how many MB of them are in memory."""
        reports, rings = [], 0
        for peer in self._peers:
            state, _ = await peer.request("state")
            reports += [wire.build(StreamReport, fields) for fields in state["streams"]]
            rings += sum(ring["bytes"] for ring in state["rings"].values())
        return reports, rings / 1e6

    async def stop(self) -> None:
        for peer in self._peers:
            await peer.request("stop")
        await asyncio.gather(*self._reading)
        for process in self._running:
            process.wait()


async def reached(socket: Path) -> wire.Peer:
    for _ in range(200):
        try:
            return await wire.connect(socket)
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit("a capture process did not start")


@dataclass(slots=True)
class Bench:
    """One run: its server, and what all its rows are compared with."""

    server: RtspCameras
    folder: Path
    seconds: float
    processes: int
    base: Cost = field(default_factory=lambda: Cost(0.0, 0.0))

    async def idle(self) -> None:
        capturing = Capturing(fresh(self.folder), self.processes)
        await capturing.start()
        await asyncio.sleep(3)
        self.base = await capturing.cost(min(self.seconds, 10))
        await capturing.stop()

    async def row(self, streams: int, *, compared: bool) -> Row:
        urls = [self.server.url("720p25", number) for number in range(streams)]
        theirs = await ffmpeg(urls, self.seconds, fresh(self.folder)) if compared else None
        rtsp = psutil.Process(self.server.pid)
        capturing = Capturing(fresh(self.folder), self.processes)
        await capturing.start()
        await capturing.record(urls)
        await asyncio.sleep(SETTLE_S)
        began = time.monotonic()
        served, everything = measured([rtsp])[0], sum(psutil.cpu_times()[:3])
        ours = await capturing.cost(self.seconds)
        wall = time.monotonic() - began
        server_cpu = 100 * (measured([rtsp])[0] - served) / wall
        all_cpu = 100 * (sum(psutil.cpu_times()[:3]) - everything) / wall
        reports, ring_mb = await capturing.state()
        behind = max(time.time() - (report.until or 0.0) for report in reports)
        await capturing.stop()
        kept = await asyncio.to_thread(read_back, self.folder, capturing.sealed, behind)
        shortest = 0.9 * self.seconds * streams
        whole = kept.whole and len(capturing.sealed) == streams and kept.seconds > shortest
        added = (ours.cpu - self.base.cpu) / streams
        return Row(
            streams=streams,
            capture=ours,
            added_cpu_per_stream=round(added, 3),
            added_mb_per_stream=round((ours.pss_mb - self.base.pss_mb) / streams, 2),
            ring_mb=round(ring_mb, 1),
            kept=kept,
            whole=whole,
            ffmpeg=theirs,
            ffmpeg_cpu_per_stream=theirs and round(theirs.cpu / streams, 3),
            ffmpeg_mb_per_stream=theirs and round(theirs.pss_mb / streams, 2),
            cpu_ratio=theirs and round(added / (theirs.cpu / streams), 3),
            server_cpu=round(server_cpu, 1),
            other_cpu=round(all_cpu - server_cpu - ours.cpu, 1),
        )


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def told(row: Row) -> Row:
    print(json.dumps(asdict(row)), flush=True)
    return row


async def main(counts: list[int], seconds: float, processes: int, most: int) -> None:
    if lack := missing():
        raise SystemExit(lack)
    server = RtspCameras([clip()], mounts=max(*counts, most))
    try:
        with tempfile.TemporaryDirectory() as scratch:
            bench = Bench(server, Path(scratch) / "data", seconds, processes)
            await bench.idle()
            rows = [told(await bench.row(streams, compared=True)) for streams in counts]
            streams = max(counts)
            while rows[-1].whole and (streams := streams + max(1, streams // 4)) <= most:
                rows.append(told(await bench.row(streams, compared=False)))
    finally:
        server.stop()
    result = {
        "what": "720p25, 2 Mbit/s, RTSP over TCP, all of it recorded without encoding",
        "seconds": seconds,
        "processes": processes,
        "capture_without_cameras": asdict(bench.base),
        "most_without_a_gap": max((row.streams for row in rows if row.whole), default=0),
        "rows": [asdict(each) for each in rows],
    }
    machine.write("video", result)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 10, 50, 100])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--most", type=int, default=0, help="go on up to so many streams")
    options = parser.parse_args()
    asyncio.run(main(options.streams, options.seconds, options.processes, options.most))
