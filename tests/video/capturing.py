"""A capture inside the test's own process, told what to do over its socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from hub.clock import SystemClock
from hub.video.capture.server import Capture
from hub.video.talk import wire
from hub.video.talk.messages import (
    ALL,
    Outage,
    SegmentReport,
    Source,
    StreamReport,
    Wanted,
    key_of,
)

T = TypeVar("T")
Streams = Mapping[Source, Wanted]


def source(url: object, stream: str = "main", camera: str = "camera.a", **more: Any) -> Source:
    fields = {"username": None, "password": None, "audio": False, "masks": ()} | more
    return Source(camera=camera, stream=stream, url=str(url), **fields)


def wanted(root: Path, mode: str = ALL, **more: Any) -> Wanted:
    fields = {"ring_s": 20.0, "ring_bytes": 1 << 26, "tier": "main", "mounted": False} | more
    return Wanted(mode=mode, root=str(root), **fields)


class Capturing:
    """The hub's end of the socket, and what was told on it."""

    def __init__(self, data: Path, peer: wire.Peer) -> None:
        self.data = data
        self.peer = peer
        self.told: list[wire.Head] = []

    async def heard(self, head: wire.Head, _payload: bytes) -> None:
        self.told.append(head)

    def all(self, name: str, cls: type[T]) -> list[T]:
        return [wire.build(cls, head) for head in self.told if head.get("tell") == name]

    def sealed(self, stream: str = "main", camera: str = "camera.a") -> list[SegmentReport]:
        """The files of a stream that are finished, in the order of their begin."""
        found = [s for s in self.all("segment", SegmentReport) if s.end is not None]
        own = (s for s in found if (s.camera, s.stream) == (camera, stream))
        return sorted(own, key=lambda s: s.start)

    async def set(self, streams: Streams, *, only: bool = True) -> None:
        given = {
            key_of(source.camera, source.stream): {
                "source": wire.plain(source),
                "wanted": wire.plain(wanted),
            }
            for source, wanted in streams.items()
        }
        await self.peer.request("streams", {"set": given, "only": only})

    async def state(self) -> wire.Head:
        return (await self.peer.request("state"))[0]

    async def report(self, stream: str = "main", camera: str = "camera.a") -> StreamReport:
        state = await self.state()
        reports = [wire.build(StreamReport, fields) for fields in state["streams"]]
        return next(each for each in reports if (each.camera, each.stream) == (camera, stream))

    async def outages(self) -> list[Outage]:
        return [wire.build(Outage, fields) for fields in (await self.state())["outages"]]

    async def recorded(
        self, seconds: float, stream: str = "main", camera: str = "camera.a", *, within: float = 15
    ) -> None:
        """Wait until so much more is in files."""
        begun: float | None = None
        async with asyncio.timeout(within):
            while True:
                until = (await self.report(stream, camera)).until
                begun = until if begun is None else begun
                if until is not None and begun is not None and until - begun >= seconds:
                    return
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def capturing(data: Path) -> AsyncIterator[Capturing]:
    """Run a capture; at the end its files are sealed, and all it told is there."""
    path = data / "capture" / "socket"
    capture = Capture(data, SystemClock(), linger_s=60)
    running = asyncio.create_task(capture.run(path))
    while not path.exists():
        await asyncio.sleep(0.01)
    peer = await wire.connect(path)
    end = Capturing(data, peer)
    reading = asyncio.create_task(peer.run(end.heard))
    try:
        yield end
    finally:
        capture.end()
        await running
        await reading
