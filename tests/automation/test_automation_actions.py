"""The registry of actions, and the action that speaks MQTT."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from hub.automation.actions import ActionRegistry
from hub.automation.core_actions import PublishMqtt
from hub.clock import VirtualClock
from hub.model.action import Action, Call
from hub.model.problem import ActionFailed

CALL = Call(key="r:0")


class Greet(Action):
    name: ClassVar[str] = "test.greet"

    text: str
    times: int = 1

    async def run(self, hub: Any, call: Call) -> Any:
        if self.text == "boom":
            raise RuntimeError("password=hunter2")
        if self.text == "wait":
            await asyncio.Event().wait()
        return f"{hub} says {self.text} {self.times}"


@pytest.fixture
def clock():
    return VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def registry(clock):
    registry = ActionRegistry(clock)
    registry.add(Greet, "tests", "greeter")
    return registry


async def test_an_action_gets_its_services_and_its_data(registry):
    assert await registry.run("test.greet", {"text": "hi", "times": "2"}, CALL) == "tests says hi 2"


async def test_a_number_is_taken_where_text_is_asked_for(registry):
    assert await registry.run("test.greet", {"text": 112}, CALL) == "tests says 112 1"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({}, "test.greet: text: Field required"),
        ({"text": "hi", "tmes": 2}, "test.greet: tmes: Extra inputs are not permitted"),
    ],
)
async def test_wrong_data_is_refused_before_anything_is_done(registry, data, why):
    with pytest.raises(ActionFailed, match=why):
        await registry.run("test.greet", data, CALL)


async def test_a_bug_is_logged_and_told_without_its_text(registry, caplog):
    with pytest.raises(ActionFailed) as caught:
        await registry.run("test.greet", {"text": "boom"}, CALL)
    assert str(caught.value) == "test.greet: RuntimeError, see the log"
    assert "action 'test.greet' of greeter failed" in caplog.text


async def test_an_action_that_hangs_is_ended(registry, clock):
    async def settle() -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    running = asyncio.ensure_future(registry.run("test.greet", {"text": "wait"}, CALL))
    await clock.advance(59, settle)
    assert not running.done()
    await clock.advance(1, settle)
    with pytest.raises(ActionFailed, match="took longer than 60 s"):
        await running
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing of it is left"


async def test_a_name_is_given_once_and_comes_free_with_its_owner(registry):
    with pytest.raises(ValueError, match=r"'test.greet' is an action of greeter already"):
        registry.add(Greet, None, "other")
    registry.remove("greeter")
    assert list(registry.names()) == []
    with pytest.raises(ActionFailed, match=r"there is no action 'test.greet' now"):
        await registry.run("test.greet", {"text": "hi"}, CALL)


class Broker:
    """Takes what is published; `down` refuses it."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.down = False

    async def publish(
        self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False
    ) -> None:
        if self.down:
            raise ConnectionError("no broker")
        self.taken.append((topic, payload, qos, retain))


async def test_mqtt_publish_hands_a_message_to_the_broker():
    broker = Broker()
    action = PublishMqtt(topic="town/siren", payload="on", qos=2, retain=True)
    await action.run(broker, CALL)
    assert broker.taken == [("town/siren", "on", 2, True)]


async def test_mqtt_publish_fails_where_the_broker_cannot_be_reached():
    broker = Broker()
    broker.down = True
    with pytest.raises(ActionFailed, match="ConnectionError"):
        await PublishMqtt(topic="town/siren").run(broker, CALL)


@pytest.mark.parametrize("topic", ["town/+/siren", "town/#"])
async def test_mqtt_publish_refuses_wildcards(topic):
    with pytest.raises(ActionFailed, match="wildcards"):
        await PublishMqtt(topic=topic).run(Broker(), CALL)
