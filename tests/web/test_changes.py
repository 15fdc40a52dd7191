"""How an open page learns that a part of it is stale."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.clock import VirtualClock
from hub.model.core_events import IncidentChanged, StateChanged
from hub.model.event import OtherEvent
from hub.web import feed as feed_module
from hub.web.feed import KEPT, PAUSE_S, Feed, TooManyListeners
from tests.web.conftest import WebTown

Client = TestClient[Any, Any]


async def test_a_page_is_told_which_parts_are_stale(town: WebTown, client: Client) -> None:
    stream = await client.get("/api/v1/changes")
    assert stream.content_type == "text/event-stream"
    assert await stream.content.readline() == b"retry: 2000\n"
    await stream.content.readline()
    await asyncio.sleep(0)
    town.registry.set_state("sensor.river_level", 3.0)
    async with asyncio.timeout(60):
        assert await stream.content.readline() == b"data: entities\n"
    await stream.content.readline()
    await town.incident()
    async with asyncio.timeout(60):
        told = (await stream.content.readline()).decode()
    assert {"incidents", "messages", "events"} <= set(told.removeprefix("data: ").split())
    stream.close()


async def test_a_storm_of_changes_is_told_in_few_words(town: WebTown) -> None:
    clock = VirtualClock(datetime(2026, 11, 22, tzinfo=UTC))
    feed = Feed(town.bus, clock)
    told: list[frozenset[str]] = []

    async def listen() -> None:
        async for parts in feed.changes():
            told.append(parts)

    listening = asyncio.create_task(listen())
    for number in range(1000):
        await asyncio.sleep(0)
        town.registry.set_state("sensor.river_level", float(number))
    assert told == [{"entities"}]
    await clock.advance(PAUSE_S, settle=lambda: asyncio.sleep(0.01))
    assert told == [{"entities"}] * 2
    feed.close()
    listening.cancel()


async def test_a_line_keeps_the_moment_at_which_its_event_was_heard(town: WebTown) -> None:
    clock = VirtualClock(datetime(2026, 11, 22, tzinfo=UTC))
    feed = Feed(town.bus, clock)
    town.bus.publish(OtherEvent(type="test.happened", source="x", data={}))
    await clock.advance(60, settle=lambda: asyncio.sleep(0))
    assert [line.at for line in feed.last(1)] == [datetime(2026, 11, 22, tzinfo=UTC)]
    feed.close()


async def test_listeners_are_limited_and_let_go(
    town: WebTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "LISTENERS", 1)
    feed = Feed(town.bus, town.clock)
    waiting = feed.changes()
    first = asyncio.ensure_future(anext(waiting))
    await asyncio.sleep(0)
    with pytest.raises(TooManyListeners):
        await anext(feed.changes())
    feed.close()
    assert await first == {"closing"}
    await waiting.aclose()


async def test_the_last_events_are_kept_and_numbers_that_move_are_no_news(
    town: WebTown,
) -> None:
    feed = Feed(town.bus, town.clock)
    for number in range(KEPT + 50):
        town.bus.publish(OtherEvent(type=f"test.{number}", source="x", data={}))
        town.registry.set_state("sensor.river_level", float(number))
    town.registry.set_state("binary_sensor.school_door", False)
    town.registry.set_available("sensor.river_level", False)
    town.bus.publish(IncidentChanged(source="x", incident=1, status="media"))
    last = feed.last(1000)
    assert len(last) == KEPT
    assert [line.type for line in last[:3]] == [
        StateChanged.type,
        StateChanged.type,
        f"test.{KEPT + 49}",
    ]
    feed.close()
