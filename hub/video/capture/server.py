"""The capture process as its hub sees it: requests in, notices out."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hub.clock import Clock
from hub.video.capture.camera import CameraThread
from hub.video.capture.files import Archive
from hub.video.capture.live import Watchers
from hub.video.capture.outages import Outages
from hub.video.capture.pictures import Pictures
from hub.video.capture.recorder import Recorder
from hub.video.files.archive import STREAM
from hub.video.reasons import Reason
from hub.video.talk import wire
from hub.video.talk.messages import MODES, NONE, Order, Source, StreamReport, Wanted, key_of

log = logging.getLogger("hub.video.capture")

PROGRESS_S = 30.0
"""How far a stream has come in its files is told each time that it is so much further."""

Answer = tuple[dict[str, Any], bytes]
Handler = Callable[[wire.Peer, wire.Head], Awaitable[Answer]]


class Capture:
    """All streams of one process. Its methods are called in the event loop; streams live in
    threads, and speak to it through `tell`."""

    def __init__(
        self, data: Path, clock: Clock, linger_s: float, folder: Path | None = None
    ) -> None:
        self._clock = clock
        self._linger_s = linger_s
        self._archive = Archive(data, folder)
        self._finisher = ThreadPoolExecutor(1, thread_name_prefix="finish")
        self._workers = ThreadPoolExecutor(4, thread_name_prefix="work")
        self._streams: dict[str, CameraThread] = {}
        self._recorders: dict[str, Recorder] = {}
        self._told: dict[str, StreamReport] = {}
        self._outages = Outages()
        self._pictures = Pictures(self._streams, self._recorders, clock, self._workers)
        self._peers: set[wire.Peer] = set()
        self._watchers = Watchers(self._recorders)
        self._ending = asyncio.Event()
        self._changing = asyncio.Lock()
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
        for stream in self._streams.values():
            stream.stop()
        for recorder in self._recorders.values():
            recorder.close()
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
            for key, recorder in self._recorders.items():
                recorder.tick(now)
                self._tell_progress(self._streams[key].report)
            alone = 0.0 if self._peers else alone + 1.0
            if alone >= self._linger_s:
                log.info("no hub for %.0f s; capture ends", alone)
                self.end()

    def _tell_progress(self, report: StreamReport) -> None:
        """Tell that a recording began or ended, and from time to time how far it is."""
        told = self._told.get(key_of(report.camera, report.stream))
        recording, until = (False, None) if told is None else (told.recording, told.until)
        went_on = (report.until or 0.0) - (until or 0.0) >= PROGRESS_S
        if report.recording != recording or (report.recording and went_on):
            self._send("stream", report)

    def tell(self, name: str, report: object) -> None:
        """Hand a notice over from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._send, name, report)
        except RuntimeError:
            log.debug("a notice '%s' came after the end", name)

    def _send(self, name: str, report: object) -> None:
        if isinstance(report, StreamReport):
            key = key_of(report.camera, report.stream)
            if key not in self._streams:
                return  # it was removed while this was on its way
            self._told[key] = report
        head = {"tell": name, **wire.plain(report)}
        for peer in tuple(self._peers):
            peer.send(head)

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
            self._watchers.left(peer)
            peer.close()

    async def _request(self, peer: wire.Peer, head: wire.Head) -> None:
        number = head.get("id")
        work = self._requests.get(str(head.get("do")))
        try:
            if work is None or not isinstance(number, int):
                raise wire.WireError("an unknown request")
            fields, payload = await work(peer, head)
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

    @functools.cached_property
    def _requests(self) -> Mapping[str, Handler]:
        return {
            "streams": self._set_streams,
            "remove": self._remove,
            "record": self._record,
            "snapshot": self._snapshot,
            "state": self._state,
            "watch": self._watch,
            "stop": self._stop,
        }

    async def _set_streams(self, _peer: wire.Peer, head: wire.Head) -> Answer:
        given = _streams(head.get("set"))
        async with self._changing:
            if head.get("only"):
                for key in self._streams.keys() - given.keys():
                    await self._drop(key)
            for key, (source, wanted) in given.items():
                await self._put(key, source, wanted)
            self._choose_who_answers()
        return {}, b""

    async def _put(self, key: str, source: Source, wanted: Wanted) -> None:
        running = self._streams.get(key)
        if running is None:
            self._recorders[key] = Recorder(
                source.camera,
                source.stream,
                wanted,
                self._archive,
                self._finisher,
                self.tell,
                self._outages,
            )
        elif self._recorders[key].wanted != wanted:
            await self._work(self._recorders[key].change, wanted)
        if running is not None and running.source == source:
            return
        recorder = self._recorders[key]
        thread = CameraThread(source, recorder, self._clock, self.tell, self._outages)
        recorder.reader = thread
        if running is not None:
            running.stop()
            covered = source.masks != running.source.masks
            await self._work(recorder.forget if covered else recorder.interrupt)
        self._streams[key] = thread
        thread.start()

    async def _drop(self, key: str) -> None:
        stream, recorder = self._streams.pop(key), self._recorders.pop(key)
        stream.stop()
        self._told.pop(key, None)
        self._pictures.forget(key)
        self._watchers.gone(key)
        now = self._clock.now().timestamp()
        self._outages.end("source", stream.source.camera, stream.source.stream, now)
        await self._work(recorder.close)

    async def _work(self, work: Callable[..., None], *given: object) -> None:
        """Do what may have to wait for a disk."""
        await self._loop.run_in_executor(self._workers, work, *given)

    def _choose_who_answers(self) -> None:
        """One stream of each camera tells when orders are over."""
        for recorder in self._recorders.values():
            recorder.answers = self._main(recorder.camera) is recorder

    def _main(self, camera: str) -> Recorder | None:
        """The first stream of a camera: `main`, or the first that there is."""
        main = self._recorders.get(key_of(camera, STREAM))
        others = (each for each in self._recorders.values() if each.camera == camera)
        return main or next(others, None)

    async def _remove(self, _peer: wire.Peer, head: wire.Head) -> Answer:
        given = head.get("streams")
        if not isinstance(given, list):
            raise wire.WireError("no list of streams")
        async with self._changing:
            for key in given:
                if key in self._streams:
                    await self._drop(key)
            self._choose_who_answers()
        return {}, b""

    async def _record(self, _peer: wire.Peer, head: wire.Head) -> Answer:
        order = wire.build(Order, head)
        recorders = [each for each in self._recorders.values() if each.camera == order.camera]
        if not recorders:
            raise wire.Refusal(Reason.UNKNOWN_CAMERA)
        if all(recorder.wanted.mode == NONE for recorder in recorders):
            raise wire.Refusal(Reason.SWITCHED_OFF)
        for recorder in recorders:
            await self._work(recorder.order, order)
        return {}, b""

    async def _state(self, _peer: wire.Peer, head: wire.Head) -> Answer:
        recorders = self._recorders.values()
        state: dict[str, Any] = {
            "streams": [wire.plain(thread.report) for thread in self._streams.values()],
            "open": self._archive.unfinished(),
            "orders": sorted({order for recorder in recorders for order in recorder.orders}),
            "rings": {key: wire.plain(r.ring()) for key, r in self._recorders.items()},
            "cpu_s": sum(os.times()[:2]),
        }
        if not head.get("brief"):
            state["outages"] = [wire.plain(outage) for outage in self._outages.all()]
        return state, b""

    async def _watch(self, peer: wire.Peer, head: wire.Head) -> Answer:
        self._watchers.watch(peer, str(head.get("key")))
        self._peers.discard(peer)  # notices go over the other connection of its hub
        return {}, b""

    async def _stop(self, _peer: wire.Peer, _head: wire.Head) -> Answer:
        self._loop.call_later(0.05, self.end)
        return {}, b""

    async def _snapshot(self, _peer: wire.Peer, head: wire.Head) -> Answer:
        recorder = self._main(str(head.get("camera")))
        if recorder is None:
            raise wire.Refusal(Reason.UNKNOWN_CAMERA)
        at, picture = await self._pictures.of(recorder.name)
        return {"at": at}, picture


def _streams(given: Any) -> dict[str, tuple[Source, Wanted]]:
    """What a request wants of which stream; raises WireError."""
    if not isinstance(given, dict) or not all(isinstance(v, dict) for v in given.values()):
        raise wire.WireError("streams without sources")
    streams = {}
    for key, fields in given.items():
        if not isinstance(fields.get("source"), dict) or not isinstance(fields.get("wanted"), dict):
            raise wire.WireError("a stream without a source, or nothing said of what is wanted")
        source = wire.build(Source, fields["source"])
        wanted = wire.build(Wanted, fields["wanted"])
        if key != key_of(source.camera, source.stream) or wanted.mode not in MODES:
            raise wire.WireError("a stream of another name, or with an unknown mode")
        streams[key] = source, wanted
    return streams
