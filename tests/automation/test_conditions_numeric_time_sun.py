"""Conditions numeric_state, time, sun, trigger, mode, and templates in `for`."""

from __future__ import annotations

from datetime import datetime

import pytest
from pydantic import ValidationError

from tests.automation.listening import CONDITION, Listening

RIVER = {"condition": "numeric_state", "entity_id": "sensor.river"}


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        ({"above": 17}, True),
        ({"above": 20}, False),
        ({"below": 20}, False),
        ({"above": 17, "below": 25}, True),
        ({"above": "sensor.limit"}, True),
        ({"below": "sensor.limit"}, False),
        ({"above": "sensor.shift"}, False),  # not known
        ({"above": "binary_sensor.door"}, False),  # no number
        ({"attribute": "flow", "above": 3}, True),
        ({"attribute": "colour", "above": 3}, False),
        ({"value_template": "{{ state.state | float + more }}", "above": 21}, True),
        ({"value_template": "{{ state.attributes.flow - 2 }}", "below": 2}, False),
        ({"entity_id": ["sensor.river", "sensor.limit"], "above": 12}, True),
        ({"entity_id": ["sensor.river", "sensor.limit"], "above": 17}, False),
        ({"entity_id": "sensor.shift", "below": 17}, False),
        ({"entity_id": "binary_sensor.door", "below": 17}, False),
        ({"entity_id": "sensor.gone", "below": 17}, False),
    ],
)
async def test_a_number_lies_between_the_limits(here, words, passes):
    await here.state("sensor.river", 20, flow=4)
    await here.state("sensor.limit", 15)
    await here.state("binary_sensor.door", "ajar")
    assert here.passes({**RIVER, **words}, more=2) is passes


async def test_the_trace_shows_the_numbers_and_why_there_is_none(here):
    await here.state("sensor.river", 20)
    await here.state("binary_sensor.door", "ajar")
    outcome = here.evaluate(
        {
            **RIVER,
            "entity_id": ["sensor.river", "sensor.shift", "binary_sensor.door"],
            "above": "sensor.limit",
        }
    )
    assert outcome.seen == {
        "sensor.river": 20.0,
        "sensor.shift": "unknown",
        "binary_sensor.door": "'binary_sensor.door' gives 'ajar', which is no number",
        "above": "unknown",
    }


@pytest.mark.parametrize(
    ("told", "words", "passes"),
    [
        ("17:30", {"after": "sensor.shift"}, True),
        ("18:30", {"after": "sensor.shift"}, False),
        ("2026-01-01T15:30:00Z", {"after": "sensor.shift"}, True),  # 17:30 in Kyiv
        ("2026-01-01T17:30:00Z", {"after": "sensor.shift"}, False),
        ("22:00", {"after": "17:00", "before": "sensor.shift"}, True),
        ("06:00", {"after": "17:00", "before": "sensor.shift"}, True),
        ("06:00", {"before": "sensor.shift"}, False),
        (None, {"after": "sensor.shift"}, False),
        (None, {"before": "sensor.shift"}, False),
        ("soon", {"after": "sensor.shift", "weekday": "fri"}, False),
        ("17:30", {"after": "sensor.shift", "weekday": "sat"}, False),
        ("18:00", {"after": "18:00", "before": "18:00"}, True),
    ],
)
async def test_a_time_may_be_told_by_an_entity(here, told, words, passes):
    await here.state("sensor.shift", told)
    assert here.passes({"condition": "time", **words}) is passes


SUN = [
    ({"after": "sunrise", "before": "sunset"}, "..xx."),
    ({"before": "sunrise"}, "xx..."),
    ({"after": "sunset"}, "....x"),
    ({"after": "sunset", "before": "sunrise"}, "xx..x"),
    ({"after": "sunset", "after_offset": "-00:45:00"}, "...xx"),
    ({"before": "sunrise", "before_offset": "1h"}, "xxx.."),
    ({"after": "sunrise", "after_offset": {"hours": 2}}, "...xx"),
]


@pytest.mark.parametrize(("words", "expected"), SUN)
async def test_the_sun_counts_from_midnight_to_midnight(words, expected):
    """Looked at at 01:00, 07:00, 08:00, 16:00 and 23:00; the day is from 07:25 to 16:15."""
    found = ""
    for hour in (1, 7, 8, 16, 23):
        here = Listening(datetime.fromisoformat(f"2026-11-21T{hour:02}:00+02:00"))
        found += "x" if here.passes({"condition": "sun", **words}) else "."
    assert found == expected


async def test_without_a_place_or_a_sunset_the_condition_does_not_pass():
    here = Listening()
    here.place = None
    here.up()
    assert not here.passes({"condition": "sun", "after": "sunrise"})
    assert here.evaluate({"condition": "sun", "after": "sunrise"}).seen["after"] is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"condition": "sun"}, "needs 'after' or 'before'"),
        ({"condition": "sun", "after": "sunset", "before_offset": "1h"}, "needs 'before'"),
        ({"condition": "sun", "after": "noon"}, "sunrise"),
        ({"condition": "time"}, "needs 'after', 'before' or 'weekday'"),
        ({"condition": "time", "after": "25:00"}, "no time of day"),
        ({"condition": "numeric_state", "entity_id": "a.b"}, "needs 'above' or 'below'"),
        ({"condition": "device"}, "name the device's entity"),
        ({"condition": "zone"}, "'state' of an entity"),
        ({"condition": "mode", "mode": []}, "at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(words, why):
    with pytest.raises(ValidationError, match=why):
        CONDITION.validate_python(words)


@pytest.mark.parametrize(
    ("wanted", "passes"), [("press", True), (["press", "gate"], True), ("gate", False), (1, False)]
)
async def test_it_was_a_trigger_of_this_id(here, wanted, passes):
    condition = {"condition": "trigger", "id": wanted}
    assert here.passes(condition, trigger={"id": "press", "idx": "1"}) is passes
    assert not here.passes(condition)  # begun by hand


async def test_a_number_is_the_id_of_a_trigger_without_one(here):
    assert here.passes({"condition": "trigger", "id": 1}, trigger={"id": "1"})


async def test_the_town_is_in_one_of_these_modes(here):
    condition = {"condition": "mode", "mode": ["night", "curfew"]}
    assert not here.passes(condition)
    await here.state("mode.curfew", True)
    assert here.passes(condition)
    assert here.evaluate(condition).seen == {"night": "unknown", "curfew": "on"}
    assert not here.passes({"condition": "mode", "mode": "night"})


async def test_for_of_a_state_may_be_a_template(here):
    await here.state("binary_sensor.door", True)
    await here.advance(120)
    condition = {"condition": "state", "entity_id": "binary_sensor.door", "state": "on"}
    assert here.passes({**condition, "for": {"minutes": "{{ minutes }}"}}, minutes=2)
    assert not here.passes({**condition, "for": {"minutes": "{{ minutes }}"}}, minutes=3)


async def test_a_template_may_stand_under_condition(here):
    assert here.passes({"condition": "{{ 1 == 1 }}", "alias": "always"})
    assert not here.passes({"condition": "{{ 1 == 2 }}"})
