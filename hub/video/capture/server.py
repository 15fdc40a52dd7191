"""The capture process as its hub sees it: requests in, notices out."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av

from hub.clock import Clock
from hub.video import wire
from hub.video.capture import snapshot
from hub.video.capture.camera import CameraThread
from hub.video.capture.fragments import Fragment
from hub.video.capture.recorder import Recorder
from hub.video.capture.segment import Archive
from hub.video.reasons import Reason

log = logging.getLogger("hub.video.capture")

_FRESH_S = 15.0
"""A lost camera's last picture is given for so long."""
_FIRST_PICTURE_S = 4.0

Answer = tuple[dict[str, Any], bytes]


class Capture:
    """All cameras of one process. Its methods are called in the event loop; cameras live in
    threads, and speak to it through `tell`."""

    def __init__(self, data: Path, clock: Clock, linger_s: float) -> None:
        self._clock = clock
        self._linger_s = linger_s
        self._archive = Archive(data)
        self._finisher = ThreadPoolExecutor(1, thread_name_prefix="finish")
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="work")
        self._cameras: dict[str, CameraThread] = {}
        self._recorders: dict[str, Recorder] = {}
        self._pictures: dict[str, tuple[Fragment, bytes]] = {}
        self._peers: set[wire.Peer] = set()
        self._ending = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._serving: set[asyncio.Task[None]] = set()

    def end(self) -> None:
        """Ask it to finish its files and leave."""
        self._ending.set()

    async def run(self, path: Path) -> None:
        """Listen at `path` until asked to end, or left alone for too long."""
        server = await asyncio.start_unix_server(self._serve, sock=wire.listen(path))
        repair = asyncio.create_task(self._repair())
        ticking = asyncio.create_task(self._tick())
        await self._ending.wait()
        server.close()
        ticking.cancel()
        await repair
        await asyncio.to_thread(self._finish, path)
        await asyncio.sleep(0)  # what the finisher told reaches the connections
        for peer in self._peers:
            peer.close()
        if self._serving:
            await asyncio.wait(self._serving, timeout=1.0)

    def _finish(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        for camera in self._cameras.values():
            camera.stop()
        for recorder in self._recorders.values():
            recorder.interrupt()
        self._finisher.shutdown(wait=True)
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def _repair(self) -> None:
        for report in await self._loop.run_in_executor(self._finisher, self._archive.repair):
            self._send("segment", report)

    async def _tick(self) -> None:
        alone = 0.0
        while True:
            await self._clock.sleep(1.0)
            now = self._clock.now().timestamp()
            for recorder in self._recorders.values():
                recorder.tick(now)
            alone = 0.0 if self._peers else alone + 1.0
            if alone >= self._linger_s:
                log.info("no hub for %.0f s; capture ends", alone)
                self.end()

    def tell(self, name: str, report: object) -> None:
        """Hand a notice over from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._send, name, report)
        except RuntimeError:
            log.debug("a notice '%s' came after the end", name)

    def _send(self, name: str, report: object) -> None:
        fields = report if isinstance(report, Mapping) else wire.plain(report)
        for peer in tuple(self._peers):
            peer.send({"tell": name, **fields})

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        peer = wire.Peer(reader, writer)
        try:
            if peer.uid != os.getuid():
                raise wire.WireError("another user")
            await peer.greet()
            self._peers.add(peer)

            async def handle(head: wire.Head, _payload: bytes) -> None:
                self._start(self._request(peer, head))

            await peer.run(handle)
        except wire.WireError as error:
            self._refuse(peer, error)
        finally:
            self._peers.discard(peer)
            peer.close()

    async def _request(self, peer: wire.Peer, head: wire.Head) -> None:
        number = head.get("id")
        work = self._requests().get(str(head.get("do")))
        try:
            if work is None or not isinstance(number, int):
                raise wire.WireError("an unknown request")
            fields, payload = await work(head)
        except wire.WireError as error:
            self._refuse(peer, error)
        except wire.Refusal as refusal:
            peer.send({"id": number, "ok": False, "why": refusal.why})
        else:
            peer.send({"id": number, "ok": True, **fields}, payload)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Requests run beside each other, each up to its first wait in the order they came in."""
        task = asyncio.create_task(work)
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    @staticmethod
    def _refuse(peer: wire.Peer, error: wire.WireError) -> None:
        log.warning("process %d sent rubbish (%s); its connection is closed", peer.pid, error)
        peer.close()

    def _requests(self) -> Mapping[str, Callable[[wire.Head], Awaitable[Answer]]]:
        return {
            "cameras": self._set_cameras,
            "remove": self._remove,
            "record": self._record,
            "snapshot": self._snapshot,
            "state": self._state,
            "stop": self._stop,
        }

    async def _set_cameras(self, head: wire.Head) -> Answer:
        given = head.get("set")
        if not isinstance(given, dict) or not all(isinstance(v, dict) for v in given.values()):
            raise wire.WireError("cameras without sources")
        sources = {camera: wire.build(wire.Source, fields) for camera, fields in given.items()}
        if head.get("only"):
            for camera in self._cameras.keys() - sources.keys():
                self._drop(camera)
        for camera, source in sources.items():
            self._put(camera, source)
        return {}, b""

    def _put(self, camera: str, source: wire.Source) -> None:
        running = self._cameras.get(camera)
        if running is not None and running.source == source:
            return
        if running is None:
            self._recorders[camera] = Recorder(
                camera, source, self._archive, self._finisher, self.tell
            )
        else:
            running.stop()
            self._recorders[camera].interrupt()
            self._recorders[camera].change(source)
        thread = CameraThread(camera, source, self._recorders[camera], self._clock, self.tell)
        self._cameras[camera] = thread
        thread.start()

    def _drop(self, camera: str) -> None:
        self._cameras.pop(camera).stop()
        self._recorders.pop(camera).interrupt()
        self._pictures.pop(camera, None)

    async def _remove(self, head: wire.Head) -> Answer:
        given = head.get("cameras")
        if not isinstance(given, list):
            raise wire.WireError("no list of cameras")
        for camera in given:
            if camera in self._cameras:
                self._drop(camera)
        return {}, b""

    async def _record(self, head: wire.Head) -> Answer:
        order = wire.build(wire.Order, head)
        recorder = self._recorders.get(order.camera)
        if recorder is None:
            raise wire.Refusal(Reason.UNKNOWN_CAMERA)
        await self._loop.run_in_executor(self._workers, recorder.order, order)
        return {}, b""

    async def _state(self, _head: wire.Head) -> Answer:
        recorders = self._recorders.values()
        return {
            "cameras": [wire.plain(thread.report) for thread in self._cameras.values()],
            "open": self._archive.unfinished(),
            "orders": [order for recorder in recorders for order in recorder.orders],
            "rings": {name: wire.plain(r.ring()) for name, r in self._recorders.items()},
        }, b""

    async def _stop(self, _head: wire.Head) -> Answer:
        self._loop.call_later(0.05, self.end)
        return {}, b""

    async def _snapshot(self, head: wire.Head) -> Answer:
        camera = str(head.get("camera"))
        key = await self._last_key(camera)
        known = self._pictures.get(camera)
        if known is None or known[0] is not key:
            try:
                picture = await self._loop.run_in_executor(self._workers, snapshot.jpeg, key)
            except av.error.FFmpegError:
                raise wire.Refusal(Reason.NO_PICTURE) from None
            known = self._pictures[camera] = (key, picture)
        return {"at": key.start}, known[1]

    async def _last_key(self, camera: str) -> Fragment:
        """The last keyframe; that of a camera that is just being connected is waited for."""
        waited = 0.0
        while True:
            thread, recorder = self._cameras.get(camera), self._recorders.get(camera)
            if thread is None or recorder is None:
                raise wire.Refusal(Reason.UNKNOWN_CAMERA)
            report, key = thread.report, recorder.key
            now = self._clock.now().timestamp()
            if key is not None and (report.online or now - key.start < _FRESH_S):
                return key
            if report.reason != Reason.CONNECTING or waited >= _FIRST_PICTURE_S:
                raise wire.Refusal(report.reason or Reason.NO_PICTURE)
            await self._clock.sleep(0.1)
            waited += 0.1
