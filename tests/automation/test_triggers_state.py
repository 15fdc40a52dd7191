"""Trigger `state`, as Home Assistant documents it, and where ours differs."""

from __future__ import annotations

from datetime import timedelta

import pytest

DOOR = {"trigger": "state", "entity_id": "binary_sensor.door"}


def changes(here):
    return [data["to_state"]["state"] for data in here.fired]


async def a_day_of_the_door(here):
    """unknown, off, on, unavailable, on, unknown, off, and then an attribute alone."""
    await here.state("binary_sensor.door", False)
    await here.state("binary_sensor.door", True)
    await here.away("binary_sensor.door")
    await here.state("binary_sensor.door", True)
    await here.state("binary_sensor.door", None)
    await here.state("binary_sensor.door", False)
    await here.state("binary_sensor.door", False, battery=40)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, ["off", "on", "on", "off", "off"]),
        ({"from": None}, ["off", "on", "on", "off"]),
        ({"not_from": None}, ["off", "on", "on", "off"]),
        ({"not_to": "on"}, ["off", "off"]),
        ({"from": "on"}, []),
        ({"to": None}, ["off", "on", "unavailable", "on", "unknown", "off"]),
        ({"to": "unavailable"}, ["unavailable"]),
        ({"from": "on", "to": ["unavailable", "unknown"]}, ["unavailable", "unknown"]),
        ({"to": "on"}, ["on", "on"]),
        ({"to": "on", "not_from": ["unknown", "unavailable"]}, ["on"]),
    ],
)
async def test_a_trigger_without_to_does_not_fire_on_unknown_and_unavailable(here, words, expected):
    """A deviation: Home Assistant fires on any change, a device that is lost included. With the
    key `to` it is as there: `to: null` is any change, these too."""
    here.attach({**DOOR, **words})
    await a_day_of_the_door(here)
    assert changes(here) == expected


async def test_an_attribute_that_vanishes_does_not_fire_without_to(here):
    here.attach({**DOOR, "attribute": "battery"})
    await here.state("binary_sensor.door", True, battery=40)
    await here.state("binary_sensor.door", True, battery=30)
    await here.state("binary_sensor.door", True, colour="red")
    await here.state("binary_sensor.door", False, colour="red")
    assert [data["to_state"]["attributes"].get("battery") for data in here.fired] == [40, 30]
    assert {data["attribute"] for data in here.fired} == {"battery"}


async def test_an_attribute_that_holds_its_value_for_a_while_fires_once(here):
    here.attach({**DOOR, "attribute": "mode", "to": "heating", "for": "10m"})
    await here.state("binary_sensor.door", True, mode="heating", level=1)
    await here.advance(300)
    await here.state("binary_sensor.door", False, mode="heating", level=2)
    await here.advance(299)
    assert here.fired == []
    await here.advance(1)
    assert len(here.fired) == 1


async def test_a_change_of_other_attributes_does_not_end_the_wait_nor_begin_one(here):
    here.attach({**DOOR, "for": "1m"})
    await here.state("binary_sensor.door", True)
    await here.advance(40)
    await here.state("binary_sensor.door", True, battery=5)
    await here.advance(20)
    assert changes(here) == ["on"]
    await here.state("binary_sensor.door", True, battery=4)
    await here.advance(100)
    assert changes(here) == ["on"]


async def test_from_alone_waits_as_long_as_the_state_is_not_back(here):
    here.attach({**DOOR, "from": "off", "for": "30m"})
    await here.state("binary_sensor.door", "off")
    await here.state("binary_sensor.door", "playing")
    await here.advance(1200)
    await here.state("binary_sensor.door", "paused")
    await here.advance(599)
    assert here.fired == []
    await here.advance(1)
    assert changes(here) == ["playing"]
    await here.state("binary_sensor.door", "off")
    await here.state("binary_sensor.door", "playing")
    await here.advance(60)
    await here.state("binary_sensor.door", "off")
    await here.advance(3600)
    assert len(here.fired) == 1


async def test_with_from_and_to_only_to_counts_while_it_waits(here):
    here.attach({**DOOR, "from": "off", "to": "on", "for": "1m"})
    await here.state("binary_sensor.door", "off")
    await here.state("binary_sensor.door", "on")
    await here.advance(59)
    await here.state("binary_sensor.door", "half")
    await here.advance(60)
    assert here.fired == []


async def test_each_entity_waits_for_itself(here):
    here.attach(
        {**DOOR, "entity_id": ["binary_sensor.door", "binary_sensor.gate"], "to": "on", "for": "1m"}
    )
    await here.state("binary_sensor.door", True)
    await here.advance(30)
    await here.state("binary_sensor.gate", True)
    await here.state("binary_sensor.door", False)
    await here.advance(60)
    assert [data["entity_id"] for data in here.fired] == ["binary_sensor.gate"]


@pytest.mark.parametrize(
    "span",
    [
        "{{ states('sensor.limit') }}m",
        {"minutes": "{{ states('sensor.limit') | int }}"},
        "{{ '00:02:00' if trigger.to_state.state == 'on' else '1h' }}",
    ],
)
async def test_for_may_be_a_template_that_is_evaluated_when_the_state_changes(here, span):
    await here.state("sensor.limit", 2)
    here.attach({**DOOR, "to": "on", "for": span})
    await here.state("binary_sensor.door", True)
    await here.state("sensor.limit", 9)
    await here.advance(119)
    assert here.fired == []
    await here.advance(1)
    assert here.fired[0]["for"] == timedelta(minutes=2)


async def test_a_for_that_is_no_duration_is_told_and_does_not_fire(here, caplog):
    here.attach({**DOOR, "to": "on", "for": "{{ 'soon' }}"})
    await here.state("binary_sensor.door", True)
    await here.advance(3600)
    assert here.fired == []
    assert "automation 'a': 'for' of its trigger 'state': not a duration" in caplog.text


async def test_a_wait_is_not_cut_short_by_a_clock_that_is_set_forward(here):
    here.attach({**DOOR, "to": "on", "for": "10m"})
    await here.state("binary_sensor.door", True)
    here.clock.jump(3600)
    await here.advance(599)
    assert here.fired == []
    await here.advance(1)
    assert len(here.fired) == 1


async def test_templates_see_the_states_before_and_after(here):
    here.attach({**DOOR, "to": "on", "id": "open", "alias": "Двері"})
    await here.state("binary_sensor.door", False)
    await here.state("binary_sensor.door", True, battery=4)
    seen = here.fired[0]
    assert (seen["platform"], seen["id"], seen["idx"], seen["alias"]) == (
        "state",
        "open",
        "0",
        "Двері",
    )
    assert (seen["entity_id"], seen["area_id"]) == ("binary_sensor.door", "market")
    assert (seen["from_state"]["state"], seen["to_state"]["state"]) == ("off", "on")
    assert seen["to_state"]["attributes"] == {"battery": 4}
    assert seen["to_state"]["name"] == "Binary_Sensor.Door"
    assert seen["for"] is None


async def test_a_trigger_that_is_detached_waits_no_more(here):
    detach = here.attach({**DOOR, "to": "on", "for": "10m"})
    await here.state("binary_sensor.door", True)
    detach()
    await here.state("binary_sensor.door", False)
    await here.state("binary_sensor.door", True)
    await here.advance(3600)
    assert here.fired == []
