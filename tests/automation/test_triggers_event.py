"""Trigger `event`: what the bus is asked for, and templates in it."""

from __future__ import annotations

import dataclasses

import pytest

from hub.model.core_events import HubStarted, HubStopping
from hub.model.event import OtherEvent
from tests.automation.town import Passed, Pressed


def gate(**words):
    return {"trigger": "event", "event_type": "gate.passed", **words}


async def test_templates_see_the_trigger_variables_and_are_evaluated_once(here):
    here.attach(
        gate(
            event_type="{{ kind }}.passed",
            event_data={"plate": "{{ plate }}", "lanes": ["{{ 1 + 1 }}"]},
        ),
        kind="gate",
        plate="AA0123BB",
    )
    await here.publish(Passed(source="sensor.gate", lanes=[2]))
    await here.publish(Passed(source="sensor.gate", lanes=[1]))
    await here.publish(Passed(source="sensor.gate", plate="BB", lanes=[2]))
    assert len(here.fired) == 1


async def test_a_template_that_asks_for_states_is_told_and_the_other_triggers_listen(here, caplog):
    here.attach([gate(event_data={"plate": "{{ states('sensor.river') }}"}), gate()])
    await here.publish(Passed(source="sensor.gate"))
    assert [data["idx"] for data in here.fired] == ["1"]
    assert "its trigger 'event' does not listen: 'states' is undefined" in caplog.text


@pytest.mark.parametrize(
    ("wanted", "fires"),
    [
        ({"who": {"name": "Ira"}}, True),
        ({"who": {"name": "Ira", "age": 3}}, False),
        ({"who": {"name": "Oleh"}}, False),
        ({"who": {}}, True),
        ({"tags": ["a", "b"]}, True),
        ({"tags": ["a"]}, False),
        ({"level": 1}, True),
        ({"level": 1.0}, True),
        ({"level": "1"}, False),
    ],
)
async def test_a_mapping_in_event_data_names_what_matters(here, wanted, fires):
    here.attach({"trigger": "event", "event_type": "x.y", "event_data": wanted})
    data = {"who": {"name": "Ira", "role": "guard"}, "tags": ["a", "b"], "level": 1}
    await here.publish(OtherEvent(type="x.y", source="x", data=data))
    assert bool(here.fired) is fires


async def test_what_the_payload_asks_for_is_matched_by_the_bus(here, monkeypatch):
    """A thousand rules for a plate each: a plate that none wants reaches none."""
    asked = []
    here.attach([gate(event_data={"plate": f"AA{number:04}"}) for number in range(1000)])
    monkeypatch.setattr("hub.automation.triggers.event.event_data", asked.append)
    await here.publish(Passed(source="sensor.gate", plate="BB0000"))
    assert asked == []
    await here.publish(Passed(source="sensor.gate", plate="AA0007"))
    assert len(asked) == 1


async def test_a_durable_event_that_is_given_again_is_heard(here):
    here.attach({"trigger": "event", "event_type": "button.pressed"})
    await here.publish(dataclasses.replace(Pressed(source="event.kiosk"), redelivered=True))
    assert here.events[0].redelivered


async def test_a_detached_trigger_hears_nothing(here):
    here.attach(gate(event_type=["gate.passed", "button.pressed"]))()
    await here.publish(Passed(source="sensor.gate"))
    assert here.fired == []


async def test_the_start_and_the_end_of_the_hub(here):
    here.attach(
        [{"trigger": "hub", "event": "start"}, {"trigger": "hub", "event": "shutdown", "id": "end"}]
    )
    await here.publish(HubStarted(source="hub"))
    await here.publish(HubStopping(source="hub"))
    assert [(data["id"], data["event"]) for data in here.fired] == [
        ("0", "start"),
        ("end", "shutdown"),
    ]
