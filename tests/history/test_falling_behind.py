"""When the database is slow, full or gone: the bus goes on, and the least important goes first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from hub.history.buffer import Buffer
from hub.history.recorder import Recorder
from hub.model.core_events import HistoryCaughtUp, HistoryShed
from hub.model.event import Event
from tests.history.kept import KeptTown, Passed, Pressed

BOUND = 20


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[KeptTown]:
    """A town whose history has a small buffer."""
    town = KeptTown(tmp_path)
    own = town.history
    own.recorder = Recorder(town.store, town.bus, town.clock, own._tasks, Buffer(BOUND))
    await town.start()
    await town.written()
    town.heard.clear()
    yield town
    await town.stop()


class Failing:
    """Stands before the store and lets no write through while `error` is set."""

    def __init__(self, town: KeptTown, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: Exception | None = None
        self.tried = 0
        self._write = town.store.write
        monkeypatch.setattr(town.store, "write", self.write)

    async def write(self, work: Callable[..., Any]) -> Any:
        if self.error is not None:
            self.tried += 1
            raise self.error
        return await self._write(work)


@pytest.fixture
def disk(town: KeptTown, monkeypatch: pytest.MonkeyPatch) -> Failing:
    return Failing(town, monkeypatch)


FULL = OperationalError("INSERT", {}, Exception("database or disk is full"))


def happen(
    town: KeptTown, presses: int = 2, cars: int = 4, doors: int = 6, readings: int = 30
) -> None:
    """Presses first: what is dropped is not merely the oldest."""
    for number in range(presses):
        town.publish(Pressed(source="kiosk", level=number))
    for number in range(cars):
        town.publish(Passed(source="gate", plate=str(number)))
    for number in range(doors):
        town.set("binary_sensor.door", number % 2 == 0)
    for number in range(readings):
        town.set("sensor.river", number + 0.5)


def told(town: KeptTown) -> list[Event]:
    return [one for one in town.heard if isinstance(one, HistoryShed | HistoryCaughtUp)]


async def test_a_full_disk_reaches_nobody_and_is_told_once_when_it_begins_and_when_it_is_over(
    town: KeptTown, disk: Failing, caplog: pytest.LogCaptureFixture
) -> None:
    disk.error = FULL
    town.publish(Pressed(source="kiosk"))
    await town.pass_time(300)
    town.publish(Passed(source="gate"))
    assert disk.tried > 3
    assert [type(one) for one in town.heard] == [Pressed, Passed]
    disk.error = None
    await town.pass_time(90)
    lines = [one.getMessage() for one in caplog.records if "written" in one.getMessage()]
    assert len(lines) == 2 and "disk is full" in lines[0] and "again" in lines[1]
    assert [type(one) for one in (await town.recorded())[-2:]] == [Pressed, Passed]


async def test_numbers_are_dropped_first_then_states_then_events_and_presses_last(
    town: KeptTown, disk: Failing
) -> None:
    disk.error = FULL
    happen(town)
    await town.pass_time(1)
    (shed,) = told(town)
    assert isinstance(shed, HistoryShed)
    assert (shed.readings, shed.states, shed.events, shed.durable_events) == (22, 0, 0, 0)
    happen(town, presses=9, cars=9, doors=0, readings=0)
    disk.error = None
    await town.pass_time(200)
    over = told(town)[-1]
    assert isinstance(over, HistoryCaughtUp)
    counts = over.readings, over.states, over.events, over.durable_events
    assert counts[0] == 30 and counts[1] == 6 and 0 < counts[2] < 9 and counts[3] == 0
    kept = await town.recorded()
    assert sum(isinstance(one, Pressed) for one in kept) == 11


async def test_falling_behind_is_told_once_and_so_is_its_end(
    town: KeptTown, disk: Failing, caplog: pytest.LogCaptureFixture
) -> None:
    disk.error = FULL
    for _ in range(5):
        happen(town)
        await town.pass_time(2)
    disk.error = None
    await town.pass_time(200)
    assert [type(one) for one in told(town)] == [HistoryShed, HistoryCaughtUp]
    lines = [one.getMessage() for one in caplog.records if "drop" in one.getMessage()]
    assert len(lines) == 2 and "readings" in lines[0]
    happen(town)
    await town.pass_time(5)
    assert len(told(town)) == 4


async def test_what_was_dropped_leaves_no_wrong_old_state_behind(
    town: KeptTown, disk: Failing
) -> None:
    town.set("sensor.river", 1)
    await town.written()
    disk.error = FULL
    happen(town, readings=40)
    disk.error = None
    rivers = [one for one in await town.recorded() if one.source == "sensor.river"]
    values = [(one.payload["old"].value, one.payload["new"].value) for one in rivers]
    assert values[0] == (None, 1)
    assert all(new == old + 1 for old, new in values[1:])
    assert 1 < len(values) < 41


async def test_a_disk_that_hangs_holds_up_neither_the_bus_nor_the_news_of_it(
    town: KeptTown,
) -> None:
    gate = threading.Event()
    hanging = town.store.write(lambda _connection: gate.wait(10))
    task = asyncio.create_task(hanging)
    await asyncio.sleep(0.01)
    happen(town)
    for _ in range(3):
        await town.clock.advance(1, lambda: asyncio.sleep(0.001))
    assert [type(one) for one in told(town)] == [HistoryShed]
    gate.set()
    await task
    await town.pass_time(5)
    assert [type(one) for one in told(town)] == [HistoryShed, HistoryCaughtUp]


async def test_a_history_that_cannot_be_read_at_the_start_starts_the_hub_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    town = KeptTown(tmp_path)
    disk = Failing(town, monkeypatch)
    disk.error = FULL
    await town.start()
    town.publish(Pressed(source="kiosk"))
    await town.pass_time(600)
    assert [type(one) for one in town.heard][-1] is Pressed
    assert sum("not looked after" in one.getMessage() for one in caplog.records) == 1
    disk.error = None
    await town.pass_time(200)
    assert isinstance((await town.recorded())[-1], Pressed)
    await town.stop()
