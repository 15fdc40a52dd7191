"""Live pictures: one connection to capture for a stream, however many watch it.

What capture sends is handed on as it is: nothing is copied or muxed for a viewer. A viewer who
does not keep up loses pictures and goes on at a keyframe; nobody else notices.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from hub.clock import Clock
from hub.tasks import Tasks
from hub.video.reasons import Reason
from hub.video.talk import wire
from hub.video.talk.messages import EpochNotice, MediaNotice, key_of

log = logging.getLogger("hub.video.live")

MAX_VIEWERS = 400
LINGER_S = 30.0
"""A stream is still followed so long after its last viewer: pages are left and opened again."""
AGAIN_S = 0.5
GROUP_BYTES = 8 << 20
"""A running group of pictures beyond this is not kept for those who come."""
UNREAD_BYTES = 12 << 20
UNREAD_S = 3.0
"""What a viewer has not read for so long, or beyond so many bytes, is dropped."""


class TooManyViewers(Exception):
    """So many watch that another one cannot be served."""


@dataclass(frozen=True, slots=True)
class Init:
    """What is needed to decode the pictures behind it. `mime` is what a browser is asked whether
    it can."""

    number: int
    mime: str
    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Media:
    """A fragment: `at` is the Unix time of its first frame, `time` where it lies on the timeline
    of its epoch, in seconds."""

    number: int
    key: bool
    at: float
    time: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """No pictures come at present."""

    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Pictures are missing here: this viewer did not keep up."""


Item: TypeAlias = Init | Media | Lost | Skipped


class Viewer:
    """One who watches; iterating over it gives what there is to show. It ends when the stream is
    no longer there."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._unread: deque[tuple[float, Item]] = deque()
        self._bytes = 0
        self._told = asyncio.Event()
        self._ended = False
        self._skipping = False
        self._init: Init | None = None

    def put(self, item: Item) -> None:
        """Queue something, or drop what is unread where it has become too much."""
        now = self._clock.monotonic()
        if self._unread and (
            now - self._unread[0][0] > UNREAD_S or self._bytes + _size(item) > UNREAD_BYTES
        ):
            self._skip(now)
        if self._skipping:
            if isinstance(item, Init):
                self._init = item
            if not isinstance(item, Media) or not item.key:
                return
            self._skipping = False
            if self._init is not None:
                self._add(now, self._init)
        self._add(now, item)

    def end(self) -> None:
        """Nothing more comes."""
        self._ended = True
        self._told.set()

    def __aiter__(self) -> Viewer:
        return self

    async def __anext__(self) -> Item:
        while not self._unread:
            if self._ended:
                raise StopAsyncIteration
            self._told.clear()
            await self._told.wait()
        _, item = self._unread.popleft()
        self._bytes -= _size(item)
        return item

    def _skip(self, now: float) -> None:
        inits = [item for _, item in self._unread if isinstance(item, Init)]
        if inits:
            self._init = inits[-1]
        elif not self._skipping:
            self._init = None
        self._unread.clear()
        self._bytes = 0
        self._skipping = True
        self._add(now, Skipped())

    def _add(self, now: float, item: Item) -> None:
        self._unread.append((now, item))
        self._bytes += _size(item)
        self._told.set()


def _size(item: Item) -> int:
    return len(item.data) if isinstance(item, Init | Media) else 0


class _Watched:
    """A stream that somebody watches: its viewers, and what a new one begins with."""

    def __init__(self, camera: str, stream: str) -> None:
        self.camera = camera
        self.stream = stream
        self.key = key_of(camera, stream)
        self.viewers: set[Viewer] = set()
        self.task: asyncio.Task[None] | None = None
        self.resting = False
        self._init: Init | None = None
        self._group: list[Media] = []
        self._bytes = 0
        self._lost: Lost | None = None
        self._number = 0

    def join(self, viewer: Viewer) -> None:
        self.viewers.add(viewer)
        if self._lost is not None:
            viewer.put(self._lost)
        elif self._init is not None:
            viewer.put(self._init)
            for media in self._group:
                viewer.put(media)

    def leave(self, viewer: Viewer) -> None:
        self.viewers.discard(viewer)

    async def take(self, head: wire.Head, payload: bytes) -> None:
        """What capture tells on the connection of this stream."""
        match head.get("tell"):
            case "epoch":
                told = wire.build(EpochNotice, head)
                self._number += 1
                self._group, self._bytes, self._lost = [], 0, None
                mime = f'video/mp4; codecs="{told.mime}"'
                self._init = Init(self._number, mime, told.width, told.height, payload)
                self._tell(self._init)
            case "media" if self._init is not None:
                self._media(wire.build(MediaNotice, head), payload)

    def _media(self, told: MediaNotice, payload: bytes) -> None:
        media = Media(self._number, told.key_frame, told.at, told.time, payload)
        if media.key:
            self._group, self._bytes = [], 0
        if media.key or self._group:
            self._group.append(media)
            self._bytes += len(payload)
        if self._bytes > GROUP_BYTES:
            self._group, self._bytes = [], 0
        self._tell(media)

    def lost(self, reason: str) -> None:
        """Nothing comes until the next epoch begins."""
        lost = Lost(reason)
        if lost != self._lost:
            self._init, self._group, self._bytes, self._lost = None, [], 0, lost
            self._tell(lost)

    def _tell(self, item: Item) -> None:
        for viewer in self.viewers:
            viewer.put(item)

    def end(self) -> None:
        for viewer in self.viewers:
            viewer.end()


class Live:
    """Who watches what. `socket_of` tells where the process listens that has a camera, if one
    has it; `changed` is called when a stream comes to be watched, or no longer is."""

    def __init__(
        self,
        socket_of: Callable[[str], Path | None],
        changed: Callable[[], None],
        tasks: Tasks,
        clock: Clock,
    ) -> None:
        self._socket_of = socket_of
        self._changed = changed
        self._tasks = tasks
        self._clock = clock
        self._watched: dict[str, _Watched] = {}
        self._connecting = asyncio.Lock()

    @property
    def viewers(self) -> int:
        return sum(len(watched.viewers) for watched in self._watched.values())

    @asynccontextmanager
    async def watch(self, camera: str, stream: str) -> AsyncIterator[Viewer]:
        """Watch a stream. Raises TooManyViewers."""
        if self.viewers >= MAX_VIEWERS:
            raise TooManyViewers
        watched = self._watched.get(key_of(camera, stream)) or self._follow(camera, stream)
        viewer = Viewer(self._clock)
        watched.join(viewer)
        try:
            yield viewer
        finally:
            watched.leave(viewer)
            if not watched.viewers and not watched.resting:
                watched.resting = True
                self._tasks.start(self._rest(watched), f"rest {watched.key}", alone=True)

    def is_watched(self, camera: str, stream: str) -> bool:
        """Whether somebody watches a stream, or did a moment ago."""
        return key_of(camera, stream) in self._watched

    def lost(self, camera: str, stream: str, reason: str) -> None:
        """A stream gives nothing, or its process does not."""
        watched = self._watched.get(key_of(camera, stream))
        if watched is not None:
            watched.lost(reason)

    def forget(self, camera: str, stream: str) -> None:
        """A stream is no longer there: who watches it is told that it ends."""
        watched = self._watched.get(key_of(camera, stream))
        if watched is not None:
            self._end(watched)

    def _follow(self, camera: str, stream: str) -> _Watched:
        watched = self._watched[key_of(camera, stream)] = _Watched(camera, stream)
        work = self._keep_following(watched)
        watched.task = self._tasks.start(work, f"watch {watched.key}", alone=True)
        self._changed()
        return watched

    async def _keep_following(self, watched: _Watched) -> None:
        while True:
            try:
                await self._session(watched)
            except wire.Refusal:
                watched.lost(Reason.CONNECTING)  # capture has not been told of it yet
            except (OSError, TimeoutError, wire.WireError):
                watched.lost(Reason.CAPTURE_DOWN)
            await self._clock.sleep(AGAIN_S)

    async def _session(self, watched: _Watched) -> None:
        """Follow a stream until the connection ends. Raises OSError, TimeoutError, WireError,
        Refusal."""
        socket = self._socket_of(watched.camera)
        if socket is None:
            raise wire.Refusal(Reason.UNKNOWN_CAMERA)
        async with self._connecting:  # capture's queue of connections is short
            peer = await wire.connect(socket)
        reading = asyncio.create_task(peer.run(watched.take))
        try:
            await peer.request("watch", {"key": watched.key})
            await reading
            raise ConnectionError("capture closed it")
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            peer.close()

    async def _rest(self, watched: _Watched) -> None:
        await self._clock.sleep(LINGER_S)
        watched.resting = False
        if not watched.viewers:
            self._end(watched)

    def _end(self, watched: _Watched) -> None:
        if self._watched.get(watched.key) is watched:
            del self._watched[watched.key]
            self._changed()
        if watched.task is not None:
            watched.task.cancel()
        watched.end()
