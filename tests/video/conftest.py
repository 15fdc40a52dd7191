"""The video room of a hub in a folder of its own, real cameras, and fragments without waiting."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import pytest

from hub.bus import Bus
from hub.clock import SystemClock
from hub.holds import Holds
from hub.model.camera import Camera, Stream
from hub.model.event import Event
from hub.store.store import Store
from hub.store.tables import bulk
from hub.tasks import Tasks
from hub.video import tables  # noqa: F401  (its tables belong to `bulk`)
from hub.video.capture.fragments import Fragment, Packager
from hub.video.capture.timeline import Timeline
from hub.video.service import Video
from hub.video.settings import RecordingSettings
from tests.world import counted_clip
from tests.world.rtsp_cameras import PASSWORD, USER, RtspCameras, missing

CLIP_S = 20


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A numbered H.264 clip with a keyframe each second."""
    if lack := counted_clip.missing():
        pytest.skip(lack)
    return counted_clip.make(tmp_path_factory.mktemp("clips") / "h264.mp4", seconds=CLIP_S)


@pytest.fixture(scope="session")
def hevc_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if lack := counted_clip.missing():
        pytest.skip(lack)
    folder = tmp_path_factory.mktemp("clips")
    return counted_clip.make(folder / "hevc.mp4", codec="hevc", seconds=5)


@pytest.fixture(scope="session")
def rtsp(clip: Path, hevc_clip: Path) -> Iterator[RtspCameras]:
    """A server with the clips as cameras."""
    if lack := missing():
        pytest.skip(lack)
    server = RtspCameras([clip, hevc_clip], mounts=3)
    yield server
    server.stop()


def camera(name: str, url: str, password: str | None = PASSWORD) -> Camera:
    user = USER if url.startswith("rtsp") else None
    stream = Stream(url=url, username=user, password=password if user else None)
    return Camera(entity_id=f"camera.{name}", name=name, streams={"main": stream})


def town(*cameras: Camera) -> dict[str, Camera]:
    return {each.entity_id: each for each in cameras}


class VideoHub:
    """One hub's video room; what it published is in `events`. `settings` are of all cameras, `of`
    of single ones."""

    def __init__(
        self, data: Path, *, processes: int = 1, of: dict[str, Any] | None = None, **settings: Any
    ) -> None:
        self.data = data
        self.clock = SystemClock()
        self.bus = Bus()
        self.events: list[Event] = []
        self.bus.subscribe(None, self.events.append, owner="test")
        self.tasks = Tasks("video", self.clock)
        self.modes: dict[str, str] = {}
        self.store = Store.at(data / "bulk.db", synchronous="NORMAL")
        bulk.create_all(self.store.engine)
        self.video = Video(
            data_dir=data,
            clock=self.clock,
            bus=self.bus,
            tasks=self.tasks,
            store=self.store,
            time_zone=ZoneInfo("Europe/Kyiv"),
            active=lambda: self.modes,
            holds=Holds(self.store, self.clock),
            town="Town",
            may_delete=lambda: False,  # no test may depend on the room that a disk has
            settings=RecordingSettings.model_validate(
                {"default": settings, "cameras": of or {}, "processes": processes}
            ),
        )

    async def start(self, *cameras: Camera) -> None:
        self.store.open()
        await self.video.start()
        self.video.set_cameras(town(*cameras))

    async def stop(self, *, linger: bool = False) -> None:
        await self.video.stop(linger=linger)
        await self.tasks.close()
        await self.store.close()

    def heard(self, kind: str, source: str | None = None) -> list[Any]:
        return [e for e in self.events if e.type == kind and source in (None, e.source)]

    def online(self, *names: str) -> bool:
        return all(self.video.status(f"camera.{name}").online for name in names)

    @property
    def capture_pid(self) -> int:
        [peer] = self.video.processes.peers.values()
        return peer.pid


async def until(true: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.05)


MakeHub = Callable[..., Awaitable[VideoHub]]


@pytest.fixture
async def make_hub(tmp_path: Path) -> AsyncIterator[MakeHub]:
    """Start hubs on one data folder, one after the other; none leaves a process behind."""
    made: list[VideoHub] = []

    async def make(*cameras: Camera, **settings: Any) -> VideoHub:
        hub = VideoHub(tmp_path, **settings)
        made.append(hub)
        await hub.start(*cameras)
        return hub

    yield make
    for hub in made:
        with contextlib.suppress(RuntimeError):
            await hub.stop()
    end_capture(tmp_path)


def end_capture(data: Path) -> None:
    """Kill the capture process of a data folder, if one is left."""
    for proc in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = proc.read_bytes().split(b"\0")
            if b"hub.video.capture" in words and str(data).encode() in words:
                os.kill(int(proc.parent.name), signal.SIGKILL)


def fragments_of(clip: Path, *, start: float = 1_800_000_000.0) -> list[Fragment]:
    """All fragments of one round of a file, dated from `start` on, without waiting."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        to_annex_b = av.bitstream.BitStreamFilterContext(
            f"{stream.codec_context.name}_mp4toannexb", stream
        )
        assert stream.time_base is not None
        timeline = Timeline(float(stream.time_base))
        packager = Packager(stream.codec_context.name, stream.time_base, b"")
        found: list[Fragment] = []
        for raw in container.demux(stream):
            for packet in to_annex_b.filter(raw) if raw.size else ():
                assert packet.dts is not None
                time = timeline.place(packet.dts, start + packet.dts * float(stream.time_base))
                found += packager.push(packet, time)
        found += packager.close()
    for fragment in found:
        fragment.start = start + fragment.time
    return found
