"""Video, as the rest of the hub uses it: what it consists of, and how its parts hear each other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError

from hub.bus import Bus
from hub.clock import Clock
from hub.holds import Holds
from hub.model.camera import Camera
from hub.store.store import BegunAnew, Store, StoreClosed, StoreFull
from hub.tasks import Tasks
from hub.video.files.archive import STREAM, TIER
from hub.video.files.places import Tiers
from hub.video.health import Health, OnStatus
from hub.video.indexing import index, spans
from hub.video.indexing.index import Recording
from hub.video.indexing.indexer import Indexer
from hub.video.indexing.reconcile import Reconciler
from hub.video.instants import instant, millis
from hub.video.missing.causes import Causes
from hub.video.missing.expected import Expected
from hub.video.missing.ledger import Ledger
from hub.video.orders import Orders
from hub.video.reasons import Reason
from hub.video.retention.erasure import Erasure
from hub.video.retention.keeper import Keeper
from hub.video.settings import RecordingSettings, Word
from hub.video.status import CameraStatus, CameraUnavailable, Snapshot
from hub.video.talk import wire
from hub.video.talk.hearing import Hearing
from hub.video.talk.processes import Processes
from hub.video.talk.wanted import Place, Streams, first_stream, streams_of
from hub.video.watching.clips import Clip, Clips
from hub.video.watching.live import Live
from hub.video.watching.stills import Stills
from hub.video.watching.thumbnails import Thumbnails

log = logging.getLogger("hub.video")

_SNAPSHOT_S = 8.0
_MOST_ORDERS = 1_000
SETTLE_S = 120.0
"""Cameras that the hub before this one had, and this one does not, go only after so long: until
then the plugins that bring them may still be starting, and they are being recorded."""


class Video:
    """The hub's half of video. The other half are the capture processes, which it keeps running.

    `active` gives the modes of the town that are on, each with who switched it; `may_delete`
    whether the clock is trusted. `on_status` is called with a camera's entity id whenever what is
    known of it changes.
    """

    def __init__(
        self,
        *,
        data_dir: Path,
        clock: Clock,
        bus: Bus,
        tasks: Tasks,
        store: Store,
        settings: RecordingSettings,
        time_zone: ZoneInfo,
        active: Callable[[], Mapping[str, str]],
        holds: Holds,
        town: str,
        may_delete: Callable[[], bool],
        on_status: OnStatus | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.on_status = on_status
        self._clock = clock
        self._tasks = tasks
        self._store = store
        self._settings = settings
        self._cameras: dict[str, Camera] = {}
        self._streams: Streams = {}
        self._telling = False
        self._leaving = False
        self.health = Health(bus, clock, self._status_changed)
        self.tiers = Tiers(settings.tiers, data_dir)
        self.indexer = Indexer(store, clock, self.tiers)
        self.reconciler = Reconciler(store, clock, self.tiers, self.indexer)
        self.expected = Expected(store, clock, bus, time_zone, active)
        self.expected.on_change = lambda *_: self._tell_soon()
        self.causes = Causes(store, clock)
        self.ledger = Ledger(store, clock, bus, self.causes)
        self.reconciler.on_changed = self.ledger.changed
        self.clips = Clips(store, self.tiers)
        self.stills = Stills(store, self.tiers)
        self.thumbnails = Thumbnails(self.stills, data_dir)
        self.keeper = self._make_keeper(bus, holds, time_zone, may_delete)
        self.erasure = Erasure(
            store=store, clock=clock, data=data_dir, time_zone=time_zone, town=town, sure=may_delete
        )
        self._some_connected = asyncio.Event()
        self.processes = self._make_processes()
        self.orders = self._make_orders(bus)
        self.live = Live(self.processes.socket_of, self._tell_soon, tasks, clock)
        self.hearing = self._make_hearing()

    def _make_keeper(
        self, bus: Bus, holds: Holds, time_zone: ZoneInfo, may_delete: Callable[[], bool]
    ) -> Keeper:
        keeper = Keeper(
            store=self._store, clock=self._clock, bus=bus, tiers=self.tiers, holds=holds,
            settings=self._settings, time_zone=time_zone, may_delete=may_delete,
        )  # fmt: skip
        keeper.changed = self._changed
        return keeper

    def _make_hearing(self) -> Hearing:
        return Hearing(
            health=self.health, causes=self.causes, live=self.live, indexer=self.indexer,
            keeper=self.keeper, orders=self.orders, tasks=self._tasks,
            knows=lambda key: key in self._streams,
        )  # fmt: skip

    def _make_processes(self) -> Processes:
        return Processes(
            data=self.data_dir,
            processes=self._settings.processes,
            linger_s=self._settings.default.linger.total_seconds(),
            clock=self._clock,
            tasks=self._tasks,
            connected=self._connected,
            told=self._told,
            notice=self._notice,
            lost=self._lost,
            down=self.health.capture_down,
        )

    def _make_orders(self, bus: Bus) -> Orders:
        return Orders(
            store=self._store,
            clock=self._clock,
            bus=bus,
            tasks=self._tasks,
            peer_of=self.processes.peer_of,
            number_of=self.processes.number_of,
            flush=self.indexer.flush,
        )

    async def start(self) -> None:
        """Find or start the capture processes; returns at once."""
        self._tasks.loop(self.indexer.run, "index")
        self._tasks.loop(self._look_through, "reconcile")
        self._tasks.loop(self.expected.run, "what is to be recorded")
        self._tasks.loop(self.ledger.run, "ledger of gaps")
        self._tasks.loop(self.keeper.run, "room on the disks")
        self._tasks.loop(self.erasure.run, "record of erasure")
        self._tasks.loop(self._settle, "cameras that are gone")
        await self.processes.start()

    async def stop(self, *, linger: bool) -> None:
        """Let go of the capture processes (`linger`: they go on recording and wait for the next
        hub), or end them with all files finished."""
        await self.processes.stop(linger=linger)
        await self.stills.close()
        try:
            await self.indexer.flush()
        except (StoreFull, StoreClosed, BegunAnew, DBAPIError) as error:
            log.error("the last files are not in the index; the next start finds them: %s", error)

    def configure(self, settings: RecordingSettings) -> None:
        """Take over what was changed in the configuration, but for disks and processes."""
        self._settings = settings
        self.keeper.configure(settings)
        self._retell()

    def leave(self) -> None:
        """The hub stops. Its plugins take their cameras away now; these are to be recorded all the
        same, by capture that goes on and by the next hub."""
        self._leaving = True

    def set_cameras(self, cameras: Mapping[str, Camera]) -> None:
        """Have exactly these cameras. What did not change is not disturbed."""
        if self._leaving:
            return
        self._cameras = {name: camera for name, camera in cameras.items() if camera.streams}
        self._retell()

    def status(self, camera: str, stream: str | None = None) -> CameraStatus:
        """How a camera is, or one of its streams; raises KeyError where it is not set up."""
        return self.health.of(camera, stream)

    async def snapshot(self, camera: str) -> Snapshot:
        """The last keyframe of a camera. Raises CameraUnavailable."""
        peer = self.processes.peer_of(camera)
        if peer is None:
            raise CameraUnavailable(camera, Reason.CAPTURE_DOWN)
        try:
            fields = {"camera": camera}
            head, jpeg = await peer.request("snapshot", fields, timeout=_SNAPSHOT_S)
        except wire.Refusal as refusal:
            raise CameraUnavailable(camera, refusal.why) from None
        except (TimeoutError, ConnectionError):
            raise CameraUnavailable(camera, Reason.CAPTURE_DOWN) from None
        return Snapshot(jpeg, instant(float(head["at"])))

    async def record(
        self, *, key: str, camera: str, start: datetime, end: datetime, incident: int | None
    ) -> str:
        """Have a window of time recorded; see Orders.record."""
        return await self.orders.record(
            key=key, camera=camera, start=start, end=end, incident=incident
        )

    async def recordings(self, incident: int) -> list[Recording]:
        """What was ordered for an incident, in order of time."""
        return await self._store.read(lambda c: index.recordings_of(c, incident))

    async def orders_between(
        self, cameras: Collection[str], start: datetime, end: datetime
    ) -> list[Recording]:
        """What was ordered of some cameras in a stretch of time, in order; at most 1,000, the last
        ones."""
        ask = partial(index.recordings_between, cameras=cameras, start=start, end=end)
        return await self._store.read(partial(ask, most=_MOST_ORDERS))

    async def timeline(
        self, keys: Collection[str], start: datetime, end: datetime, points: int
    ) -> dict[str, spans.Timeline]:
        """What is recorded of streams (by their keys) in a stretch of time."""
        window = (millis(start), millis(end), points)
        return await self._store.read(lambda c: spans.timeline(c, keys, *window))

    async def clip(self, camera: str, start: datetime, end: datetime, stream: str = STREAM) -> Clip:
        """What is on disk of a window, as one MP4 file. Raises NothingRecorded."""
        return await self.clips.plan(camera, start, end, stream)

    def _retell(self) -> None:
        """What is to be recorded may be otherwise for each camera."""
        streams = {name: camera.streams.keys() for name, camera in self._cameras.items()}
        self.expected.configure(self._settings, streams, whole=self.processes.settled)
        self._tell()

    async def _settle(self) -> None:
        """What is left of cameras that are no longer there is put in order, now and then."""
        while True:
            await self._clock.sleep(SETTLE_S)
            if not self.processes.settled:
                self.processes.settled = True
                self._retell()
            await self.orders.settle(self._cameras)

    def _tell_soon(self) -> None:
        """Several modes may change at one moment."""
        if not self._telling:
            self._telling = True
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        """Tell capture, and those who watch, what has changed."""
        self._telling = False
        streams = streams_of(
            self._cameras, self._settings, self._mode_of, self.live.is_watched, self._place()
        )
        known, self._streams = self._streams, streams
        names = {key: (source.camera, source.stream) for key, (source, _) in streams.items()}
        first = {name: first_stream(camera) for name, camera in self._cameras.items()}
        self.health.have(first, names.values())
        self.health.expect(
            names[key] for key in names if key not in known or known[key][0] != streams[key][0]
        )
        for key in known.keys() - streams.keys():
            self.live.forget(known[key][0].camera, known[key][0].stream)
        pinned = {name: self._settings.of(name).process for name in self._cameras}
        self.processes.want(streams, {n: process for n, process in pinned.items() if process})

    def _mode_of(self, camera: str, stream: str) -> Word:
        return self.expected.mode(camera, stream).word

    def _place(self) -> Place:
        """Where new files go: the first tier."""
        for tier in self.tiers.configured:
            return Place(tier.name, self.tiers.root(tier.name), tier.mounted)
        return Place(TIER, self.tiers.root(TIER))

    async def _connected(self, number: int, peer: wire.Peer) -> None:
        """Bring the index up to what a capture process, new or taken over, has written."""
        cameras = self.processes.cameras_of(number)
        self.causes.capture(cameras, up=True)
        await self._told(number, peer, cameras)
        await self.reconciler.recent(self.hearing.writing)
        self.orders.go_on(number)
        self._some_connected.set()
        log.info("capture process %d (%d) serves %d cameras", number, peer.pid, len(cameras))

    async def _told(self, number: int, peer: wire.Peer, cameras: frozenset[str]) -> None:
        """Cameras are new to a process: so are their orders, and how they are."""
        await self.orders.tell(cameras)
        state, _ = await peer.request("state")
        self.hearing.state(number, state)

    async def _look_through(self) -> None:
        """Compare the whole disk and the index, once it is known what is being written."""
        await self._some_connected.wait()
        await self.reconciler.background(lambda: self.hearing.writing)

    async def _notice(self, number: int, head: wire.Head) -> None:
        await self.hearing.notice(number, head)

    def _lost(self, number: int, cameras: frozenset[str]) -> None:
        """A capture process has ended, or does not answer."""
        self.orders.wait_for(number)
        self.causes.capture(cameras, up=False)

    def _changed(self, camera: str, _stream: str, start: int, end: int) -> None:
        """Recordings were deleted or moved."""
        forgetting = self.thumbnails.forget(camera, instant(start / 1000), instant(end / 1000))
        self._tasks.start(forgetting, "forget small pictures")

    def _status_changed(self, camera: str, status: CameraStatus) -> None:
        if self.on_status is not None:
            self.on_status(camera, status)
