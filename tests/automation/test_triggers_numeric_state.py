"""Trigger `numeric_state`, as Home Assistant documents it, and where ours differs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.automation.listening import TRIGGER

RIVER = {"trigger": "numeric_state", "entity_id": "sensor.river"}


async def levels(here, *values):
    for value in values:
        if value == "away":
            await here.away("sensor.river")
        else:
            await here.state("sensor.river", value)


def seen(here):
    return [float(data["to_state"]["state"]) for data in here.fired]


@pytest.mark.parametrize(
    ("limits", "values", "fired"),
    [
        ({"above": 17}, [16, 17, 18, 19, 17, 18], [18, 18]),
        ({"below": 17}, [18, 17, 16, 15, 20, 3.5], [16, 3.5]),
        ({"above": 17, "below": 25}, [30, 20, 21, 10, 24.9, 25, 17.1], [20, 24.9, 17.1]),
        ({"above": 17, "below": 25}, [10, 30, 10], []),
        ({"above": "17"}, [16, 18], [18]),
        ({"above": -2, "below": 0.5}, [1, 0], [0]),
    ],
)
async def test_it_fires_only_when_the_number_comes_in(here, limits, values, fired):
    await levels(here, 17 if limits.get("above") == 17 else 100)
    here.attach({**RIVER, **limits})
    await levels(here, *values)
    assert seen(here) == fired


async def test_a_number_that_lies_right_from_the_start_must_first_go_out(here):
    await levels(here, 20)
    here.attach({**RIVER, "above": 17})
    await levels(here, 21, 22)
    assert here.fired == []
    await levels(here, 10, 22)
    assert seen(here) == [22]


async def test_a_first_number_after_unknown_counts_as_coming_in(here):
    here.attach({**RIVER, "above": 17})
    await levels(here, 20)
    assert seen(here) == [20]


async def test_a_sensor_that_was_away_and_is_back_in_the_range_does_not_fire_again(here):
    """A deviation: in Home Assistant unavailable counts as out of the range, so that each lost
    connection during a flood is another alarm."""
    await levels(here, 10)
    here.attach({**RIVER, "above": 17})
    await levels(here, 20, "away", 20, None, 21)
    assert seen(here) == [20]
    await levels(here, "away", 10, "away", 22)
    assert seen(here) == [20, 22]


async def test_what_is_no_number_neither_fires_nor_arms_and_is_told_once(here, caplog):
    await levels(here, 10)
    here.attach({**RIVER, "above": 17})
    await levels(here, 20, "ice", "ice!", 21)
    assert seen(here) == [20]
    (record,) = caplog.records
    assert record.getMessage().endswith("'sensor.river' gives 'ice', which is no number")


async def test_a_limit_may_be_an_entity_and_only_the_number_itself_is_listened_to(here):
    await here.state("sensor.limit", 30)
    await levels(here, 10)
    here.attach({**RIVER, "above": "sensor.limit"})
    await levels(here, 20)
    await here.state("sensor.limit", 15)
    assert here.fired == []
    await levels(here, 21)
    assert seen(here) == [21]
    assert here.fired[0]["above"] == "sensor.limit"
    assert here.fired[0]["below"] is None


async def test_a_limit_that_is_not_known_lets_nothing_in_and_loses_nothing(here):
    await levels(here, 10)
    here.attach({**RIVER, "above": "sensor.limit"})
    await levels(here, 20)
    await here.state("sensor.limit", 15)
    await levels(here, 21)
    assert seen(here) == [21]


async def test_an_attribute_or_a_template_is_looked_at_instead(here):
    here.attach(
        [
            {**RIVER, "attribute": "flow", "above": 5},
            {**RIVER, "value_template": "{{ state.attributes.flow * 10 - offset }}", "above": 50},
        ],
        offset=7,
    )
    await here.state("sensor.river", 0, flow=1)
    await here.state("sensor.river", 0, flow=5.5)
    assert [data["idx"] for data in here.fired] == ["0"]
    await here.state("sensor.river", 0, flow=5.8)
    assert [data["idx"] for data in here.fired] == ["0", "1"]


async def test_it_must_lie_there_for_so_long(here):
    await levels(here, 10)
    here.attach({**RIVER, "above": 17, "for": {"minutes": "{{ 1 + 1 }}"}})
    await levels(here, 20)
    await here.advance(60)
    await levels(here, 25)
    await here.advance(59)
    assert here.fired == []
    await here.advance(1)
    assert seen(here) == [20]
    await levels(here, 10, 20)
    await here.advance(119)
    await levels(here, 16)
    await here.advance(600)
    assert len(here.fired) == 1


async def test_a_wait_ends_with_the_connection_and_begins_anew_when_it_is_back(here):
    await levels(here, 10)
    here.attach({**RIVER, "above": 17, "for": "2m"})
    await levels(here, 20)
    await here.advance(60)
    await levels(here, "away")
    await here.advance(600)
    await levels(here, 20)
    await here.advance(119)
    assert here.fired == []
    await here.advance(1)
    assert len(here.fired) == 1


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({}, "needs 'above' or 'below'"),
        ({"above": 20, "below": 10}, "swap them"),
        ({"above": 20, "below": 20}, "swap them"),
        ({"above": True}, "a number is wanted"),
        ({"above": ".inf"}, None),
        ({"above": "inf"}, "a finite number"),
    ],
)
def test_limits_that_make_no_sense_are_refused(limits, why):
    if why is None:  # text that is no number names an entity; the check of names deals with it
        TRIGGER.validate_python({**RIVER, **limits})
        return
    with pytest.raises(ValidationError, match=why):
        TRIGGER.validate_python({**RIVER, **limits})
