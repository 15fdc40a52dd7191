"""The broker link on a real Mosquitto: nothing durable is lost, bulk never holds it up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.clock import SystemClock
from hub.model.message import Message
from hub.mqtt import Broker, Mqtt
from hub.tasks import Tasks
from tests.world import mosquitto as world


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[world.Mosquitto]:
    if reason := world.missing():
        pytest.skip(reason)
    async with world.mosquitto(tmp_path / "mosquitto") as broker:
        yield broker


class Listener:
    """A hub's link, and what it heard on one topic. `hold` lets the loop's body wait."""

    def __init__(self, port: int, topic: str, *, durable: bool) -> None:
        self.clock = SystemClock()
        self.tasks = Tasks("test", self.clock)
        self.plugins = Tasks("plugins", self.clock)
        account = Broker("127.0.0.1", port, username=world.USER, password=world.PASSWORD)
        self.mqtt = Mqtt(account, self.clock, self.tasks)
        self.heard: list[Message] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self._topic, self._durable = topic, durable

    async def start(self, *, listen: bool = True) -> Listener:
        if listen:
            self.listen(self._topic)
        await asyncio.sleep(0)
        self.mqtt.start_bulk()
        await self.mqtt.start_durable()
        async with asyncio.timeout(60):
            while not self.mqtt.connected:
                await asyncio.sleep(0.01)
        return self

    def listen(self, topic: str) -> None:
        self.plugins.start(self._listen(topic), "listen")

    async def _listen(self, topic: str) -> None:
        async for message in self.mqtt.messages(topic, durable=self._durable):
            self.heard.append(message)
            await self.hold.wait()

    async def texts(self, count: int) -> list[str]:
        async with asyncio.timeout(60):
            while len(self.heard) < count:
                await asyncio.sleep(0.01)
        return [message.text for message in self.heard]

    async def stop(self) -> None:
        await self.plugins.close()  # while there is a link on which to say goodbye, as the hub does
        await self.tasks.close()


async def send(broker: world.Mosquitto, topic: str, *texts: str) -> None:
    async with broker.client() as client:
        for text in texts:
            await client.publish(topic, text, qos=1)


async def test_a_durable_message_that_was_not_dealt_with_comes_again(
    broker: world.Mosquitto,
) -> None:
    first = await Listener(broker.port, "t/a", durable=True).start()
    first.hold.clear()
    await send(broker, "t/a", "one", "two")
    await first.texts(1)
    await first.stop()
    second = await Listener(broker.port, "t/a", durable=True).start()
    assert await second.texts(2) == ["one", "two"]
    await second.stop()


async def test_what_was_dealt_with_does_not_come_again(broker: world.Mosquitto) -> None:
    first = await Listener(broker.port, "t/a", durable=True).start()
    await send(broker, "t/a", "one", "two")
    await first.texts(2)
    await asyncio.sleep(0.1)
    await first.stop()
    second = await Listener(broker.port, "t/a", durable=True).start()
    await send(broker, "t/a", "three")
    assert await second.texts(1) == ["three"]
    await second.stop()


async def test_what_comes_while_the_hub_is_away_is_kept_for_it(broker: world.Mosquitto) -> None:
    first = await Listener(broker.port, "t/a", durable=True).start()
    await first.stop()
    await send(broker, "t/a", "one")
    second = await Listener(broker.port, "t/a", durable=True).start()
    assert await second.texts(1) == ["one"]
    await second.stop()


async def test_a_message_for_a_plugin_that_is_not_up_yet_waits_for_it(
    broker: world.Mosquitto,
) -> None:
    first = await Listener(broker.port, "t/a", durable=True).start()
    await first.stop()
    await send(broker, "t/a", "one")
    second = await Listener(broker.port, "t/a", durable=True).start(listen=False)
    await asyncio.sleep(0.2)
    second.listen("t/a")
    assert await second.texts(1) == ["one"]
    await second.stop()


async def test_topics_that_nobody_listens_to_any_more_do_not_hold_up_the_others(
    broker: world.Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    first = await Listener(broker.port, "old/#", durable=True).start()
    await first.stop()
    await send(broker, "old/x", *map(str, range(15)))
    second = await Listener(broker.port, "t/a", durable=True).start()
    await send(broker, "t/a", "press")
    assert await second.texts(1) == ["press"]
    assert "nobody listens to old/x" in caplog.text
    await second.stop()


@pytest.mark.parametrize("durable", [True, False])
async def test_after_the_broker_was_away_the_link_comes_back_with_one_line_each(
    broker: world.Mosquitto, durable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    listener = await Listener(broker.port, "t/a", durable=durable).start()
    broker.stop()
    await asyncio.sleep(0.3)
    await broker.start()
    async with asyncio.timeout(60):
        while not listener.mqtt.connected:
            await asyncio.sleep(0.02)
    await send(broker, "t/a", "one")
    assert await listener.texts(1) == ["one"]
    name = "durable" if durable else "bulk"
    lines = [record.message for record in caplog.records if f"({name} link)" in record.message]
    assert [line.split(" (")[0] for line in lines] == [
        "the MQTT broker is lost",
        "the MQTT broker is back",
    ]
    await listener.stop()


async def test_a_slow_listener_of_bulk_loses_the_oldest_and_says_so(
    broker: world.Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    listener = await Listener(broker.port, "t/a", durable=False).start()
    listener.hold.clear()
    async with broker.client() as client:
        for number in range(1100):
            await client.publish("t/a", str(number), qos=0)
    async with asyncio.timeout(60):
        while "too slow" not in caplog.text:
            await asyncio.sleep(0.02)
    listener.hold.set()
    texts = await listener.texts(900)
    assert texts[0] == "0"
    await listener.stop()


async def test_a_message_that_is_far_too_long_is_refused_and_the_next_one_heard(
    broker: world.Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    listener = await Listener(broker.port, "t/a", durable=True).start()
    await send(broker, "t/a", "x" * 300_000, "press")
    assert await listener.texts(1) == ["press"]
    assert "a message of 300000 bytes on t/a is refused" in caplog.text
    await listener.stop()


async def test_publishing_without_a_broker_is_refused_after_a_while(
    broker: world.Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.mqtt.PUBLISH_WAITS_S", 0.2)
    listener = await Listener(broker.port, "t/a", durable=False).start()
    broker.stop()
    await asyncio.sleep(0.3)
    with pytest.raises(ConnectionError):
        await listener.mqtt.publish("t/b", "x")
    await listener.stop()


async def test_a_press_that_could_not_be_stored_is_given_again_without_a_reconnection(
    broker: world.Mosquitto,
) -> None:
    """Each of 25 buttons fails once (Mosquitto has 20 messages in flight), then all is well."""
    link = await Listener(broker.port, "t/none", durable=True).start(listen=False)
    stored: list[str] = []
    full = asyncio.Event()

    async def button(number: int) -> None:
        async for message in link.mqtt.messages(f"panic/{number}", durable=True):
            if not full.is_set():
                raise RuntimeError("not stored")
            stored.append(message.topic)

    for number in range(25):
        link.tasks.loop(lambda n=number: button(n), f"button {number}", longest_pause=0.2)
    await asyncio.sleep(0.2)
    for number in range(25):
        await send(broker, f"panic/{number}", "pressed")
    await asyncio.sleep(0.5)
    full.set()
    async with asyncio.timeout(60):
        while len(set(stored)) < 25:
            await asyncio.sleep(0.05)
    assert sorted(stored) == sorted(set(stored))
    await link.stop()


async def test_topics_of_removed_devices_are_given_back_and_hold_up_nobody(
    broker: world.Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    """Mosquitto has 20 messages in flight: more than these of a button that is gone, and it would
    hand over no other."""
    link = await Listener(broker.port, "t/kept", durable=True).start()
    gone = link.tasks.start(link._listen("t/gone"), "listen")
    await asyncio.sleep(0.2)
    gone.cancel()
    await asyncio.wait({gone})
    await send(broker, "t/gone", *map(str, range(30)))
    await link.mqtt.release(60)
    await send(broker, "t/kept", "held up")
    await asyncio.sleep(0.3)
    assert link.heard == []
    await link.mqtt.release(0)
    assert await link.texts(1) == ["held up"]
    assert "nobody listens to t/gone" in caplog.text
    await send(broker, "t/gone", "more")
    await send(broker, "t/kept", "next")
    assert await link.texts(2) == ["held up", "next"]
    await link.stop()
