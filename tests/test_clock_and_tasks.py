"""Time that is told to pass, and tasks that are looked after."""

from __future__ import annotations

import asyncio
import gc
from datetime import UTC, datetime, timedelta

import pytest

from hub.clock import VirtualClock, Waker, sleep_until
from hub.tasks import Tasks

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_sleepers_wake_at_their_own_moments_in_order() -> None:
    clock, woke = VirtualClock(START), []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woke.append((seconds, clock.now() - START))

    tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (30, 10, 20)]
    await clock.advance(25, settle)
    assert woke == [(10, timedelta(seconds=10)), (20, timedelta(seconds=20))]
    await clock.advance(5, settle)
    assert len(woke) == 3
    await asyncio.gather(*tasks)


async def test_waiting_for_an_instant_notices_that_the_clock_was_set() -> None:
    clock, done = VirtualClock(START), asyncio.Event()

    async def wait() -> None:
        await sleep_until(clock, START + timedelta(hours=2))
        done.set()

    task = asyncio.create_task(wait())
    await clock.advance(30, settle)
    clock.jump(7200)
    await clock.advance(60, settle)
    assert done.is_set()
    await task


async def test_a_poke_while_the_loop_is_at_work_is_not_lost() -> None:
    clock = VirtualClock(START)
    waker = Waker(clock, "test")
    waker.poke()
    await asyncio.wait_for(waker.wait(None), 1)


async def test_a_loop_that_fails_is_started_again_after_a_growing_pause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, began, failures = VirtualClock(START), [], []
    tasks = Tasks("owner", clock)

    async def work() -> None:
        began.append(clock.monotonic())
        raise RuntimeError("broken")

    tasks.loop(work, "work", failed=failures.append)
    await clock.advance(8, settle)
    assert began == [0, 1, 3, 7]
    assert len(failures) == 4
    assert "owner: 'work' failed" in caplog.text
    assert await tasks.close() == []


async def test_closing_ends_all_tasks_and_names_those_that_do_not_end() -> None:
    tasks = Tasks("owner", VirtualClock(START))
    stubborn_ended = asyncio.Event()

    async def stubborn() -> None:
        while not stubborn_ended.is_set():
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                continue

    task = tasks.start(stubborn(), "stubborn")
    other = tasks.start(asyncio.sleep(100), "mild")
    await settle()
    assert await tasks.close(timeout=0.05) == ["owner:stubborn"]
    assert other.cancelled()
    stubborn_ended.set()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_sleepers_that_were_given_up_are_not_kept_to_their_end() -> None:
    clock = VirtualClock(START)
    kept = asyncio.create_task(clock.sleep(7))
    await settle()
    for _ in range(5_000):
        clock.call_later(86_400, lambda: None)()
        await asyncio.sleep(0)
    futures = [each for each in gc.get_objects() if isinstance(each, asyncio.Future)]
    assert len(futures) < 2_500
    await clock.advance(7, settle)
    assert kept.done()
