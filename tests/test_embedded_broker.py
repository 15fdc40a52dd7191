"""The small broker inside the hub: what it does otherwise than Mosquitto must do no harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.clock import SystemClock
from hub.embedded_broker import EmbeddedBroker
from hub.mqtt import PARKED, Broker, Mqtt
from hub.tasks import Tasks


@pytest.fixture
async def port() -> AsyncIterator[int]:
    broker = EmbeddedBroker()
    yield await broker.start()
    await broker.stop()


async def until(heard: list[str], count: int) -> list[str]:
    async with asyncio.timeout(10):
        while len(heard) < count:
            await asyncio.sleep(0.01)
    return heard


async def test_retained_readings_of_others_take_no_place_of_presses(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """It gives each new connection all retained messages that anybody has subscribed to."""
    clock = SystemClock()
    tasks = Tasks("test", clock)
    link = Mqtt(Broker("127.0.0.1", port), clock, tasks)
    heard: list[str] = []

    async def listen(topic: str, *, durable: bool) -> None:
        async for message in link.messages(topic, durable=durable):
            heard.append(message.topic)

    link.start_bulk()
    sensors = [f"town/sensor/{number}" for number in range(PARKED + 5)]
    for topic in sensors:
        tasks.start(listen(topic, durable=False), topic)
    await asyncio.sleep(0.3)
    for topic in sensors:
        await link.publish(topic, "1", retain=True)
    await until(heard, len(sensors))
    tasks.start(listen("town/press", durable=True), "press")
    await link.start_durable()
    await link.publish("town/press", "pressed")
    assert (await until(heard, len(sensors) + 1))[-1] == "town/press"
    await asyncio.sleep(0.2)
    await link.release(0)  # as after a reload
    assert "nobody listens" not in caplog.text
    await tasks.close()
