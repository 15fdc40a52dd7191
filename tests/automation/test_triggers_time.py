"""Triggers `time`, `time_pattern` and `sun`, on clocks that are set and nights when they change."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from tests.automation.listening import KYIV, TRIGGER, Listening

SPRING = "2026-03-28T22:00+02:00"  # at 03:00 it will be 04:00
AUTUMN = "2026-10-24T22:00+03:00"  # at 04:00 it will be 03:00


def at(*times, **more):
    return {"trigger": "time", "at": list(times), **more}


def pattern(**words):
    return {"trigger": "time_pattern", **words}


@pytest.fixture
async def in_night(request):
    here = Listening(datetime.fromisoformat(request.param))
    yield here
    await here.tasks.close()


# time


@pytest.mark.parametrize(
    ("told", "offset", "fires"),
    [
        ("2026-11-20T20:30:00+02:00", "0s", ["20 20:30:00"]),
        ("2026-11-20T18:30:00Z", "10m", ["20 20:40:00"]),
        ("2026-11-20T20:30:00+02:00", "-00:45:00", ["20 19:45:00"]),
        ("2026-11-20T20:30:00+02:00", {"hours": -1}, ["20 19:30:00"]),
        ("2026-11-20T17:00:00+02:00", "0s", []),
        ("2026-11-20T20:30:00", "0s", []),  # no offset from UTC: nobody knows when that is
        ("soon", "0s", []),
        (None, "0s", []),
        ("19:15", "0s", ["20 19:15:00", "21 19:15:00"]),
        ("23:50", "-1h", ["20 22:50:00", "21 22:50:00"]),
        ("00:10", "-1h", ["20 23:10:00", "21 23:10:00"]),
    ],
)
async def test_an_entity_may_tell_the_time(here, told, offset, fires):
    await here.state("sensor.shift", told)
    here.attach(at({"entity_id": "sensor.shift", "offset": offset}))
    await here.advance(2 * 86_400 - 60)
    assert here.local_times() == fires
    assert all(data["entity_id"] == "sensor.shift" for data in here.fired)


async def test_an_entity_that_tells_another_time_is_followed(here):
    here.attach(at("sensor.shift", "19:00"))
    await here.state("sensor.shift", "2026-11-20T20:00:00+02:00")
    await here.state("sensor.shift", "2026-11-20T21:00:00+02:00")
    await here.advance(4 * 3600)
    assert here.local_times() == ["20 19:00:00", "20 21:00:00"]
    await here.state("sensor.shift", "2026-11-20T23:00:00+02:00")
    await here.away("sensor.shift")
    await here.advance(4 * 3600)
    assert len(here.fired) == 2


async def test_weekdays_hold_for_what_entities_tell_too(here):
    await here.state("sensor.shift", "2026-11-21T08:00:00+02:00")  # a Saturday
    here.attach([at("sensor.shift", weekday="fri"), at("sensor.shift", weekday=["sat", "sun"])])
    await here.advance(86_400)
    assert [data["idx"] for data in here.fired] == ["1"]


async def test_a_time_may_be_a_template_of_the_trigger_variables(here):
    here.attach(at("{{ begin }}:30"), begin="19")
    await here.advance(86_400)
    assert here.local_times() == ["20 19:30:00"]


@pytest.mark.parametrize("wrong", ["25:00", "22", "noon", 22, {"entity_id": "sensor.a", "of": 1}])
def test_what_is_no_time_is_refused(wrong):
    with pytest.raises(ValidationError):
        TRIGGER.validate_python(at(wrong))


@pytest.mark.parametrize(
    ("jump", "fires"),
    [
        (5 * 3600, ["20 23:01:00"]),  # what was passed over fires once, late
        (3 * 86_400, ["23 18:01:00", "23 22:00:00"]),
        (-3600, ["20 22:00:00"]),
        (-5 * 86_400, ["15 22:00:00"]),  # the clock was wrong before: all is counted anew
    ],
)
async def test_a_clock_that_is_set_before_the_time_has_come(here, jump, fires):
    here.attach(at("22:00"))
    await here.advance(60)
    here.clock.jump(jump - 60)
    await here.advance(60)
    await here.advance(6 * 3600 - 60)
    assert here.local_times() == fires


async def test_a_clock_that_is_set_back_by_an_hour_does_not_repeat_a_time(here):
    here.attach(at("19:00", "19:45"))
    await here.advance(3660)
    here.clock.jump(-3600)
    await here.advance(2 * 3600)
    assert here.local_times() == ["20 19:00:00", "20 19:45:00"]


async def test_a_clock_that_is_set_back_by_days_repeats_the_days(here):
    here.attach(at("19:00"))
    await here.advance(3660)
    here.clock.jump(-3 * 86_400)
    await here.advance(86_400)
    assert here.local_times() == ["20 19:00:00", "18 19:00:00"]


@pytest.mark.parametrize(
    ("in_night", "fires"),
    [
        (SPRING, ["29 02:30:00", "29 04:30:00", "29 04:45:00"]),
        (AUTUMN, ["25 02:30:00", "25 03:30:00", "25 04:45:00"]),
    ],
    indirect=["in_night"],
)
async def test_times_on_the_nights_when_the_clocks_change(in_night, fires):
    """A deviation in so far as Home Assistant leaves it open."""
    in_night.attach(at("02:30", "03:30", "04:45"))
    await in_night.advance(12 * 3600)
    assert in_night.local_times() == fires


# time_pattern


@pytest.mark.parametrize(
    ("words", "seconds", "fires"),
    [
        ({"minutes": 5}, 7200, ["20 18:05:00", "20 19:05:00"]),
        ({"hours": "19", "minutes": "/20"}, 7200, ["20 19:00:00", "20 19:20:00", "20 19:40:00"]),
        ({"hours": "*"}, 7200, ["20 19:00:00", "20 20:00:00"]),
        ({"hours": "/2"}, 5 * 3600, ["20 20:00:00", "20 22:00:00"]),
        ({"minutes": "/7"}, 1800, ["20 18:07:00", "20 18:14:00", "20 18:21:00", "20 18:28:00"]),
        ({"seconds": "/20"}, 60, ["20 18:00:20", "20 18:00:40", "20 18:01:00"]),
        ({"minutes": 1, "seconds": 59}, 3600, ["20 18:01:59"]),
        ({"hours": 18, "minutes": 0}, 86_400, ["21 18:00:00"]),
        ({"hours": 3, "minutes": "*", "seconds": 30}, 32_530, ["21 03:00:30", "21 03:01:30"]),
    ],
)
async def test_a_pattern_fires_when_it_matches(here, words, seconds, fires):
    here.attach(pattern(**words))
    await here.advance(seconds)
    assert here.local_times() == fires


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({}, "needs 'hours', 'minutes' or 'seconds'"),
        ({"hours": 24}, "out of range"),
        ({"minutes": "/60"}, "out of range"),
        ({"minutes": "/0"}, "out of range"),
        ({"minutes": "05"}, "write '5'"),
        ({"minutes": "5,10"}, "no pattern"),
        ({"minutes": -1}, "no pattern"),
        ({"minutes": True}, "no pattern"),
    ],
)
def test_a_pattern_that_makes_no_sense_is_refused(words, why):
    with pytest.raises(ValidationError, match=why):
        TRIGGER.validate_python(pattern(**words))


@pytest.mark.parametrize(
    ("in_night", "fires"),
    [
        (SPRING, ["29 01:00", "29 02:00", "29 04:00", "29 05:00"]),
        (AUTUMN, ["25 01:00", "25 02:00", "25 03:00", "25 03:00", "25 04:00", "25 05:00"]),
    ],
    indirect=["in_night"],
)
async def test_a_pattern_of_any_hour_goes_on_at_its_pace_when_the_clocks_change(in_night, fires):
    in_night.attach(pattern(hours="*"))
    await in_night.to(f"2026-{'03-29' if len(fires) == 4 else '10-25'}T05:30")
    assert [moment[:8] for moment in in_night.local_times()][-len(fires) :] == fires


@pytest.mark.parametrize(
    ("in_night", "fires"),
    [
        (SPRING, ["29 04:00:00", "29 04:30:00", "30 03:00:00", "30 03:30:00"]),
        (AUTUMN, ["25 03:00:00", "25 03:30:00", "26 03:00:00", "26 03:30:00"]),
    ],
    indirect=["in_night"],
)
async def test_a_pattern_of_one_hour_comes_once_a_day_when_the_clocks_change(in_night, fires):
    in_night.attach(pattern(hours=3, minutes="/30"))
    await in_night.advance(32 * 3600)
    assert in_night.local_times() == fires


@pytest.mark.parametrize(
    ("jump", "fires"),
    [
        (-3600, ["20 18:20:00", "20 17:40:00", "20 18:00:00", "20 18:20:00"]),
        (-5 * 86_400, ["20 18:20:00", "15 18:40:00", "15 19:00:00", "15 19:20:00"]),
        (7200, ["20 18:20:00", "20 20:31:00", "20 20:40:00", "20 21:00:00", "20 21:20:00"]),
    ],
)
async def test_a_pattern_beats_on_when_the_clock_is_set(here, jump, fires):
    here.attach(pattern(minutes="/20"))
    await here.advance(1800)
    here.clock.jump(jump)
    await here.advance(60)
    await here.advance(51 * 60)
    assert here.local_times() == fires


# sun


async def test_the_sun_sets_and_rises_over_the_town(here):
    here.attach(
        [
            {"trigger": "sun", "event": "sunset", "offset": "-00:45:00"},
            {"trigger": "sun", "event": "sunrise"},
        ]
    )
    seen = []
    for _ in range(4 * 24):
        before = len(here.fired)
        await here.advance(900)
        seen += [here.world.now().strftime("%d %H:%M")] * (len(here.fired) - before)
    # at 49.7° north the day has 8 h 50 min, and noon is at 11:50: 07:25 to 16:15
    assert seen == ["21 07:30", "21 15:30"]
    assert here.fired[1]["event"] == "sunset"
    assert here.fired[1]["offset"] == timedelta(minutes=-45)


async def test_a_clock_that_is_set_forward_over_the_sunset_does_not_lose_it(here):
    here.attach({"trigger": "sun", "event": "sunset"})
    await here.settle()
    here.clock.jump(23 * 3600)
    await here.advance(60)
    assert len(here.fired) == 1
    here.clock.jump(-3600)
    await here.advance(2 * 3600)
    assert len(here.fired) == 1


@pytest.mark.parametrize("in_night", [SPRING, AUTUMN], indirect=True)
async def test_the_sun_rises_once_on_the_nights_when_the_clocks_change(in_night):
    in_night.attach({"trigger": "sun", "event": "sunrise", "offset": "-3h"})
    await in_night.advance(12 * 3600)
    assert len(in_night.fired) == 1


async def test_beyond_the_polar_circle_the_sun_is_waited_for_until_it_comes():
    from hub.automation.sun import next_sun
    from hub.model.entity import Location

    tromso = Location(69.65, 18.96)
    noon = datetime(2026, 12, 1, 12, tzinfo=KYIV)
    found = next_sun("sunrise", noon, timedelta(0), tromso, KYIV)
    assert found is not None and found.date() > datetime(2027, 1, 10).date()
    assert next_sun("sunrise", noon, timedelta(0), Location(90, 0), KYIV) is None or found


async def test_without_a_place_the_trigger_says_so_and_stays_silent(caplog):
    here = Listening()
    here.place = None
    here.up()
    here.attach({"trigger": "sun", "event": "sunset"})
    assert "automation 'a': its trigger 'sun' does not listen: the town has not said" in caplog.text


@pytest.mark.parametrize("told", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+02:00"])
async def test_an_instant_at_the_end_of_the_calendar_is_none(here, told, caplog):
    at = {"entity_id": "sensor.shift", "offset": "1d"}
    here.attach({"trigger": "time", "at": at})
    await here.state("sensor.shift", told)
    await here.advance(120)
    assert here.fired == []
    assert "failed" not in caplog.text
    assert not here.passes({"condition": "time", "after": "sensor.shift"})
