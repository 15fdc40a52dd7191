"""Holds: what a person keeps from being deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select

from hub import holds as module
from hub.clock import VirtualClock
from hub.holds import Holds, NoSuchHold, held, hold_cameras, holds
from hub.store.damage import PutAside
from hub.store.store import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("camera", String),
    Column("start", Integer),
    Column("end", Integer),
)


class Desk:
    """Where holds are placed, and files they may keep."""

    def __init__(self, path: Path) -> None:
        self.store = Store.at(path / "bulk.db", synchronous="OFF")
        for table in (holds, hold_cameras, things):
            table.create(self.store.engine)
        self.store.open()
        self.clock = VirtualClock(NOW)
        self.holds = Holds(self.store, self.clock)

    async def place(self, **other: Any) -> int:
        fields: dict[str, Any] = {
            "cameras": ["camera.market"], "start": NOW - HOUR, "end": NOW,
            "reason": "a theft at the market", "person": "Олена",
        }  # fmt: skip
        return await self.holds.place(**(fields | other))

    async def keeps(self, start: datetime, end: datetime | None, camera: str = "market") -> bool:
        """Whether a file of a camera is held now."""
        now = round(self.clock.now().timestamp() * 1000)
        row = {
            "camera": f"camera.{camera}",
            "start": round(start.timestamp() * 1000),
            "end": None if end is None else round(end.timestamp() * 1000),
        }

        def work(connection: Any) -> bool:
            connection.execute(things.delete())
            other = {"camera": "camera.market", "start": 0, "end": 1}
            connection.execute(insert(things).values(other))
            connection.execute(insert(things).values(row))
            own = things.c
            is_held = connection.execute(
                select(own.id).where(held(own.camera, own.start, own.end, now), own.id == 2)
            ).all()
            return bool(is_held)

        return await self.store.write(work)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.store.close()


async def test_a_hold_keeps_its_cameras_in_its_time(desk: Desk) -> None:
    await desk.place()
    assert await desk.keeps(NOW - HOUR / 2, NOW - HOUR / 3)
    assert await desk.keeps(NOW - 2 * HOUR, NOW - HOUR), "it reaches into it"
    assert await desk.keeps(NOW - 2 * HOUR, None), "its end is not known"
    assert not await desk.keeps(NOW - 2 * HOUR, NOW - HOUR - timedelta(seconds=1))
    assert not await desk.keeps(NOW + timedelta(seconds=1), NOW + HOUR)
    assert not await desk.keeps(NOW - HOUR / 2, NOW, camera="park")


async def test_a_hold_without_cameras_keeps_all_and_one_without_an_end_what_comes(
    desk: Desk,
) -> None:
    await desk.place(cameras=[], end=None)
    assert await desk.keeps(NOW + 900 * HOUR, NOW + 901 * HOUR, camera="park")
    assert not await desk.keeps(NOW - 3 * HOUR, NOW - 2 * HOUR, camera="park")


async def test_a_hold_ends_when_it_is_released_or_its_time_is_up(desk: Desk) -> None:
    number = await desk.place()
    await desk.place(until=NOW + 2 * HOUR)
    await desk.holds.release(number, "Ігор")
    assert await desk.keeps(NOW - HOUR, NOW), "by the other one"
    desk.clock.jump(7200)
    assert not await desk.keeps(NOW - HOUR, NOW)
    assert await desk.holds.active() == []
    released = (await desk.holds.latest())[1]
    assert (released.released_by, released.released_at) == ("Ігор", NOW)
    with pytest.raises(NoSuchHold):
        await desk.holds.release(number, "Ігор")
    with pytest.raises(NoSuchHold):
        await desk.holds.release(99, "Ігор")


async def test_what_was_said_of_a_hold_is_read_back(desk: Desk) -> None:
    number = await desk.place(
        cameras=["camera.park", "camera.market"], case=" 12/2026 ", until=NOW + HOUR, end=None
    )
    (hold,) = await desk.holds.active()
    assert hold.id == number
    assert hold.cameras == ("camera.market", "camera.park")
    assert (hold.start, hold.end, hold.until, hold.made_at) == (NOW - HOUR, None, NOW + HOUR, NOW)
    assert (hold.reason, hold.person, hold.case) == ("a theft at the market", "Олена", "12/2026")
    assert hold.in_force(NOW)
    assert not hold.in_force(NOW + HOUR)


async def test_all_that_is_wrong_with_a_hold_is_told_at_once(desk: Desk) -> None:
    with pytest.raises(ValueError, match="is no camera") as wrong:
        await desk.place(
            cameras=["camera.a", "../x"], end=NOW - 2 * HOUR, until=NOW, reason=" ", person=""
        )
    for said in ("end is not after its start", "is past", "reason", "name is missing"):
        assert said in str(wrong.value)
    with pytest.raises(ValueError, match="time zone"):
        await desk.place(start=datetime(2026, 11, 22))
    assert await desk.holds.latest() == []


async def test_there_is_a_bound_to_the_holds_in_force(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_HOLDS", 2)
    number = await desk.place()
    await desk.place()
    with pytest.raises(ValueError, match="release some"):
        await desk.place()
    await desk.holds.release(number, "x")
    await desk.place()


async def test_a_hold_waits_for_a_deletion_that_has_begun(desk: Desk) -> None:
    async with desk.holds.deleting:
        placing = asyncio.create_task(desk.place())
        await asyncio.sleep(0.05)
        assert not placing.done()
        assert await desk.holds.active() == []
    assert await placing


async def test_holds_are_listed_by_pages_the_newest_first(desk: Desk) -> None:
    numbers = [await desk.place() for _ in range(3)]
    assert [hold.id for hold in await desk.holds.latest(limit=2)] == numbers[:0:-1]
    assert [hold.id for hold in await desk.holds.latest(before=numbers[1])] == numbers[:1]


def _begin_anew(store: Store) -> None:
    for renewed in store.renewed:
        renewed(PutAside(file=Path("x"), why="malformed"))


async def test_what_a_damaged_database_has_lost_is_held_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.holds = Holds(desk.store, desk.clock, tmp_path / "records/holds.json")
    released, lost = await desk.place(), await desk.place(cameras=["camera.park"], case="7")
    await desk.holds.release(released, "Ігор")
    before = await desk.holds.active()
    assert await desk.holds.restore() == 0, "nothing is missing"
    await desk.store.write(lambda c: (c.execute(hold_cameras.delete()), c.execute(holds.delete())))
    _begin_anew(desk.store)
    assert await desk.holds.restore() == 1
    assert await desk.holds.active() == before
    assert [hold.id for hold in before] == [lost]
    (tmp_path / "records/holds.json").write_text("torn")
    _begin_anew(desk.store)
    with pytest.raises(ValueError, match="Expecting value"):
        await desk.holds.restore()
    await desk.store.close()


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(1, 1, 1, tzinfo=timezone(2 * HOUR)), None),
        (NOW, datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-2 * HOUR))),
    ],
)
async def test_an_instant_that_nobody_could_read_back_is_refused(
    desk: Desk, start: datetime, end: datetime | None
) -> None:
    with pytest.raises(ValueError, match="between 1900 and 9000"):
        await desk.place(start=start, end=end)
    assert await desk.holds.active() == []
