"""The capture processes: how many there are, which has which camera, and what each is told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

from hub.clock import Clock
from hub.tasks import Tasks
from hub.video.talk import wire
from hub.video.talk.link import Link
from hub.video.talk.spread import Spread
from hub.video.talk.wanted import Streams

log = logging.getLogger("hub.video")

_LAST_WORDS_S = 1.0
"""What a process told while it ended is still read."""
AGAIN_S = 10.0
MOVED_S = 10.0
"""A process beyond the number goes so long after the others have its cameras."""

Told = dict[str, dict[str, Any]]


def _cameras(streams: Streams) -> frozenset[str]:
    return frozenset(source.camera for source, _ in streams.values())


class Processes:
    """Keeps the capture processes running, each behind a link of its own: when one dies, its
    cameras alone wait for it. What is told is what differs from what was told.

    `connected(number, peer)` is called when a process, new or taken over, has its streams;
    `told(number, peer, cameras)` when cameras were added to one or changed; `notice(number, head)`
    for each notice; `lost(number, cameras)` when a process or the connection to it has ended,
    `down(cameras)` too where it cannot be kept running.
    """

    def __init__(
        self,
        *,
        data: Path,
        processes: int | Literal["auto"],
        linger_s: float,
        clock: Clock,
        tasks: Tasks,
        connected: Callable[[int, wire.Peer], Awaitable[None]],
        told: Callable[[int, wire.Peer, frozenset[str]], Awaitable[None]],
        notice: Callable[[int, wire.Head], Awaitable[None]],
        lost: Callable[[int, frozenset[str]], None],
        down: Callable[[frozenset[str]], None],
    ) -> None:
        self._folder = data.absolute() / "capture"
        self._data = data.absolute()
        self._linger_s = linger_s
        self._clock = clock
        self._tasks = tasks
        self._connected = connected
        self._changed = told
        self._notice = notice
        self._lost = lost
        self._down = down
        self._spread = Spread(processes, os.cpu_count() or 1)
        self._links: dict[int, Link] = {}
        self._running: list[asyncio.Task[Any]] = []
        self._silent: set[int] = set()
        self._told: dict[int, Told] = {}
        self._telling: dict[int, asyncio.Lock] = {}
        self._streams: Streams = {}
        self._pinned: Mapping[str, int] = {}
        self.settled = False
        """All cameras that there are have been told of: others that capture has may go."""
        self._cleared: set[int] = set()

    async def start(self) -> None:
        """Find or start the processes; returns at once."""
        numbers = await asyncio.to_thread(self._found)
        if numbers:
            self._spread.found(max(numbers), ())
        for number in range(1, self._spread.count + 1):
            self._begin(number)
        for number in numbers:
            if number > self._spread.count:
                work = self._retire(self._folder / str(number) / "socket")
                self._tasks.start(work, f"retire capture {number}", alone=True)
        self._tasks.start(self._retire(self._folder / "socket"), "retire old capture", alone=True)

    async def stop(self, *, linger: bool) -> None:
        """Let go of the processes (`linger`: they go on recording and wait for the next hub), or
        end them with all files finished."""
        if not linger and self._running:
            await asyncio.gather(*(link.end() for link in self._links.values()))
            await asyncio.wait(self._running, timeout=_LAST_WORDS_S)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    @property
    def peers(self) -> Mapping[int, wire.Peer]:
        """The connections that there are, by the numbers of the processes."""
        found = {number: link.peer for number, link in self._links.items()}
        return {number: peer for number, peer in found.items() if peer is not None}

    def number_of(self, camera: str) -> int | None:
        return self._spread.get(camera)

    def cameras_of(self, number: int) -> frozenset[str]:
        return self._spread.of(number)

    def peer_of(self, camera: str) -> wire.Peer | None:
        """The connection to the process of a camera, while there is one."""
        link = self._link_of(camera)
        return None if link is None else link.peer

    def socket_of(self, camera: str) -> Path | None:
        """Where the process of a camera listens."""
        link = self._link_of(camera)
        return None if link is None else link.socket

    def _link_of(self, camera: str) -> Link | None:
        number = self._spread.get(camera)
        return None if number is None else self._links.get(number)

    def want(self, streams: Streams, pinned: Mapping[str, int]) -> None:
        """Have exactly these streams, by their keys. What did not change is not disturbed.
        `pinned`: the processes of cameras for which settings name one."""
        known = _cameras(self._streams)
        self._streams, self._pinned = streams, pinned
        left = self._spread.cameras if self.settled else known
        self._spread.forget(left - _cameras(streams))
        self._place()
        for number, peer in self.peers.items():
            self._tasks.start(self._tell(number, peer), f"tell capture {number}")

    def _place(self) -> None:
        """Give new cameras a process, once it is known which of them a running one has."""
        if self._silent or not self._links:
            return
        loads: dict[str, int] = {}
        for source, _ in self._streams.values():
            loads[source.camera] = loads.get(source.camera, 0) + 1
        self._spread.place(loads, self._pinned)
        for number in range(len(self._links) + 1, self._spread.count + 1):
            self._begin(number)

    def _begin(self, number: int) -> None:
        self._telling[number] = asyncio.Lock()
        self._silent.add(number)
        link = self._links[number] = Link(
            folder=self._folder / str(number),
            data=self._data,
            linger_s=self._linger_s,
            clock=self._clock,
            connected=partial(self._reached, number),
            notice=partial(self._notice, number),
            lost=partial(self._gone, number),
            down=lambda: self._down(self._spread.of(number)),
        )
        self._running.append(self._tasks.loop(link.run, f"capture {number}"))

    async def _reached(self, number: int, peer: wire.Peer) -> None:
        state, _ = await peer.request("state", {"brief": True})
        self._told[number] = {}
        self._cleared.discard(number)
        self._spread.found(number, {str(fields["camera"]) for fields in state["streams"]})
        self._heard(number)
        await self._tell(number, peer, told=False)
        self._tasks.start(self._bring_up(number, peer), f"index of capture {number}", alone=True)

    async def _bring_up(self, number: int, peer: wire.Peer) -> None:
        """Beside the heartbeat, which must not wait for the database; again until it is done."""
        while self._links[number].peer is peer:
            try:
                await self._connected(number, peer)
                return
            except ConnectionError:
                return
            except Exception:
                log.exception("the index is not yet up to what capture %d wrote", number)
            await self._clock.sleep(AGAIN_S)

    def _gone(self, number: int) -> None:
        self._told.pop(number, None)
        self._lost(number, self._spread.of(number))
        self._heard(number)

    def _heard(self, number: int) -> None:
        """A process has said what it has, or is not there: nothing of it is waited for."""
        if number in self._silent:
            self._silent.discard(number)
            self._place()
            if not self._silent:
                self.want(self._streams, self._pinned)

    async def _tell(self, number: int, peer: wire.Peer, *, told: bool = True) -> None:
        """Bring a process to what is wanted of it. It leaves alone what did not change itself."""
        async with self._telling[number]:
            known = self._told.get(number)
            if known is None or peer is not self._links[number].peer:
                return
            wanted = self._of(number)
            new = {key: fields for key, fields in wanted.items() if known.get(key) != fields}
            gone = sorted(known.keys() - wanted.keys())
            only = self.settled and number not in self._cleared
            try:
                if gone:
                    await peer.request("remove", {"streams": gone})
                if new or only:
                    streams = wanted if only else new
                    await peer.request("streams", {"set": streams, "only": only})
            except (TimeoutError, ConnectionError):
                log.debug("capture %d went away; it is told when it is back", number)
                return
            self._told[number] = wanted
            if only:
                self._cleared.add(number)
        if told and new:
            cameras = frozenset(str(fields["source"]["camera"]) for fields in new.values())
            await self._changed(number, peer, cameras)

    def _of(self, number: int) -> Told:
        return {
            key: {"source": wire.plain(source), "wanted": wire.plain(wanted)}
            for key, (source, wanted) in self._streams.items()
            if self._spread.get(source.camera) == number
        }

    def _found(self) -> list[int]:
        """Numbers of the processes that have been here."""
        with contextlib.suppress(FileNotFoundError):
            names = [path.parent.name for path in self._folder.glob("*/socket")]
            return sorted(int(name) for name in names if name.isdecimal())
        return []

    async def _retire(self, socket: Path) -> None:
        """End a process that is no longer wanted, once the others have its cameras."""
        try:
            peer = await wire.connect(socket)
        except wire.OtherVersion as error:
            log.warning("a capture process that speaks %s is ended", error)
            with contextlib.suppress(ProcessLookupError):
                os.kill(error.pid, signal.SIGTERM)
            return
        except (OSError, wire.WireError):
            return
        reading = asyncio.create_task(peer.run(lambda head, _payload: self._notice(0, head)))
        try:
            await self._moved(peer)
            await peer.request("stop")
            log.info("the capture process %d is no longer needed; it ends", peer.pid)
            await reading
        except (TimeoutError, ConnectionError, wire.WireError, wire.Refusal):
            return
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            peer.close()

    async def _moved(self, peer: wire.Peer) -> None:
        """Wait until all cameras of a process are recorded by others too, or will not be."""
        state, _ = await peer.request("state", {"brief": True})
        cameras = {str(fields["camera"]) for fields in state["streams"]}
        while not self.settled and any(self._spread.get(each) is None for each in cameras):
            await self._clock.sleep(1.0)
        await self._clock.sleep(MOVED_S)
