"""Trigger `template`."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.automation.listening import Listening

OPEN = {"trigger": "template", "value_template": "{{ is_state('binary_sensor.door', 'on') }}"}


async def test_it_fires_when_the_template_turns_from_false_to_true(here):
    here.attach(OPEN)
    for value in (False, True, True, False, True):
        await here.state("binary_sensor.door", value)
    assert len(here.fired) == 2
    seen = here.fired[0]
    assert (seen["platform"], seen["entity_id"]) == ("template", "binary_sensor.door")
    assert (seen["from_state"]["state"], seen["to_state"]["state"]) == ("off", "on")
    assert here.events[0].entity_id == "binary_sensor.door"


async def test_one_that_is_true_from_the_start_must_first_turn_false(here):
    await here.state("binary_sensor.door", True)
    here.attach(OPEN)
    await here.state("binary_sensor.door", True, battery=3)
    assert here.fired == []
    await here.state("binary_sensor.door", False)
    await here.state("binary_sensor.door", True)
    assert len(here.fired) == 1


async def test_other_words_for_true_and_numbers_count_too(here):
    here.attach({"trigger": "template", "value_template": "{{ states('sensor.river') }}"})
    for value in ("no", "yes", "off", "on", "0", "enable", "false", "3", "other", "true"):
        await here.state("sensor.river", value)
    assert [data["to_state"]["state"] for data in here.fired] == [
        "yes",
        "on",
        "enable",
        "3",
        "true",
    ]


async def test_only_what_it_has_read_makes_it_look_again(here):
    here.attach(
        {
            "trigger": "template",
            "value_template": "{{ is_state('binary_sensor.door', 'on')"
            " and states('sensor.river') | int(0) > limit }}",
        },
        limit=3,
    )
    await here.state("sensor.river", 5)
    await here.state("binary_sensor.door", True)
    assert [data["entity_id"] for data in here.fired] == ["binary_sensor.door"]
    await here.state("sensor.river", 1)
    await here.state("sensor.river", 6)
    assert [data["entity_id"] for data in here.fired][1:] == ["sensor.river"]


async def test_it_must_stay_true_for_so_long_and_a_new_true_value_goes_on(here):
    """A deviation: in Home Assistant another true value ends the wait, and nothing fires."""
    here.attach(
        {
            "trigger": "template",
            "value_template": "{{ states('sensor.river') | int(0) }}",
            "for": "1m",
        }
    )
    await here.state("sensor.river", 0)
    await here.state("sensor.river", 1)
    await here.advance(30)
    await here.state("sensor.river", 2)
    await here.advance(29)
    assert here.fired == []
    await here.advance(1)
    assert here.fired[0]["for"] == timedelta(minutes=1)
    await here.state("sensor.river", 0)
    await here.state("sensor.river", 1)
    await here.advance(59)
    await here.state("sensor.river", 0)
    await here.advance(60)
    assert len(here.fired) == 1


async def test_one_that_reads_the_clock_is_looked_at_each_minute(here):
    here.attach({"trigger": "template", "value_template": "{{ now().minute == 5 }}"})
    await here.advance(299)
    assert here.fired == []
    await here.advance(1)
    assert len(here.fired) == 1
    assert here.fired[0]["entity_id"] is None
    await here.advance(3600)
    assert len(here.fired) == 2


async def test_a_clock_that_is_set_back_makes_it_true_again_only_after_false(here):
    here.attach({"trigger": "template", "value_template": "{{ now().hour >= 19 }}"})
    await here.advance(3600)
    assert len(here.fired) == 1
    here.clock.jump(-1800)
    await here.advance(120)
    assert len(here.fired) == 1
    await here.advance(1800)
    assert len(here.fired) == 2


@pytest.mark.parametrize(
    ("night", "times"),
    [("2026-03-28T22:00+02:00", 0), ("2026-10-24T22:00+03:00", 1), ("2026-10-26T22:00+02:00", 1)],
)
async def test_the_nights_when_the_clocks_change_are_followed(night, times):
    """03:00 does not exist in March, and lasts two hours in October."""
    here = Listening(datetime.fromisoformat(night))
    here.attach({"trigger": "template", "value_template": "{{ now().hour == 3 }}"})
    await here.advance(9 * 3600)
    assert len(here.fired) == times
    await here.tasks.close()


async def test_an_error_is_neither_true_nor_false_and_is_told(here, caplog):
    here.attach(
        {"trigger": "template", "value_template": "{{ 1 / (states('sensor.river') | int) }}"}
    )
    for value in (1, 0, 2):
        await here.state("sensor.river", value)
    assert here.fired == []
    assert "division by zero" in caplog.text
