"""What sensors say on MQTT becomes typed states, on a real hub."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pydantic import ValidationError

LEVEL: dict[str, Any] = {
    "kind": "sensor",
    "area": "market",
    "mqtt": {"topic": "t/level"},
    "device_class": "distance",
    "unit": "m",
    "expect_every": "10m",
}
DOOR: dict[str, Any] = {
    "kind": "binary_sensor",
    "area": "school",
    "mqtt": {"topic": "t/door", "json_key": "contact"},
    "device_class": "door",
}
ALERT: dict[str, Any] = {
    "kind": "sensor",
    "area": "market",
    "mqtt": {"topic": "t/alert"},
    "options": ["clear", "alert"],
}


@pytest.fixture
async def hub(plugin_hub: Any) -> Any:
    return await plugin_hub("sensors", entities={"level": LEVEL, "door": DOOR, "alert": ALERT})


async def test_a_number_becomes_a_state_with_a_unit(hub: Any) -> None:
    await hub.mqtt.deliver("t/level", b" 2.35\n")
    assert hub.state("sensor.level").value == 2.35
    assert hub.registry.entity("sensor.level").unit == "m"


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        (b'{"contact": "open"}', True),
        (b'{"contact": "CLOSED", "battery": 80}', False),
        (b'{"contact": true}', True),
        (b'{"contact": 0}', False),
        (b'{"contact": "OFF"}', False),
    ],
)
async def test_a_binary_sensor_is_on_or_off(hub: Any, payload: bytes, value: bool) -> None:
    await hub.mqtt.deliver("t/door", payload)
    assert hub.state("binary_sensor.door").value is value


async def test_a_word_among_the_options_becomes_the_state(hub: Any) -> None:
    await hub.mqtt.deliver("t/alert", b"alert")
    assert hub.state("sensor.alert").value == "alert"


@pytest.mark.parametrize(
    ("topic", "good", "entity", "rubbish"),
    [
        ("t/level", b"2.5", "sensor.level", [b"high", b"nan", b"inf", b"", b"\xff", b"9" * 5000]),
        (
            "t/door",
            b'{"contact": 1}',
            "binary_sensor.door",
            [b"open", b"[]", b"{}", b'{"contact": "ajar"}', b'{"contact": null}', b"{" * 3000],
        ),
        ("t/alert", b"clear", "sensor.alert", [b"Alert", b"panic", b""]),
    ],
)
async def test_rubbish_leaves_the_state_and_one_log_line(
    hub: Any,
    caplog: pytest.LogCaptureFixture,
    topic: str,
    good: bytes,
    entity: str,
    rubbish: list[bytes],
) -> None:
    caplog.set_level(logging.INFO)
    await hub.mqtt.deliver(topic, good)
    before = hub.state(entity).value
    for payload in rubbish:
        await hub.mqtt.deliver(topic, payload)
    assert hub.state(entity).value == before
    assert caplog.text.count("refused a message") == 1


async def test_a_silent_sensor_is_unavailable_until_it_is_heard_again(hub: Any) -> None:
    await hub.mqtt.deliver("t/level", b"2.5")
    await hub.advance(601)
    assert not hub.state("sensor.level").available
    assert (await hub.next_event("incident.opened")).kind == "device_silent"
    await hub.mqtt.deliver("t/level", b"rubbish")
    assert not hub.state("sensor.level").available
    await hub.mqtt.deliver("t/level", b"2.6")
    assert hub.state("sensor.level").available
    assert hub.state("sensor.level").value == 2.6


async def test_a_value_that_the_broker_kept_is_the_state_but_no_sign_of_life(hub: Any) -> None:
    await hub.advance(595)
    await hub.mqtt.deliver("t/level", b"2.5", retain=True)
    assert hub.state("sensor.level").value == 2.5
    await hub.advance(10)
    assert not hub.state("sensor.level").available


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ({**DOOR, "unit": "m"}, "no 'unit'"),
        ({**DOOR, "options": ["a"]}, "no 'options'"),
        ({**ALERT, "unit": "m"}, "not both"),
        ({**ALERT, "options": []}, "at least 1"),
        ({**ALERT, "kind": "light"}, "'sensor' or 'binary_sensor'"),
    ],
)
async def test_a_block_that_does_not_fit_its_kind_is_refused(
    plugin_hub: Any, block: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        await plugin_hub("sensors", entities={"thing": block})
