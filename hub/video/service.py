"""Video, as the rest of the hub uses it: cameras, snapshots, recordings, clips."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Mapping, Set
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.bus import Bus
from hub.clock import Clock
from hub.model.camera import Camera
from hub.model.core_events import RecordingFinished
from hub.store.store import Store
from hub.tasks import Tasks
from hub.video import index, messages, wire
from hub.video.archive import STREAM, TIER
from hub.video.clips import Clip, Clips
from hub.video.health import Health, OnStatus
from hub.video.index import Recording
from hub.video.instants import instant
from hub.video.link import Link
from hub.video.messages import key_of
from hub.video.reasons import Reason, explain
from hub.video.reconcile import Reconciler
from hub.video.settings import VideoSettings
from hub.video.status import CameraStatus, CameraUnavailable, Snapshot

log = logging.getLogger("hub.video")

_SNAPSHOT_S = 8.0
_SETTLE_S = 120.0
_LATE_S = 5.0
"""An order comes some moments after the event that it looks back from."""


class Video:
    """The hub's half of video. The other half is the capture process, which it keeps running.

    `on_status` is called with a camera's entity id whenever what is known of it changes.
    """

    def __init__(
        self,
        *,
        data_dir: Path,
        clock: Clock,
        bus: Bus,
        tasks: Tasks,
        store: Store,
        settings: VideoSettings,
        on_status: OnStatus | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.on_status: OnStatus | None = on_status
        self._clock = clock
        self._bus = bus
        self._tasks = tasks
        self._store = store
        self._settings = settings
        self._cameras: dict[str, messages.Source] = {}
        self._settled = False
        self._health = Health(bus, clock, self._status_changed)
        self._clips = Clips(data_dir, store)
        self._reconciler = Reconciler(data_dir, store)
        self._link = Link(
            data=data_dir,
            linger_s=settings.linger.total_seconds(),
            clock=clock,
            connected=self._connected,
            notice=self._notice,
            down=self._health.capture_down,
        )
        self._indexed = asyncio.Event()
        self._running: asyncio.Task[Any] | None = None

    async def start(self) -> None:
        """Find or start the capture process; returns at once."""
        self._running = self._tasks.loop(self._link.run, "capture")
        self._tasks.start(self._settle(), "settle")

    async def stop(self, *, linger: bool) -> None:
        """Let go of the capture process (`linger`: it goes on recording and waits for the next
        hub), or end it with all files finished."""
        if not linger:
            await self._link.end()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def set_cameras(self, cameras: Mapping[str, Camera]) -> None:
        """Have exactly these cameras. What did not change is not disturbed."""
        wanted = {
            name: self._source(name, camera) for name, camera in cameras.items() if camera.streams
        }
        changed = {name: s for name, s in wanted.items() if self._cameras.get(name) != s}
        gone = self._cameras.keys() - wanted.keys()
        self._cameras = wanted
        self._health.forget(gone)
        self._health.expect(changed)
        peer = self._link.peer
        if (changed or gone) and peer is not None:
            self._tasks.start(self._tell_changes(peer, changed, gone), "tell cameras")

    def status(self, entity_id: str) -> CameraStatus:
        """How a camera is; raises KeyError where it is not set up."""
        return self._health[entity_id]

    async def snapshot(self, entity_id: str) -> Snapshot:
        """The last keyframe of a camera. Raises CameraUnavailable."""
        peer = self._link.peer
        if peer is None:
            raise CameraUnavailable(entity_id, Reason.CAPTURE_DOWN)
        try:
            fields = {"camera": entity_id}
            head, jpeg = await peer.request("snapshot", fields, timeout=_SNAPSHOT_S)
        except wire.Refusal as refusal:
            raise CameraUnavailable(entity_id, refusal.why) from None
        except (TimeoutError, ConnectionError):
            raise CameraUnavailable(entity_id, Reason.CAPTURE_DOWN) from None
        return Snapshot(jpeg, instant(float(head["at"])))

    async def record(
        self, *, key: str, camera: str, start: datetime, end: datetime, incident: int | None
    ) -> str:
        """Have a window of time recorded; it may begin in the past, as far as the pre-roll goes.

        The order is stored before anything is done, and told again until it is finished. The same
        key and camera give the same recording; a later end lengthens it while it is open.
        """
        id = hashlib.sha256(f"{key}\0{camera}".encode()).hexdigest()[:24]
        asked = Recording(id, camera, start, end, incident, "open")
        made_at = self._clock.now()
        order, changed = await self._store.write(
            lambda connection: index.put_recording(connection, asked, made_at)
        )
        if order.state == "open" and self._link.peer is not None:
            await self._order(self._link.peer, order)
        if changed:
            log.info("%s is recorded from %s to %s", camera, order.start, order.end)
        return id

    async def recordings(self, incident: int) -> list[Recording]:
        """What was ordered for an incident, in order of time."""
        return await self._store.read(lambda c: index.recordings_of(c, incident))

    async def clip(self, camera: str, start: datetime, end: datetime) -> Clip:
        """What is on disk of a window, as one MP4 file. Raises NothingRecorded."""
        return await self._clips.plan(camera, start, end)

    def _source(self, name: str, camera: Camera) -> messages.Source:
        stream = camera.streams.get(STREAM) or next(iter(camera.streams.values()))
        return messages.Source(
            camera=name,
            stream=STREAM,
            url=stream.url,
            username=stream.username,
            password=stream.password,
            audio=False,
            masks=(),
        )

    def _wanted(self) -> messages.Wanted:
        return messages.Wanted(
            mode=messages.ORDERS,
            ring_s=self._settings.pre_roll.total_seconds() + _LATE_S,
            ring_bytes=self._settings.pre_roll_bytes,
            tier=TIER,
            root=str(self.data_dir.absolute()),
            mounted=False,
        )

    async def _connected(self, peer: wire.Peer) -> None:
        """Bring a capture process, new or taken over, to what is wanted; then the index."""
        self._indexed.clear()
        await self._tell_cameras(peer, self._cameras, only=self._settled)
        for order in await self._store.read(index.open_recordings):
            await self._order(peer, order)
        state, _ = await peer.request("state")
        await self._reconciler.run(frozenset(state["open"]))
        self._indexed.set()
        log.info("the capture process %d serves %d cameras", peer.pid, len(self._cameras))

    async def _settle(self) -> None:
        """Cameras that the hub before this one had, and this one does not, go only now: until
        then the plugins that bring them may still be starting, and they are being recorded."""
        await self._clock.sleep(_SETTLE_S)
        self._settled = True
        if self._link.peer is not None:
            await self._tell_cameras(self._link.peer, self._cameras, only=True)

    async def _tell_cameras(
        self, peer: wire.Peer, cameras: Mapping[str, messages.Source], *, only: bool
    ) -> None:
        """Capture itself leaves alone what did not change, and says how each camera is."""
        wanted = wire.plain(self._wanted())
        streams = {
            key_of(name, STREAM): {"source": wire.plain(source), "wanted": wanted}
            for name, source in cameras.items()
        }
        try:
            await peer.request("streams", {"set": streams, "only": only})
            state, _ = await peer.request("state")
            for fields in state["streams"]:
                self._health.heard(wire.build(messages.StreamReport, fields))
        except (TimeoutError, ConnectionError):
            log.debug("capture went away; it is told when it is back")

    async def _tell_changes(
        self, peer: wire.Peer, changed: Mapping[str, messages.Source], gone: Set[str]
    ) -> None:
        if gone:
            with contextlib.suppress(TimeoutError, ConnectionError):
                await peer.request("remove", {"streams": [key_of(name, STREAM) for name in gone]})
        await self._tell_cameras(peer, changed, only=False)
        for order in await self._store.read(index.open_recordings):
            if order.camera in changed:  # it may have been ordered before the camera was there
                await self._order(peer, order)

    async def _order(self, peer: wire.Peer, order: Recording) -> None:
        start, end = order.start.timestamp(), order.end.timestamp()
        try:
            fields = wire.plain(messages.Order(order.id, order.camera, start, end))
            await peer.request("record", fields)
        except wire.Refusal as refusal:
            log.warning("%s is not recorded: %s", order.camera, explain(refusal.why))
            if order.end <= self._clock.now():
                await self._finished(messages.RecordedReport(order.id, order.camera, None))
        except (TimeoutError, ConnectionError):
            log.debug("capture went away; it is told when it is back")

    async def _notice(self, head: wire.Head) -> None:
        match head.get("tell"):
            case "stream":
                self._health.heard(wire.build(messages.StreamReport, head))
            case "segment":
                report = wire.build(messages.SegmentReport, head)
                await self._store.write(lambda c: index.put_segments(c, [report]))
            case "recorded":
                done = wire.build(messages.RecordedReport, head)
                self._tasks.start(self._finished(done), "close a recording")
            case "disk":
                self._disk(wire.build(messages.DiskReport, head))
            case "trouble":
                trouble = wire.build(messages.TroubleReport, head)
                log.warning("%s/%s: %s", trouble.camera, trouble.stream, explain(trouble.why))
            case other:
                raise wire.WireError(f"an unknown notice '{other}'")

    @staticmethod
    def _disk(report: messages.DiskReport) -> None:
        if report.why is None:
            log.info("recordings are written to '%s' again", report.tier)
        else:
            log.error("nothing is recorded to '%s': %s", report.tier, explain(report.why))

    async def _finished(self, report: messages.RecordedReport) -> None:
        await self._indexed.wait()  # it is judged by the files that there are
        until = None if report.until is None else instant(report.until)
        done = await self._store.write(
            lambda connection: index.finish_recording(connection, report.order, until)
        )
        if done is None:
            return
        recording, start, end = done
        self._bus.publish(
            RecordingFinished(
                source=recording.camera,
                received_at=self._clock.now(),
                recording=recording.id,
                start=start.isoformat(),
                end=end.isoformat(),
                incident=recording.incident,
                complete=recording.state == "finished",
            )
        )

    def _status_changed(self, camera: str, status: CameraStatus) -> None:
        if self.on_status is not None:
            self.on_status(camera, status)
