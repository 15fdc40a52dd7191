"""A history with real parts: bus, registry and database, on a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hub.access.tables  # noqa: F401 - bulk.db is made whole
from hub.bus import Bus
from hub.clock import VirtualClock
from hub.history.service import History
from hub.history.settings import HistorySettings
from hub.model.core_events import CORE_EVENTS, HubStarted
from hub.model.entity import Area, Entity, StateValue
from hub.model.event import Event
from hub.registry import Registry
from hub.store.migrate import migrate
from hub.store.store import Store
from hub.store.tables import bulk

START = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
LATER = timedelta(days=1)


class Passed(Event, type="gate.passed"):
    """A car has passed."""

    plate: str = "AA0123BB"


class Pressed(Event, type="button.pressed", durable=True):
    """A press."""

    level: int = 1


TYPES = {event.type: event for event in (*CORE_EVENTS, Passed, Pressed)}
ENTITIES: Mapping[str, StateValue] = {
    "sensor.river": None,
    "binary_sensor.door": False,
    "sensor.mood": None,
}


class KeptTown:
    """A town whose history is kept. Made anew in the same folder, it is the hub after a restart."""

    def __init__(
        self, folder: Path, start: datetime = START, settings: HistorySettings | None = None
    ) -> None:
        self.folder = folder
        self.clock = VirtualClock(start)
        self.bus = Bus()
        self.registry = Registry(self.bus, self.clock)
        self.store = Store.at(folder / "bulk.db", synchronous="OFF")
        self.history = History(
            store=self.store, bus=self.bus, clock=self.clock,
            settings=settings or HistorySettings(), types=TYPES, present=self.registry.present,
        )  # fmt: skip
        self.heard: list[Event] = []
        self.bus.subscribe(None, self.heard.append, owner="test")

    async def start(self) -> KeptTown:
        migrate(self.store, bulk)
        self.store.open()
        self.registry.configure({"quay": Area("quay", "Набережна")})
        self.registry.add(
            (Entity(entity_id=name, name=name, area="quay", plugin="t"), value)
            for name, value in ENTITIES.items()
        )
        self.history.start()
        self.bus.publish(HubStarted(source="hub", received_at=self.clock.now()))
        await self.pass_time(0)
        return self

    async def stop(self) -> None:
        await self.history.stop()
        await self.store.close()

    async def crash(self) -> None:
        """End without a last write."""
        await self.history._tasks.close()
        await self.store.close()

    def set(self, entity_id: str, value: StateValue, **attributes: Any) -> None:
        self.registry.set_state(entity_id, value, attributes or None)

    def publish(self, event: Event) -> None:
        self.bus.publish(event.stamped(area="quay", received_at=self.clock.now()))

    async def pass_time(self, seconds: float) -> None:
        await self.clock.advance(seconds, self.settle)

    async def settle(self) -> None:
        """Until the database has nothing to do, and all who waited for it went on."""
        for _ in range(3):
            for _ in range(20):
                await asyncio.sleep(0)
            while self.store.asked:
                await asyncio.sleep(0.0005)

    async def written(self) -> None:
        """All that has happened is in the database."""
        assert await self.history.recorder.flush()

    async def recorded(self) -> list[Event]:
        """Everything, as the reader gives it."""
        await self.written()
        since, until = START - 1000 * LATER, START + 1000 * LATER
        return [event async for event in self.history.recorded(since, until)]

    async def rows(self, table: str) -> int:
        """How many rows a table has."""

        def count(connection: Any) -> int:
            return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar())

        return await self.store.read(count)
