"""The history: records what happens, keeps it as long as it may be kept, and answers questions."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from hub.bus import Bus, Unsubscribe
from hub.clock import Clock
from hub.history import export, graphs, hourly, queries, reader
from hub.history.clock_trust import ClockTrust
from hub.history.graphs import Graph
from hub.history.hourly import Hour
from hub.history.queries import EventRow, Page, Query, StateRow
from hub.history.recorder import Recorder
from hub.history.retention import Retention
from hub.history.runs import Runs
from hub.history.settings import HistorySettings
from hub.history.statistics import Statistics
from hub.model.core_events import (
    ConfigReloaded,
    HistoryPurgePaused,
    HistoryPurgeResumed,
    HubStarted,
    PluginRunning,
)
from hub.model.entity import State
from hub.model.event import Event
from hub.store.damage import PutAside
from hub.store.store import Store, StoreClosed, StoreFull
from hub.tasks import Tasks

log = logging.getLogger("hub.history")

BEAT_S = 60.0
PURGE_EVERY_S = 3_600.0
BUSY = 5_000
"""With more events than this waiting to be written, deleting waits too."""

STORE_ERRORS = (SQLAlchemyError, OSError, StoreFull, StoreClosed)

Present = Callable[[], Collection[tuple[State, str | None]]]


class History:
    """One for the hub. `present` gives the state of each entity that there is now, and its area."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        clock: Clock,
        settings: HistorySettings,
        types: Mapping[str, type[Event]],
        present: Present,
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._types = types
        self._present = present
        self._tasks = Tasks("history", clock)
        self.recorder = Recorder(store, bus, clock, self._tasks)
        self.trust = ClockTrust(store, clock)
        self._runs = Runs(store, clock)
        self._statistics = Statistics(
            store, clock, lambda: [state.entity_id for state, _ in present()]
        )
        self._retention = Retention(store, clock, settings)
        self._purged_at: float | None = None
        self._is_paused = False
        self._has_started = False
        self._ends: list[Unsubscribe] = []
        store.renewed.append(self._begin_anew)

    def _begin_anew(self, _aside: PutAside) -> None:
        """The database was damaged: the new one knows nothing of what was recorded before."""
        self.recorder.begin_anew()
        if self._has_started:
            self.recorder.meet(self._present())

    def configure(self, settings: HistorySettings) -> None:
        """Keep what has happened for so long from now on."""
        self._retention.settings = settings

    # life

    def start(self) -> None:
        """Listen to the bus. What entities are is noted when the hub has started, and whenever some
        may have come since: an entity that comes with its first value changes nothing by that."""
        self.recorder.start()
        for kind in (HubStarted, ConfigReloaded, PluginRunning):
            self._ends.append(self._bus.subscribe(kind.type, self._meet, owner="history"))
        self._tasks.loop(self._keep_house, "housekeeping")

    def _meet(self, event: Event) -> None:
        self._has_started = self._has_started or isinstance(event, HubStarted)
        if self._has_started:
            self.recorder.meet(self._present())

    async def stop(self) -> None:
        """Write what waits."""
        while self._ends:
            self._ends.pop()()
        await self.recorder.stop()
        await self._tasks.close()
        try:
            await self._runs.beat()
        except STORE_ERRORS as error:
            log.error("the end of this run was not noted in the history: %s", error)

    async def _keep_house(self) -> None:
        is_broken = False
        while True:
            try:
                await self._work()
                is_broken = False
            except STORE_ERRORS as error:
                if not is_broken:
                    log.error("the history is not looked after: %s", error)
                is_broken = True
            await self._clock.sleep(BEAT_S)

    async def _work(self) -> None:
        await self._runs.beat()
        is_trusted = await self.trust.look()
        self._tell_trust(is_trusted)
        await self._statistics.catch_up()
        if is_trusted:
            await self._purge()

    async def _purge(self) -> None:
        now = self._clock.monotonic()
        if self._purged_at is not None and now - self._purged_at < PURGE_EVERY_S:
            return
        deleted = await self._retention.purge(lambda: self.recorder.waiting < BUSY)
        self._purged_at = now
        if deleted:
            log.info("%d rows of the history were too old and are deleted", deleted)

    def _tell_trust(self, is_trusted: bool) -> None:
        """That nothing is deleted, once; and once that it goes on."""
        now = self._clock.now()
        if is_trusted or self._is_paused:
            if is_trusted and self._is_paused:
                self._is_paused = False
                log.warning("the clock is trusted again: what is too old of the history is deleted")
                self._bus.publish(HistoryPurgeResumed(source="hub", received_at=now))
            return
        self._is_paused = True
        sure = self.trust.sure.isoformat(timespec="seconds") if self.trust.sure else ""
        why = "the clock is further on than it can be"
        log.error(
            "nothing of the history is deleted: %s (last sure of %s). Set the clock right, or say "
            "on the page 'History' that it is right", why, sure,
        )  # fmt: skip
        self._bus.publish(HistoryPurgePaused(source="hub", received_at=now, trusted=sure, why=why))

    @property
    def is_purge_paused(self) -> bool:
        """Nothing is deleted, since the clock may be wrong."""
        return self._is_paused

    async def vouch_for_clock(self) -> None:
        """A person says that the clock is right."""
        await self.trust.vouch()
        self._tell_trust(True)

    # questions

    def recorded(self, since: datetime, until: datetime) -> AsyncIterator[Event]:
        """All that was recorded, as events in order; see hub.history.reader."""
        return reader.recorded(self._store, since, until, self._types)

    async def states(self, query: Query) -> Page[StateRow]:
        return await self._store.read(partial(queries.states, query=query))

    async def events(self, query: Query) -> Page[EventRow]:
        return await self._store.read(partial(queries.events, query=query))

    async def event_types(self) -> list[str]:
        """Types of events that were ever recorded."""
        return await self._store.read(queries.event_types)

    async def graph(self, entity_id: str, since: datetime, until: datetime) -> Graph:
        """What to draw of an entity; the future is left out."""
        until = min(until, self._clock.now())
        return await self._store.read(
            partial(graphs.graph, entity_id=entity_id, since=since, until=until)
        )

    async def statistics(self, entity_id: str, since: datetime, until: datetime) -> list[Hour]:
        """Statistics of the hours that are over."""
        return await self._store.read(
            partial(hourly.hours, entity_id=entity_id, since=since, until=until)
        )

    def states_csv(
        self, query: Query, zone: ZoneInfo, name: Callable[[str], str]
    ) -> AsyncIterator[bytes]:
        """Changes of state as CSV, oldest first; `name` gives the name of an entity."""
        return export.states_csv(self.states, query, zone, name)

    def events_csv(
        self, query: Query, zone: ZoneInfo, name: Callable[[str], str]
    ) -> AsyncIterator[bytes]:
        """Events as CSV, oldest first."""
        return export.events_csv(self.events, query, zone, name)
