"""Triggers `mqtt` and `webhook`, groups of triggers, `enabled`, and words that are not there."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hub.automation.ports import Links
from hub.automation.sites import Sites
from tests.automation.listening import TRIGGER

GATE = {"trigger": "mqtt", "topic": "town/gate"}


async def given(here, payload, topic="town/gate", **more):
    here.broker.give(topic, payload, **more)
    await here.settle()


async def listening(here, trigger, **variables):
    here.attach(trigger, **variables)
    await here.settle()


async def test_a_message_fires_with_its_text_and_its_json(here):
    await listening(here, GATE)
    await given(here, b'{"state": "on"}')
    await given(here, b"open")
    first, second = here.fired
    assert first["topic"] == "town/gate"
    assert first["payload"] == '{"state": "on"}'
    assert first["payload_json"] == {"state": "on"}
    assert first["qos"] == 1
    assert second["payload"] == "open"
    assert "payload_json" not in second


@pytest.mark.parametrize(
    ("words", "payload", "fires"),
    [
        ({"payload": "on"}, b"on", True),
        ({"payload": "on"}, b"off", False),
        ({"payload": "{{ wanted }}"}, b"on", True),
        ({"payload": "on", "value_template": "{{ value_json.state }}"}, b'{"state": "on"}', True),
        ({"payload": "on", "value_template": "{{ value_json.state }}"}, b'{"state": "off"}', False),
        ({"payload": "on", "value_template": "{{ value_json.state }}"}, b"no json", False),
        ({"payload": "5", "value_template": "{{ value_json.n + 1 }}"}, b'{"n": 4}', True),
        ({"payload": "ON", "value_template": "{{ value | upper }}"}, b"on", True),
        ({}, b"\xff\xfe", False),
    ],
)
async def test_the_payload_is_compared(here, words, payload, fires):
    await listening(here, {**GATE, **words}, wanted="on")
    await given(here, payload)
    assert bool(here.fired) is fires


async def test_the_topic_may_be_a_template_of_the_trigger_variables(here):
    await listening(here, {"trigger": "mqtt", "topic": "{{ town }}/gate"}, town="town")
    await given(here, b"x")
    assert len(here.fired) == 1


async def test_a_message_that_the_broker_had_kept_does_not_fire(here):
    """A deviation: in Home Assistant it fires at each start and each new connection."""
    await listening(here, GATE)
    await given(here, b"on", retain=True)
    assert here.fired == []


@pytest.mark.parametrize("topic", ["", "a/#/b", "a/b#", "a/+b/c"])
def test_what_is_no_topic_is_refused(topic):
    with pytest.raises(ValidationError, match="an MQTT topic reads like"):
        TRIGGER.validate_python({"trigger": "mqtt", "topic": topic})


async def test_a_detached_trigger_hears_no_message(here):
    detach = here.attach(GATE)
    await here.settle()
    detach()
    await given(here, b"on")
    assert here.fired == []


@pytest.mark.parametrize(
    "trigger", [GATE, {"trigger": "webhook", "webhook_id": "a-secret-id"}], ids=["mqtt", "webhook"]
)
async def test_without_its_link_a_trigger_says_so(here, caplog, trigger):
    here.sites = Sites(bus=here.bus, tasks=here.tasks, world=here.world, links=Links())
    here.attach(trigger)
    assert "does not listen: the hub runs without a" in caplog.text


async def test_a_webhook_fires_for_all_that_wait_at_it(here):
    hook = {"trigger": "webhook", "webhook_id": "a-secret-id"}
    detach = here.attach([hook, {**hook, "allowed_methods": "get", "local_only": False}])
    hooks = here.webhooks.of("a-secret-id")
    assert [sorted(one.methods) for one in hooks] == [["POST", "PUT"], ["GET"]]
    assert [one.lets_in("203.0.113.7") for one in hooks] == [False, True]
    assert [one.lets_in("10.1.2.3") for one in hooks] == [True, True]
    await hooks[0].handler({"webhook_id": "a-secret-id", "json": {"a": 1}})
    assert here.fired[0]["json"] == {"a": 1}
    detach()
    assert here.webhooks.of("a-secret-id") == []


@pytest.mark.parametrize("webhook_id", ["short", "with a space", "{{ template }}", "ключ-ключ", ""])
def test_an_id_that_is_none_is_refused_without_being_told(webhook_id):
    with pytest.raises(ValidationError) as caught:
        TRIGGER.validate_python({"trigger": "webhook", "webhook_id": webhook_id})
    if webhook_id:
        assert webhook_id not in caught.value.errors(include_input=False)[0]["msg"]


async def test_a_list_within_the_list_counts_as_if_it_were_written_out(here):
    first = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"}
    second = {"trigger": "state", "entity_id": "binary_sensor.gate", "to": "on", "id": "gate"}
    third = {"trigger": "state", "entity_id": "sensor.river"}
    here.attach([first, {"triggers": [second, {"triggers": third}]}])
    for name in ("sensor.river", "binary_sensor.gate", "binary_sensor.door"):
        await here.state(name, True)
    assert [(data["idx"], data["id"]) for data in here.fired] == [
        ("2", "2"),
        ("1", "gate"),
        ("0", "0"),
    ]


@pytest.mark.parametrize(
    ("written", "enabled"),
    [(False, False), ("{{ 1 == 2 }}", False), ("{{ 'yes' }}", True), ("{{ true and 1 }}", True)],
)
def test_enabled_may_be_a_template_that_is_evaluated_at_load(written, enabled):
    plain = {"trigger": "hub", "event": "start", "enabled": written}
    assert TRIGGER.validate_python(plain).enabled is enabled


@pytest.mark.parametrize(
    ("written", "why"),
    [("{{ is_state('a.b', 'on') }}", "'is_state' is undefined"), ("{{ 'x' }}", "neither true")],
)
def test_enabled_knows_no_states(written, why):
    with pytest.raises(ValidationError, match=why):
        TRIGGER.validate_python({"trigger": "hub", "event": "start", "enabled": written})


@pytest.mark.parametrize(
    ("word", "instead"),
    [
        ("homeassistant", "write 'trigger: hub'"),
        ("device", "'state'"),
        ("zone", "'state'"),
        ("tag", "'event'"),
        ("calendar", "'time'"),
        ("conversation", "'webhook'"),
        ("geo_location", "'area_id'"),
        ("persistent_notification", "incident.opened"),
    ],
)
def test_a_word_of_home_assistants_that_is_not_there_says_what_to_use(word, instead):
    """A deviation each."""
    with pytest.raises(ValidationError) as caught:
        TRIGGER.validate_python({"trigger": word})
    assert f"there is no trigger '{word}' here" in str(caught.value)
    assert instead in str(caught.value)


async def test_what_a_trigger_begins_may_fail_and_the_trigger_goes_on(here, caplog):
    def broken(data, event):
        here.fired.append(dict(data))
        raise RuntimeError("a bug")

    here._fire = broken
    here.attach({"trigger": "time_pattern", "minutes": "/1"})
    await here.advance(180)
    assert len(here.fired) == 3
    assert "what its trigger 'time_pattern' begins fails" in caplog.text
