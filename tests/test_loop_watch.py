"""Who holds up the event loop is named, and a plugin that does not let go is broken off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from hub.loop_watch import LoopBlocked, LoopWatch


@pytest.fixture
def watches() -> Iterator[list[LoopWatch]]:
    started: list[LoopWatch] = []
    yield started
    for watch in started:
        watch.stop()


def hold_up(seconds: float) -> None:
    time.sleep(seconds)


async def test_a_frame_that_blocks_the_loop_is_named(
    watches: list[LoopWatch], caplog: pytest.LogCaptureFixture
) -> None:
    watch = LoopWatch(lambda file: False, limit=0.1)
    watches.append(watch)
    watch.start()
    await asyncio.sleep(0.1)
    hold_up(0.5)
    await asyncio.sleep(0.1)
    assert watch.blockages == 1
    assert "the event loop is blocked for" in caplog.text
    assert "test_loop_watch.py" in caplog.text
    assert "hold_up" in caplog.text


async def test_a_plugin_that_blocks_for_too_long_is_broken_off_where_it_is(
    watches: list[LoopWatch],
) -> None:
    watch = LoopWatch(lambda file: file == __file__, limit=0.1, interrupt_after=0.3)
    watches.append(watch)
    watch.start()
    await asyncio.sleep(0.1)
    with pytest.raises(LoopBlocked, match="blocked the event loop for"):
        hold_up(20)


async def test_code_that_is_no_plugins_is_never_broken_off(watches: list[LoopWatch]) -> None:
    watch = LoopWatch(lambda file: False, limit=0.1, interrupt_after=0.2)
    watches.append(watch)
    watch.start()
    await asyncio.sleep(0.1)
    hold_up(0.8)
