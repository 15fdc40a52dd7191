"""What is recorded when: by the settings, the hour of the town, and modes of the town."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.video.missing.policy import Mode, mode_of
from hub.video.settings import RecordingSettings

KYIV = ZoneInfo("Europe/Kyiv")
NIGHT = {"mode": "events", "from": "22:00", "to": "06:00"}
SPRING = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 03:00 becomes 04:00
AUTUMN = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # 04:00 becomes 03:00


def at(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=KYIV).astimezone(UTC)


def mode(when: datetime | str, *on: str, stream: str = "main", **default: Any) -> Mode:
    settings = RecordingSettings.model_validate({"default": default})
    instant = at(when) if isinstance(when, str) else when
    return mode_of(settings.of("camera.gate"), stream, instant, KYIV, on)


def word(when: datetime | str, *on: str, **default: Any) -> str:
    return mode(when, *on, **default).word


def test_a_word_means_the_main_stream() -> None:
    assert mode("2026-11-22 12:00", mode="continuous") == Mode("continuous", "config")
    assert word("2026-11-22 12:00", mode="continuous", stream="sub") == "off"
    both = {"main": "continuous", "sub": "events"}
    assert word("2026-11-22 12:00", mode=both, stream="sub") == "events"


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-11-22 21:59:59", "continuous"),
        ("2026-11-22 22:00:00", "events"),
        ("2026-11-23 00:00:00", "events"),
        ("2026-11-23 05:59:59", "events"),
        ("2026-11-23 06:00:00", "continuous"),
    ],
)
def test_a_part_of_the_day_reaches_over_midnight(when: str, expected: str) -> None:
    assert word(when, mode="continuous", schedule=[NIGHT]) == expected


def test_days_are_those_on_which_a_part_begins() -> None:
    friday = [{**NIGHT, "days": ["fri"]}]
    assert word("2026-11-20 23:00", mode="continuous", schedule=friday) == "events"
    assert word("2026-11-21 05:00", mode="continuous", schedule=friday) == "events"
    assert word("2026-11-20 05:00", mode="continuous", schedule=friday) == "continuous"
    assert word("2026-11-21 23:00", mode="continuous", schedule=friday) == "continuous"


def test_a_part_that_ends_when_it_begins_is_a_whole_day() -> None:
    sunday = [{"mode": "off", "days": ["sun"]}]
    assert word("2026-11-22 00:00", mode="continuous", schedule=sunday) == "off"
    assert word("2026-11-22 23:59", mode="continuous", schedule=sunday) == "off"
    assert word("2026-11-23 00:00", mode="continuous", schedule=sunday) == "continuous"


def test_the_first_part_that_fits_counts() -> None:
    noon = {"mode": "off", "from": "12:00", "to": "13:00"}
    day = {"mode": "continuous", "from": "08:00", "to": "18:00"}
    assert word("2026-11-22 12:30", mode="events", schedule=[noon, day]) == "off"
    assert word("2026-11-22 12:30", mode="events", schedule=[day, noon]) == "continuous"


def test_a_mode_of_the_town_wins_over_the_schedule() -> None:
    rules: dict[str, Any] = {"mode": "off", "schedule": [NIGHT], "modes": {"raid": "continuous"}}
    assert mode("2026-11-22 23:00", "raid", **rules).word == "continuous"
    assert mode("2026-11-22 23:00", "raid", **rules).by == "raid"
    assert word("2026-11-22 23:00", "other", **rules) == "events"


def test_of_several_modes_of_the_town_the_first_in_the_file_counts() -> None:
    modes = {"private": "off", "raid": "continuous"}
    assert word("2026-11-22 12:00", "raid", "private", mode="events", modes=modes) == "off"


def test_a_mode_that_takes_recording_away_has_switched_it_off() -> None:
    taken = mode("2026-11-22 12:00", "private", mode="continuous", modes={"private": "events"})
    assert (taken.word, taken.why, taken.by) == ("events", "switched_off", "private")
    assert (
        mode("2026-11-22 12:00", "private", mode="events", modes={"private": "off"}).why == "mode"
    )


def test_a_mode_of_its_own_puts_the_rules_of_the_default_out_of_force() -> None:
    settings = RecordingSettings.model_validate(
        {
            "default": {"mode": "events", "schedule": [NIGHT], "modes": {"raid": "continuous"}},
            "cameras": {
                "camera.gate": {"mode": "off"},
                "camera.yard": {"schedule": [{"mode": "off"}]},
            },
        }
    )
    late = at("2026-11-22 23:00")
    assert mode_of(settings.of("camera.gate"), "main", late, KYIV, ["raid"]).word == "off"
    assert mode_of(settings.of("camera.yard"), "main", late, KYIV, ["raid"]).word == "continuous"
    assert mode_of(settings.of("camera.yard"), "main", late, KYIV, []).word == "off"


def test_it_tells_when_the_schedule_goes_on() -> None:
    rules: dict[str, Any] = {"mode": "continuous", "schedule": [NIGHT]}
    assert mode("2026-11-22 12:00", **rules).until == at("2026-11-22 22:00")
    assert mode("2026-11-22 22:00", **rules).until == at("2026-11-23 06:00")
    assert mode("2026-11-22 12:00", mode="continuous").until is None
    weekly = [{**NIGHT, "days": ["sun"]}]
    assert mode("2026-11-23 06:00", mode="off", schedule=weekly).until == at("2026-11-29 22:00")


def test_an_hour_that_does_not_exist_is_when_it_would_have_come() -> None:
    skipped = [{"mode": "off", "from": "03:15", "to": "03:45"}]
    for minutes, expected in ((14, "continuous"), (15, "off"), (44, "off"), (45, "continuous")):
        when = SPRING + timedelta(minutes=minutes)
        assert word(when, mode="continuous", schedule=skipped) == expected


def test_an_hour_that_comes_twice_counts_from_its_first_coming() -> None:
    early = [{"mode": "off", "from": "03:00", "to": "04:00"}]
    for minutes, expected in ((-61, "continuous"), (-60, "off"), (59, "off"), (60, "continuous")):
        when = AUTUMN + timedelta(minutes=minutes)
        assert word(when, mode="continuous", schedule=early) == expected


clock_times = st.times().map(lambda t: f"{t.hour:02}:{t.minute:02}")
days = st.none() | st.lists(
    st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1
)
stretches = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["continuous", "events", "off"]),
        "from": clock_times,
        "to": clock_times,
        "days": days,
    }
)


@given(
    schedule=st.lists(stretches, max_size=4),
    near=st.sampled_from([SPRING, AUTUMN, datetime(2026, 6, 1, tzinfo=UTC)]),
    off=st.integers(-5 * 86_400, 5 * 86_400),
    part=st.floats(0, 1, exclude_max=True),
)
def test_nothing_changes_before_the_moment_that_was_told(
    schedule: list[dict[str, Any]], near: datetime, off: int, part: float
) -> None:
    when = near + timedelta(seconds=off)
    first = mode(when, mode="events", schedule=schedule)
    until = first.until or when + timedelta(days=7)
    assert until > when
    later = mode(when + part * (until - when), mode="events", schedule=schedule)
    assert later.word == first.word
