"""Triggers: event, state, time."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.automation.triggers.time import TimeTrigger
from hub.model.event import OtherEvent

KYIV = ZoneInfo("Europe/Kyiv")
TELL = [{"action": "notify.send", "data": {"message": "{{ trigger.id }}"}}]


def rule(*triggers, **more):
    return {"id": "a", "triggers": list(triggers), "actions": TELL, "mode": "parallel", **more}


async def test_an_event_of_the_type_triggers(town):
    await town.configure(rule({"trigger": "event", "event_type": "gate.passed"}))
    await town.passing()
    await town.press()
    assert town.deeds.messages == ["0"]


async def test_an_event_trigger_takes_several_types(town):
    await town.configure(
        rule({"trigger": "event", "event_type": ["gate.passed", "button.pressed"]})
    )
    await town.passing()
    await town.press()
    assert town.deeds.messages == ["0", "0"]


@pytest.mark.parametrize(
    ("wanted", "fires"),
    [
        ({"entity_id": "sensor.gate"}, True),
        ({"entity_id": "sensor.river"}, False),
        ({"entity_id": ["sensor.river", "sensor.gate"], "area_id": ["market", "school"]}, True),
        ({"area_id": "school"}, True),
        ({"area_id": "market"}, False),
        ({"event_data": {"plate": "AA0123BB"}}, True),
        ({"event_data": {"plate": "BB0000BB"}}, False),
        ({"event_data": {"plate": "AA0123BB", "lanes": [1, 2]}}, True),
        ({"event_data": {"lanes": [1]}}, False),
        ({"event_data": {"no_such_field": None}}, False),
    ],
)
async def test_an_event_trigger_looks_at_source_area_and_payload(town, wanted, fires):
    await town.configure(rule({"trigger": "event", "event_type": "gate.passed", **wanted}))
    await town.passing(lanes=[1, 2])
    assert town.deeds.messages == (["0"] if fires else [])


async def test_templates_see_the_event_in_our_words_and_in_home_assistants(town):
    message = (
        "{{ trigger.event.plate }} {{ trigger.event.data.plate }} {{ trigger.event.event_type }} "
        "{{ trigger.event.type }} {{ trigger.entity_id }} {{ trigger.area_id }} "
        "{{ trigger.platform }} {{ trigger.alias }} {{ this.entity_id }}"
    )
    await town.configure(
        {
            "id": "a",
            "triggers": {"trigger": "event", "event_type": "gate.passed", "alias": "брама"},
            "actions": {"action": "notify.send", "data": {"message": message}},
        }
    )
    await town.passing()
    assert town.deeds.messages == [
        "AA0123BB AA0123BB gate.passed gate.passed sensor.gate school event брама automation.a"
    ]


async def test_the_payload_of_an_event_of_unknown_type_is_seen_too(town):
    await town.configure(
        {
            "id": "a",
            "triggers": {
                "trigger": "event",
                "event_type": "other.thing",
                "event_data": {"items": 3},
            },
            "actions": {"action": "notify.send", "data": {"message": "{{ trigger.event.items }}"}},
        }
    )
    town.publish(OtherEvent(type="other.thing", source="other", data={"items": 3}))
    town.publish(OtherEvent(type="other.thing", source="other", data={"items": 4}))
    await town.settle()
    assert town.deeds.messages == [3]


async def test_a_trigger_that_is_not_enabled_does_not_trigger(town):
    await town.configure(
        rule(
            {"trigger": "event", "event_type": "gate.passed", "enabled": False},
            {"trigger": "event", "event_type": "button.pressed", "id": "press"},
        )
    )
    await town.passing()
    await town.press()
    assert town.deeds.messages == ["press"]


DOOR = {"trigger": "state", "entity_id": "binary_sensor.door"}


@pytest.mark.parametrize(
    ("trigger", "changes"),
    [
        ({}, ["off", "on", "off", "off+battery"]),
        ({"to": "on"}, ["on"]),
        ({"to": ["on", "unavailable"]}, ["on", "unavailable"]),
        ({"to": None}, ["off", "on", "unavailable", "off"]),
        ({"from": None}, ["off", "on", "off"]),
        ({"from": "off"}, ["on"]),
        ({"from": "off", "to": "on"}, ["on"]),
        ({"from": "on", "to": "off"}, []),
        ({"not_from": ["unknown", "unavailable"]}, ["on"]),
        ({"not_to": ["unavailable", "off"]}, ["on"]),
        ({"attribute": "battery"}, ["off+battery"]),
        ({"attribute": "battery", "to": 40}, ["off+battery"]),
        ({"attribute": "battery", "to": "50"}, []),
    ],
)
async def test_a_state_trigger_fires_on_the_changes_asked_for(town, trigger, changes):
    message = (
        "{{ trigger.to_state.state }}"
        "{{ '+battery' if 'battery' in trigger.to_state.attributes else '' }}"
    )
    await town.configure(
        {
            "id": "a",
            "triggers": {**DOOR, **trigger},
            "actions": {"action": "notify.send", "data": {"message": message}},
            "mode": "queued",
        }
    )
    await town.state("binary_sensor.door", False)
    await town.state("binary_sensor.door", True)
    town.registry.set_available("binary_sensor.door", False)
    await town.settle()
    await town.state("binary_sensor.door", False)
    await town.state("binary_sensor.door", False, battery=40)
    await town.state("sensor.gate", True)
    assert town.deeds.messages == changes


async def test_a_state_must_last_where_for_is_given(town):
    await town.configure(rule({**DOOR, "to": "on", "for": "5m"}))
    await town.state("binary_sensor.door", True)
    await town.advance(299)
    await town.state("binary_sensor.door", False)
    await town.advance(600)
    assert town.deeds.messages == []
    await town.state("binary_sensor.door", True)
    await town.advance(100)
    await town.state("binary_sensor.door", True, battery=3)  # the state itself goes on
    await town.advance(199)
    assert town.deeds.messages == []
    await town.advance(1)
    assert town.deeds.messages == ["0"]


async def test_a_wait_for_a_lasting_state_ends_when_the_automation_is_switched_off(town):
    await town.configure(rule({**DOOR, "to": "on", "for": "5m"}))
    await town.state("binary_sensor.door", True)
    await town.engine.turn_off("a")
    await town.engine.turn_on("a")
    await town.advance(600)
    assert town.deeds.messages == []


async def test_a_time_of_day_triggers_each_day(town):
    await town.configure(rule({"trigger": "time", "at": ["22:00", "06:30:30"]}))
    await town.advance(4 * 3600 - 1)
    assert town.deeds.messages == []
    await town.advance(1)
    assert len(town.deeds.messages) == 1
    await town.advance(8 * 3600 + 1830)
    assert len(town.deeds.messages) == 2
    await town.advance(86_400)
    assert len(town.deeds.messages) == 4


async def test_a_time_trigger_keeps_to_its_weekdays(town):
    await town.configure(rule({"trigger": "time", "at": "22:00", "weekday": ["sun", "mon"]}))
    await town.advance(2 * 86_400)  # Friday and Saturday evening pass
    assert town.deeds.messages == []
    await town.advance(2 * 86_400)
    assert len(town.deeds.messages) == 2


async def test_a_clock_that_is_set_back_does_not_make_a_time_come_twice(town):
    await town.configure(rule({"trigger": "time", "at": "22:00"}))
    await town.advance(4 * 3600 + 1)
    town.clock.jump(-3600)
    await town.advance(2 * 3600)
    assert len(town.deeds.messages) == 1


async def test_a_clock_that_is_set_forward_does_not_lose_a_time(town):
    await town.configure(rule({"trigger": "time", "at": "22:00"}))
    town.clock.jump(5 * 3600)
    await town.advance(60)
    assert len(town.deeds.messages) == 1


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-28T04:00:00+02:00", "2026-03-29T01:30:00+00:00"),  # 03:30 does not exist
        ("2026-03-29T04:31:00+03:00", "2026-03-30T00:30:00+00:00"),
        ("2026-10-25T03:00:00+03:00", "2026-10-25T00:30:00+00:00"),  # 03:30 comes twice
        ("2026-10-25T03:45:00+03:00", "2026-10-26T01:30:00+00:00"),
    ],
)
def test_the_nights_when_the_clocks_change_have_one_trigger_each(moment, expected):
    trigger = TimeTrigger.model_validate({"trigger": "time", "at": "03:30"})
    due = trigger.next_after(datetime.fromisoformat(moment), KYIV)
    assert due == datetime.fromisoformat(expected)


def test_the_next_time_of_a_single_weekday_is_a_week_away_once_it_has_passed():
    trigger = TimeTrigger.model_validate({"trigger": "time", "at": "12:00", "weekday": "fri"})
    noon = datetime(2026, 11, 20, 12, tzinfo=KYIV)
    assert trigger.next_after(noon, KYIV) - noon == timedelta(days=7)
