"""What should be recorded: evaluated at the right moments, told, logged, over restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select

from hub.bus import Bus
from hub.clock import VirtualClock
from hub.model.core_events import StateChanged
from hub.model.entity import State
from hub.store.damage import PutAside
from hub.store.store import Store
from hub.store.tables import bulk
from hub.tasks import Tasks
from hub.video.instants import millis
from hub.video.missing.expected import Expected
from hub.video.settings import RecordingSettings
from hub.video.tables import record_modes

KYIV = ZoneInfo("Europe/Kyiv")
NOON = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # 12:00 in Kyiv
GATE = {"camera.gate": ["main"]}
NIGHT = {"mode": "events", "from": "22:00", "to": "06:00"}


class Town:
    """Modes of the town, settings, and what is expected of them."""

    def __init__(self, path: Path, clock: VirtualClock | None = None) -> None:
        self.clock = clock or VirtualClock(NOON)
        self.bus = Bus()
        self.on: dict[str, str] = {}
        self.tasks = Tasks("video", self.clock)
        self.store = Store.at(path / "bulk.db", synchronous="NORMAL")
        bulk.create_all(self.store.engine)
        self.expected = Expected(self.store, self.clock, self.bus, KYIV, lambda: self.on)
        self.changes: list[tuple[str, str, str]] = []
        self.expected.on_change = lambda *change: self.changes.append(change)

    async def up(
        self, streams: dict[str, list[str]] = GATE, *, whole: bool = True, **rules: Any
    ) -> None:
        self.store.open()
        self.configure(streams, whole=whole, **rules)
        self.tasks.loop(self.expected.run, "expected")
        await self.settle()

    def configure(
        self, streams: dict[str, list[str]] = GATE, *, whole: bool = True, **rules: Any
    ) -> None:
        settings = RecordingSettings.model_validate(rules)
        self.expected.configure(settings, streams, whole=whole)

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        while self.store.asked:
            await asyncio.sleep(0.001)
        for _ in range(10):
            await asyncio.sleep(0)

    async def switch(self, mode: str, by: str | None) -> None:
        self.on.pop(mode, None) if by is None else self.on.update({mode: by})
        now = self.clock.now()
        state = State(
            entity_id=f"mode.{mode}", value=by is not None, changed_at=now, updated_at=now
        )
        event = StateChanged(
            source=f"mode.{mode}", received_at=now, entity_id=f"mode.{mode}", old=None, new=state
        )
        self.bus.publish(event)
        await self.settle()

    async def rows(self) -> list[tuple[Any, ...]]:
        table = record_modes.c
        query = select(table.camera, table.stream, table.at, table.mode, table.why, table.by)
        found = await self.store.read(lambda c: c.execute(query.order_by(table.id)).all())
        return [tuple(row) for row in found]

    async def down(self) -> None:
        await self.tasks.close()
        await self.store.close()


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Town]:
    town = Town(tmp_path)
    yield town
    await town.down()


async def test_the_first_mode_of_a_stream_is_logged_and_no_change(hall: Town) -> None:
    await hall.up(default={"mode": "continuous"})
    assert hall.expected.mode("camera.gate", "main").word == "continuous"
    assert await hall.rows() == [("camera.gate", "main", millis(NOON), "continuous", "config", "")]
    assert hall.changes == []


async def test_a_border_of_the_schedule_is_kept_to_the_second(hall: Town) -> None:
    await hall.up(default={"mode": "continuous", "schedule": [NIGHT]})
    await hall.clock.advance(10 * 3600 - 1, hall.settle)
    assert hall.changes == []
    await hall.clock.advance(1, hall.settle)
    assert hall.changes == [("camera.gate", "main", "events")]
    assert (await hall.rows())[1:] == [
        ("camera.gate", "main", millis(NOON) + 36_000_000, "events", "schedule", "")
    ]


async def test_who_switched_a_mode_of_the_town_stands_in_the_log(hall: Town) -> None:
    await hall.up(default={"mode": "continuous", "modes": {"private": "off"}})
    await hall.clock.advance(5, hall.settle)
    await hall.switch("private", "Олена")
    await hall.switch("private", None)
    assert [row[3:] for row in await hall.rows()] == [
        ("continuous", "config", ""),
        ("off", "switched_off", "Олена"),
        ("continuous", "config", ""),
    ]
    assert hall.changes == [
        ("camera.gate", "main", "off"),
        ("camera.gate", "main", "continuous"),
    ]


async def test_new_settings_count_at_once(hall: Town) -> None:
    await hall.up(default={"mode": "continuous"})
    hall.configure(default={"mode": "events"})
    assert hall.expected.mode("camera.gate", "main").word == "events"
    await hall.settle()
    assert [row[3] for row in await hall.rows()] == ["continuous", "events"]


async def test_the_only_stream_of_a_camera_is_recorded_as_its_main_one(hall: Town) -> None:
    await hall.up({"camera.gate": ["sub"]}, default={"mode": "continuous"})
    assert hall.expected.mode("camera.gate", "sub").word == "continuous"


async def test_the_log_goes_on_after_a_restart_without_a_row(tmp_path: Path) -> None:
    first = Town(tmp_path)
    await first.up(default={"mode": "continuous"})
    await first.down()
    first.clock.jump(3600)
    again = Town(tmp_path, first.clock)
    await again.up(default={"mode": "continuous"})
    assert len(await again.rows()) == 1
    await again.down()


async def test_a_camera_that_is_not_there_yet_goes_on_until_it_is_known_to_be_gone(
    tmp_path: Path,
) -> None:
    first = Town(tmp_path)
    await first.up(default={"mode": "continuous"})
    await first.down()
    again = Town(tmp_path, first.clock)
    await again.up({}, whole=False, default={"mode": "continuous"})
    assert len(await again.rows()) == 1
    again.configure({}, default={"mode": "continuous"})
    await again.settle()
    assert [row[3:] for row in await again.rows()] == [
        ("continuous", "config", ""),
        ("off", "config", ""),
    ]
    await again.down()


async def test_a_camera_that_is_taken_away_and_comes_back_has_a_row_for_each(hall: Town) -> None:
    await hall.up(default={"mode": "continuous"})
    for streams in ({}, GATE):
        hall.configure(streams, default={"mode": "continuous"})
        await hall.settle()
    assert [row[3] for row in await hall.rows()] == ["continuous", "off", "continuous"]


async def test_rows_of_a_clock_that_was_ahead_are_dropped_when_it_is_set_back(hall: Town) -> None:
    await hall.up(default={"mode": "continuous", "modes": {"private": "off"}})
    await hall.clock.advance(60, hall.settle)
    hall.clock.jump(86_400)
    await hall.switch("private", "Олена")
    hall.clock.jump(-86_400)
    await hall.clock.advance(40, hall.settle)
    rows = await hall.rows()
    assert [row[3] for row in rows] == ["continuous", "off"]
    assert rows[-1][2] <= millis(hall.clock.now())


async def test_a_change_while_the_database_is_away_is_logged_with_its_moment(hall: Town) -> None:
    await hall.up(default={"mode": "continuous", "modes": {"private": "off"}})
    write = hall.store.write

    async def refuse(_work: Any) -> Any:
        raise OSError("no disk")

    hall.store.write = refuse  # type: ignore[method-assign]
    await hall.switch("private", "Олена")
    assert hall.changes == [("camera.gate", "main", "off")]
    moment = millis(hall.clock.now())
    await hall.clock.advance(0.5, hall.settle)
    hall.store.write = write  # type: ignore[method-assign]
    await hall.clock.advance(timedelta(minutes=5).total_seconds(), hall.settle)
    assert (await hall.rows())[-1][2:] == (moment, "off", "switched_off", "Олена")


async def test_a_log_that_is_begun_anew_begins_with_what_holds(hall: Town) -> None:
    await hall.up(default={"mode": "continuous"})
    await hall.store.write(lambda c: c.execute(delete(record_modes)))
    await hall.clock.advance(60, hall.settle)
    assert await hall.rows() == []
    for hear in hall.store.renewed:
        hear(PutAside(file=Path("bulk.db.damaged"), why="malformed"))
    await hall.settle()
    now = millis(hall.clock.now())
    assert await hall.rows() == [("camera.gate", "main", now, "continuous", "config", "")]
