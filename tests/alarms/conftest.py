"""An alarm path on a real store, in a town where time is told to pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select

import hub.access.tables
import hub.automation.tables  # noqa: F401 - both databases are made whole
from hub.access.audit import AuditLog
from hub.access.people import People
from hub.access.seam import Access
from hub.alarms import tables as t
from hub.alarms.answers import Answers
from hub.alarms.incidents import Opening
from hub.alarms.ladders import Ladder, Rung
from hub.alarms.path import Alarms
from hub.alarms.wording import Wording
from hub.bus import Bus
from hub.clock import VirtualClock
from hub.model.entity import Area, Entity, Location
from hub.model.event import Event
from hub.model.incident import Severity
from hub.model.notify import DeliveryFailed, Note
from hub.registry import Registry
from hub.store.store import Store
from hub.store.tables import alarms as alarm_tables
from hub.store.tables import bulk as bulk_tables
from hub.tasks import Tasks
from hub.text.translations import Texts

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
LIFE_SAFETY = Ladder(
    "life_safety",
    (
        Rung(("duty",), timedelta(seconds=60)),
        Rung(("duty", "chief"), timedelta(minutes=2)),
    ),
)


class Pressed(Event, type="button.pressed", durable=True):
    pass


class FakeNotifier:
    """A way to reach people that does as it is told, and remembers what it was given."""

    def __init__(self, name: str, contact: str) -> None:
        self.name = name
        self.contact = contact
        self.notes: list[Note] = []
        self.attempts = 0
        self.fails: DeliveryFailed | None = None
        self.hangs = False

    async def send(self, hub: Any, note: Note) -> Mapping[str, Any]:
        self.attempts += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails is not None:
            raise self.fails
        self.notes.append(note)
        return {"message": len(self.notes)}

    def told(self) -> list[tuple[str, str]]:
        return [(note.kind, note.to.name) for note in self.notes]


class Town:
    """The alarm path and its surroundings. `crash()` forgets all that is not on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = VirtualClock(START)
        self.sms = FakeNotifier("sms", "phone")
        self.radio = FakeNotifier("radio", "call_sign")

    async def start(self) -> list[Event]:
        clock = self.clock
        self.bus = Bus()
        self.published: list[Event] = []
        self.bus.subscribe(None, self.published.append, owner="test")
        self.tasks = Tasks("test", clock)
        self.stores = [Store.at(self.folder / f"{name}.db") for name in ("alarms", "bulk")]
        for store, tables in zip(self.stores, (alarm_tables, bulk_tables), strict=True):
            tables.create_all(store.engine)
            store.open()
        self.registry = Registry(self.bus, clock)
        self.registry.configure({"market": Area("market", "Ринок", Location(49.7, 28.8))})
        button = Entity(entity_id="event.kiosk", name="Кнопка", area="market")
        self.registry.add([(button, None)])
        self.people = People(self.stores[1], clock)
        self.access = Access(AuditLog(self.stores[1], clock), clock)
        wording = Wording(self.registry)
        self.alarms = Alarms(
            self.stores[0], clock, self.bus, self.tasks, people=self.people.all,
            place=wording.place, describe=wording.describe, picture=self._picture,
        )  # fmt: skip
        self.alarms.journal.types = {Pressed.type: Pressed}
        self.alarms.configure({"life_safety": LIFE_SAFETY})
        self.answers = Answers(self.alarms, self.access, Texts("en"))
        for notifier in (self.sms, self.radio):
            self.alarms.recipients.add(notifier, None)
        again = await self.alarms.recover()
        self.alarms.start()
        return again

    async def _picture(self, ref: str) -> bytes | None:
        return ref.encode()

    async def crash(self) -> list[Event]:
        """As after `kill -9`: tasks end where they stand, nothing is tidied up."""
        await self.close()
        return await self.start()

    async def close(self) -> None:
        await self.tasks.close()
        for store in self.stores:
            await store.close()

    def press(self) -> Pressed:
        return Pressed(source="event.kiosk").stamped(area="market", received_at=self.clock.now())

    def opening(self, key: str = "run:0", event: Event | None = None, **more: Any) -> Opening:
        fields: dict[str, Any] = {
            "kind": "panic", "severity": Severity.CRITICAL, "title": "Panic", "area": "market",
            "source": "event.kiosk", "escalation": "life_safety", **more,
        }  # fmt: skip
        return Opening(key=key, event=event, **fields)

    async def settle(self) -> None:
        quiet = 0
        while quiet < 3:
            for _ in range(15):
                await asyncio.sleep(0)
            if any(store.asked for store in self.stores):
                quiet = 0
                await asyncio.sleep(0.0005)
            else:
                quiet += 1

    async def advance(self, seconds: float) -> None:
        await self.clock.advance(seconds, self.settle)

    async def rows(self, table: Any) -> list[Row[Any]]:
        return list(await self.stores[0].read(lambda c: c.execute(select(table)).all()))

    async def outbox(self) -> list[Row[Any]]:
        return await self.rows(t.outbox)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """Olena is on duty (sms and radio), Petro is the chief (radio)."""
    town = Town(tmp_path)
    await town.start()
    await town.people.add(
        "Olena", duties_held=frozenset({"duty"}), reached_by={"phone": "1", "call_sign": "10"}
    )
    await town.people.add(
        "Petro", duties_held=frozenset({"chief"}), reached_by={"call_sign": "20"}, language="uk"
    )
    yield town
    await town.close()
