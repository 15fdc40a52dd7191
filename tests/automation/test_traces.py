"""The book of traces: what is kept, in memory and over a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from hub.automation.tables import traces as table
from hub.automation.trace import StepTrace, Trace
from hub.automation.trace_keeper import LONGEST, TraceKeeper
from hub.automation.traces import MOST, TraceBook
from hub.clock import VirtualClock
from hub.model.event import new_id
from hub.store.store import Store
from hub.store.tables import bulk
from hub.tasks import Tasks
from tests.automation.town import Town

START = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Kept:
    """A book and its keeper over a database file; `again` is the next process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = VirtualClock(START)
        self.up()

    def up(self) -> None:
        self.store = Store.at(self.path / "bulk.db", synchronous="NORMAL")
        bulk.create_all(self.store.engine)
        self.store.open()
        self.tasks = Tasks("tests", self.clock)
        self.book = TraceBook()
        self.keeper = TraceKeeper(self.book, self.store, self.clock, self.tasks)

    async def again(self) -> None:
        await self.tasks.close()
        await self.store.close()
        self.up()
        await self.keeper.start()

    async def count(self) -> int:
        query = select(func.count()).select_from(table)
        return int(await self.store.read(lambda c: c.execute(query).scalar_one()))

    async def settle(self) -> None:
        """Let the keeper write what it has to."""
        for _ in range(3):
            await _turns()
            await self.store.write(lambda connection: None)

    def add(self, automation: str = "a", *, keep: int = 20, **fields: Any) -> Trace:
        made = {"run": new_id(), "started_at": self.clock.now(), "trigger": {}, **fields}
        trace = Trace(automation=automation, **made)
        self.book.add(trace, keep)
        return trace

    def ran(self, automation: str = "a", *, keep: int = 20, **fields: Any) -> Trace:
        return self.add(
            automation, keep=keep, began=True, state="finished", ended_at=self.clock.now(), **fields
        )

    def missed(self, automation: str = "a", **fields: Any) -> Trace:
        return self.add(automation, state="false", ended_at=self.clock.now(), **fields)


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    made = Kept(tmp_path)
    await made.keeper.start()
    yield made
    await made.tasks.close()
    await made.store.close()


async def test_near_misses_push_out_no_runs(kept: Kept) -> None:
    """Deviation: twenty traces of runs, and twenty more of triggers that led to none."""
    run = kept.ran()
    for _ in range(100):
        kept.missed()
    found = kept.book.of("a")
    assert found[0] is run
    assert len(found) == 1 + 20


async def test_as_many_runs_are_kept_as_the_configuration_says(town: Town) -> None:
    await town.configure(
        {
            "id": "a",
            "triggers": {"trigger": "event", "event_type": "gate.passed"},
            "actions": {"stop": "enough"},
            "trace": {"stored_traces": 3},
        }
    )
    for _ in range(5):
        await town.passing()
    assert len(town.engine.automations["a"].traces) == 3


async def test_memory_is_bounded_and_the_automation_heard_of_longest_ago_loses_its_own(
    kept: Kept,
) -> None:
    each = 20
    for number in range(MOST // each + 1):
        for _ in range(each):
            kept.ran(f"a{number}")
    assert kept.book.of("a0") == []
    assert len(kept.book.of("a1")) == each
    assert len(kept.book.unwritten(10 * MOST)) == MOST


async def test_traces_are_kept_over_a_restart(kept: Kept) -> None:
    run, missed = kept.ran(trigger={"platform": "event"}), kept.missed()
    await kept.keeper.stop()
    await kept.again()
    found = await kept.keeper.of("a")
    assert {plain["run"] for plain in found} == {run.run, missed.run}
    assert {plain["nearly"] for plain in found} == {False, True}
    await kept.clock.advance(1, kept.settle)
    newer = kept.ran()
    assert (await kept.keeper.of("a"))[0]["run"] == newer.run
    latest = (await kept.keeper.latest())["a"]
    assert (latest.run, latest.state, latest.nearly) == (newer.run, "finished", 1)


async def test_a_burst_of_triggers_writes_only_what_is_kept_of_it(kept: Kept) -> None:
    writes = 0
    real = kept.store.write

    async def counted(work: Any) -> Any:
        nonlocal writes
        writes += 1
        return await real(work)

    kept.store.write = counted  # type: ignore[method-assign]
    for _ in range(5_000):
        kept.ran()
        kept.missed()
    assert await kept.keeper.flush() == 40
    assert writes == 2
    assert await kept.count() == 40
    assert await kept.keeper.flush() == 0


async def test_a_run_that_goes_on_is_written_again_when_it_has_changed(kept: Kept) -> None:
    trace = kept.add(began=True)
    await kept.keeper.flush()
    assert await kept.keeper.flush() == 0
    trace.step(StepTrace("0", "delay", None, START))
    assert await kept.keeper.flush() == 1
    trace.state, trace.ended_at = "finished", START
    assert await kept.keeper.flush() == 1
    assert await kept.count() == 1
    (found,) = await kept.keeper.of("a")
    assert (found["state"], len(found["steps"])) == ("finished", 1)


async def test_a_run_that_was_under_way_at_a_crash_says_so(kept: Kept) -> None:
    kept.add(began=True)
    await kept.keeper.flush()
    await kept.again()
    (found,) = await kept.keeper.of("a")
    assert (found["state"], found["error"]) == ("interrupted", "the hub ended while it ran")


async def test_those_pushed_out_are_deleted_from_the_database_too(kept: Kept) -> None:
    for number in range(30):
        await kept.clock.advance(1, kept.settle)
        kept.ran(trigger={"number": number})
        await kept.keeper.flush()
    assert await kept.count() == 20
    await kept.again()
    await kept.clock.advance(1, kept.settle)
    kept.ran(trigger={"number": 30}, keep=5)
    await kept.keeper.flush()
    found = await kept.keeper.of("a")
    assert [plain["trigger"]["seen"]["number"] for plain in found] == [30, 29, 28, 27, 26]
    assert await kept.count() == 5


async def test_what_is_too_old_is_deleted_within_the_hour(kept: Kept) -> None:
    kept.ran(started_at=START - LONGEST - timedelta(minutes=1))
    kept.ran()
    await kept.keeper.flush()
    assert await kept.count() == 2
    await kept.clock.advance(3_700, kept.settle)
    await kept.settle()
    assert await kept.count() == 1


async def test_a_clock_that_may_be_wrong_makes_no_trace_too_old(kept: Kept) -> None:
    kept.keeper.may_delete = lambda: False
    kept.ran()
    await kept.keeper.flush()
    kept.clock.jump(365 * 86_400.0)
    await kept.clock.advance(3_700, kept.settle)
    assert await kept.count() == 1
    kept.keeper.may_delete = lambda: True
    await kept.clock.advance(3_700, kept.settle)
    assert await kept.count() == 0


async def test_a_database_that_is_locked_at_the_start_holds_up_nothing(kept: Kept) -> None:
    kept.add(began=True, state="running")
    await kept.keeper.flush()
    await kept.tasks.close()
    await kept.store.close()
    kept.up()
    real, tried = kept.store.write, []

    async def locked(work: Any) -> Any:
        tried.append(work)
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    kept.store.write = locked  # type: ignore[method-assign]
    await kept.keeper.start()
    assert tried
    kept.store.write = real  # type: ignore[method-assign]
    kept.add(began=True, state="running")
    await kept.keeper.flush()
    found = await kept.keeper.of("a")
    assert [plain["state"] for plain in found] == ["running", "interrupted"]


async def test_a_store_that_fails_costs_no_trace(kept: Kept) -> None:
    real = kept.store.write

    async def failing(work: Any) -> Any:
        raise OSError("disk full")

    kept.store.write = failing  # type: ignore[method-assign]
    kept.ran()
    await kept.clock.advance(6, _turns)
    kept.store.write = real  # type: ignore[method-assign]
    await kept.clock.advance(60, kept.settle)
    assert await kept.count() == 1


async def test_a_trace_is_of_bounded_size_and_says_what_was_cut() -> None:
    endless: list[Any] = []
    endless.append(endless)
    seen = {
        "text": "ї" * 100_000,
        "list": list(range(10_000)),
        "mapping": {f"key{n}": "x" * 900 for n in range(1_000)},
        "endless": endless,
        "number": 10**9_000,
        "odd": {b"\x00", float("inf")},
        "bytes": b"123",
    }
    trace = Trace(run="r", automation="a", started_at=START, trigger=seen, error="x" * 50_000)
    for number in range(600):
        trace.step(StepTrace(str(number), "action", None, START, seen=dict(seen)))
    plain = trace.plain()
    assert len(json.dumps(plain, ensure_ascii=False)) < 200_000
    assert plain["steps_left_out"] == 100
    assert plain["trigger"]["seen"]["text"].endswith("… (100,000 characters)")
    assert plain["trigger"]["seen"]["list"][-1] == "… (9,950 more)"


async def test_values_are_written_as_they_were_although_nobody_made_them_plain_at_once(
    town: Town,
) -> None:
    await town.configure(
        {
            "id": "a",
            "triggers": {"trigger": "event", "event_type": "gate.passed"},
            "actions": [
                {"variables": {"lanes": "{{ trigger.event.lanes }}"}},
                {"delay": "10s"},
                {"variables": {"lanes": "{{ lanes + [3] }}"}},
            ],
        }
    )
    lanes = [1, 2]
    await town.passing(lanes=lanes)
    lanes.append(99)  # whose list it was
    await town.advance(11)
    plain = town.trace().plain()
    assert plain["trigger"]["seen"]["event"]["lanes"] == [1, 2]
    assert [step["seen"].get("variables") for step in plain["steps"]] == [
        {"lanes": [1, 2]},
        None,
        {"lanes": [1, 2, 3]},
    ]


@pytest.mark.parametrize("is_broken", [False, True])
async def test_values_of_runs_that_are_over_are_let_go_of_soon(kept: Kept, is_broken: bool) -> None:
    await kept.keeper.start()
    if is_broken:
        await kept.store.close()
    long = "x" * 1_000_000
    step = StepTrace("0", "action", None, START, 0.1, {"answer": {"text": long}})
    over = [
        kept.ran(f"a{number}", trigger={"idx": "0", "text": long}, steps=[replace(step)])
        for number in range(50)
    ]
    going_on = kept.add(began=True, trigger={"text": long})
    before = over[0].plain()
    await kept.clock.advance(5, _turns)
    for _ in range(20):
        await _turns()
    assert all(trace.is_cut for trace in over)
    assert [trace.trigger for trace in over] == [{}] * 50
    assert over[0].steps[0].seen == {}
    assert over[0].plain() == before
    assert len(json.dumps(before)) < 5_000
    assert going_on.trigger["text"] is long
