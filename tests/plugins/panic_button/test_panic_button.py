"""A press, by MQTT and by webhook, on a real hub."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from pydantic import ValidationError

SECRET = "kiosk-0123456789"
TOPIC = "town/panic/kiosk"
KIOSK: dict[str, Any] = {
    "area": "market",
    "location": [49.7145, 28.8371],
    "mqtt": {"topic": TOPIC},
    "webhook": {"secret": SECRET},
    "expect_every": "1h",
}
BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
async def hub(plugin_hub: Any) -> Any:
    return await plugin_hub("panic_button", buttons={"kiosk": KIOSK})


def presses(hub: Any) -> list[Any]:
    return [event for event in hub.events if event.type == "panic_button.pressed"]


def incidents(hub: Any) -> list[Any]:
    return [event for event in hub.events if event.type == "incident.opened"]


async def test_a_press_becomes_an_event_of_the_button_and_its_place(hub: Any) -> None:
    await hub.mqtt.deliver(TOPIC, b"pressed")
    event = await hub.next_event("panic_button.pressed")
    assert (event.source, event.area, event.way) == ("event.kiosk", "market", "mqtt")
    assert event.durable


async def test_the_state_of_a_button_is_the_time_of_its_last_press(hub: Any) -> None:
    assert hub.state("event.kiosk").text == "unknown"
    await hub.advance(60)
    await hub.mqtt.deliver(TOPIC, b"pressed")
    assert hub.state("event.kiosk").text == "2026-11-22T18:01:00.000+00:00"


async def test_a_press_is_acknowledged_to_the_broker_only_when_it_is_stored(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(event: object) -> None:
        raise ValueError("the journal cannot be written")

    monkeypatch.setattr(hub.context, "publish", fails)
    await hub.mqtt.deliver(TOPIC, b"pressed")
    assert hub.mqtt.acknowledged == []
    monkeypatch.undo()
    await hub.advance(5)
    await hub.mqtt.deliver(TOPIC, b"pressed")
    await hub.mqtt.deliver(TOPIC, b"alive")
    assert len(presses(hub)) == 1
    assert len(hub.mqtt.acknowledged) >= 1


async def test_what_the_broker_kept_is_no_press(hub: Any) -> None:
    await hub.mqtt.deliver(TOPIC, b"pressed", retain=True)
    assert presses(hub) == []


async def test_rubbish_is_refused_with_one_line_and_the_next_press_counts(
    hub: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for payload in (b"\xff\xff", b"x" * 5000, b"{}", b"nonsense"):
        await hub.mqtt.deliver(TOPIC, payload)
    lines = [record for record in caplog.records if "refused" in record.getMessage()]
    assert [line.getMessage() for line in lines] == ["event.kiosk: refused a message: not UTF-8"]
    await hub.mqtt.deliver(TOPIC, b"pressed")
    assert len(presses(hub)) == 1


async def test_after_a_minute_the_refused_messages_are_counted_in_the_log(
    hub: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        await hub.mqtt.deliver(TOPIC, b"nonsense")
    await hub.advance(61)
    await hub.mqtt.deliver(TOPIC, b"nonsense")
    assert "(2 more refused since the last line)" in caplog.text


async def test_a_webhook_press_is_answered_with_the_stored_event(hub: Any) -> None:
    answer = await hub.page("press/kiosk", body=b"pressed", headers=BEARER)
    event = await hub.next_event("panic_button.pressed")
    assert (answer.status, json.loads(answer.body)) == (200, {"accepted": event.id})
    assert event.way == "webhook"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": SECRET},
        {"Authorization": f"Basic {SECRET}"},
        {"Authorization": f"Bearer {SECRET}x"},
    ],
)
async def test_a_webhook_without_the_right_secret_is_refused(
    hub: Any, headers: dict[str, str]
) -> None:
    answer = await hub.page("press/kiosk", body=b"pressed", headers=headers)
    assert answer.status == 401
    assert presses(hub) == []


async def test_a_webhook_body_that_is_no_press_is_refused(hub: Any) -> None:
    answer = await hub.page("press/kiosk", body=b"nonsense", headers=BEARER)
    assert (answer.status, presses(hub)) == (400, [])


async def test_a_sign_of_life_by_webhook_is_heard_and_is_no_press(hub: Any) -> None:
    await hub.advance(3601)
    answer = await hub.page("press/kiosk", body=b"alive", headers=BEARER)
    assert (answer.status, json.loads(answer.body)) == (200, {"accepted": None})
    assert presses(hub) == []
    assert hub.state("event.kiosk").available


async def test_a_silent_button_is_unavailable_and_tells_it_once(hub: Any) -> None:
    await hub.advance(1800)
    await hub.mqtt.deliver(TOPIC, b"alive")
    await hub.advance(3599)
    assert hub.state("event.kiosk").available
    await hub.advance(2)
    assert not hub.state("event.kiosk").available
    event = await hub.next_event("incident.opened")
    assert (event.kind, event.severity) == ("device_silent", "low")
    await hub.advance(3 * 3600)
    assert len(incidents(hub)) == 1


async def test_one_silence_is_told_once_even_if_its_incident_is_closed(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []

    async def count(kind: str, **about: Any) -> int:
        told.append(about["key"])
        return 1

    monkeypatch.setattr(hub.context, "open_incident", count)
    await hub.advance(4 * 3600)
    assert told == ["device_silent:event.kiosk"]


async def test_a_button_that_is_heard_again_is_back(
    hub: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await hub.advance(3601)
    await hub.mqtt.deliver(TOPIC, b"ok")
    await hub.mqtt.deliver(TOPIC, b"ok")
    assert hub.state("event.kiosk").available
    assert caplog.text.count("is silent") == 1
    assert caplog.text.count("is heard again") == 1
    await hub.advance(3601)
    assert not hub.state("event.kiosk").available


async def test_a_press_of_a_silent_button_counts(hub: Any) -> None:
    await hub.advance(3601)
    await hub.mqtt.deliver(TOPIC, b"pressed")
    assert len(presses(hub)) == 1
    assert hub.state("event.kiosk").available


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"mqtt": None, "webhook": None}, ("kiosk",), "by 'mqtt', by 'webhook'"),
        ({"webhook": {"secret": "short"}}, ("kiosk", "webhook", "secret"), "at least 16"),
        ({"mqtt": {"topic": ""}}, ("kiosk", "mqtt", "topic"), "town/panic/kiosk"),
        ({"expect_every": "60"}, ("kiosk", "expect_every"), "needs a unit"),
        ({"location": [49.7]}, ("kiosk", "location"), "latitude, longitude"),
        ({"location": [149.7, 28.8]}, ("kiosk", "location"), "within -90 and 90"),
        ({"colour": "red"}, ("kiosk", "colour"), "not permitted"),
    ],
)
async def test_a_wrong_block_is_told_at_its_field(
    plugin_hub: Any, change: dict[str, Any], field: tuple[str, ...], says: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        await plugin_hub("panic_button", buttons={"kiosk": {**KIOSK, **change}})
    error = refusal.value.errors()[0]
    assert error["loc"] == ("buttons", *field)
    assert says in error["msg"]


async def test_a_key_that_is_no_object_id_is_refused(plugin_hub: Any) -> None:
    with pytest.raises(ValidationError, match="small Latin letters"):
        await plugin_hub("panic_button", buttons={"Кіоск": KIOSK})
