"""Connections that watch a stream: each gets its fragments as they come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping

from hub.video.capture.fragments import Epoch, Fragment
from hub.video.capture.recorder import Recorder
from hub.video.files import codecs
from hub.video.reasons import Reason
from hub.video.talk import wire
from hub.video.talk.messages import EpochNotice, MediaNotice

UNSENT_BYTES = 16 << 20
"""A connection with more than this before it goes on at the next keyframe."""


class Watchers:
    """Who watches which stream. Its methods are called in the event loop.

    A connection watches one stream, until it is closed.
    """

    def __init__(self, recorders: Mapping[str, Recorder]) -> None:
        self._recorders = recorders
        self._loop = asyncio.get_running_loop()
        self._watchers: dict[str, dict[wire.Peer, _Watcher]] = {}

    def watch(self, peer: wire.Peer, key: str) -> None:
        """Send the running group of pictures, and from then on all that comes. Raises Refusal
        where there is no such stream."""
        recorder = self._recorders.get(key)
        if recorder is None:
            raise wire.Refusal(Reason.UNKNOWN_CAMERA)
        self.left(peer)

        def taken(fragment: Fragment) -> None:
            self._loop.call_soon_threadsafe(self._take, key, fragment)

        recorder.watched = taken
        self._watchers.setdefault(key, {})[peer] = _Watcher(peer, recorder.join())

    def left(self, peer: wire.Peer) -> None:
        """A connection has ended."""
        for key, watchers in tuple(self._watchers.items()):
            watcher = watchers.pop(peer, None)
            if watcher is not None:
                watcher.end()
            if not watchers:
                del self._watchers[key]
                if (recorder := self._recorders.get(key)) is not None:
                    recorder.watched = None

    def gone(self, key: str) -> None:
        """A stream was removed: connections that watch it are closed."""
        for peer in self._watchers.get(key, ()):
            peer.close()

    def _take(self, key: str, fragment: Fragment) -> None:
        for watcher in self._watchers.get(key, {}).values():
            watcher.take(fragment)


class _Watcher:
    """One connection: what it has to be sent waits here, within bounds. `joined`: what it begins
    with, the running group of pictures; the last of it may be handed to `take` as well."""

    def __init__(self, peer: wire.Peer, joined: tuple[Fragment, ...]) -> None:
        self._peer = peer
        self._joined = joined
        self._waiting = deque(joined)
        self._bytes = sum(len(fragment.data) for fragment in joined)
        self._skipping = not joined
        self._more = asyncio.Event()
        self._epoch: Epoch | None = None
        self._number = 0
        self._sending = asyncio.create_task(self._send_all())

    def take(self, fragment: Fragment) -> None:
        """Send this too."""
        if any(fragment is known for known in self._joined):
            return
        self._joined = ()
        if self._bytes > UNSENT_BYTES:
            self._waiting.clear()
            self._bytes = 0
            self._skipping = True
        self._skipping = self._skipping and not fragment.key
        if not self._skipping:
            self._waiting.append(fragment)
            self._bytes += len(fragment.data)
            self._more.set()

    def end(self) -> None:
        self._sending.cancel()

    async def _send_all(self) -> None:
        while True:
            while self._waiting:
                fragment = self._waiting.popleft()
                self._bytes -= len(fragment.data)
                self._send(fragment)
                try:
                    await self._peer.drain()
                except ConnectionError:
                    return
            self._more.clear()
            await self._more.wait()

    def _send(self, fragment: Fragment) -> None:
        epoch = fragment.epoch
        if epoch is not self._epoch:
            self._epoch = epoch
            self._number += 1
            mime = codecs.mime_codec(epoch.init)
            begun = EpochNotice(self._number, mime, epoch.width, epoch.height)
            self._peer.send({"tell": "epoch", **wire.plain(begun)}, epoch.init)
        media = MediaNotice(self._number, fragment.start, fragment.time, fragment.key)
        self._peer.send({"tell": "media", **wire.plain(media)}, fragment.data)
