"""A story with mistakes is not played: all of them are told, each at its place."""

from __future__ import annotations

import pytest

from hub.config.config import WrongConfig
from hub.config.render import render
from hub.rehearsal.reader import read
from hub.rehearsal.story import WrongStory
from tests.rehearsal.conftest import PEOPLE, Rehearsed

EVENT = "event: panic_button.pressed, source: event.kiosk"


def told(town: Rehearsed, text: str) -> str:
    with pytest.raises(WrongStory) as wrong:
        read(town.story(text), town.plugins)
    return render(wrong.value.problems, wrong.value.excerpts)


def test_all_mistakes_are_told_at_once_each_at_its_line_with_a_close_name(
    town: Rehearsed,
) -> None:
    found = told(
        town,
        f"""{PEOPLE}states: {{sensor.rivr: 2}}
modes: nigth
answers: {{rehearsed_siren.sond: null}}
onyl: true
story:
  - at: 23:05
    given:
      - {{event: panic_button.presed, source: event.kiosk}}
      - {{{EVENT}, data: {{way: mqtt, level: 1}}}}
      - {{event: panic_button.pressed, source: event.kisk, data: {{way: mqtt}}}}
      - {{acknowledge: Олна}}
      - {{notifier: notify_telegrm}}
    expect:
      - {{action: rehearsed_siren.sound, data: {{secnds: 1s}}}}
      - {{action: rehearsed_siren.sound, data: {{seconds: 5}}}}
      - {{message: {{to: Олена, by: notify_telegran}}}}
      - {{state: {{binary_sensor.dor: on}}}}
""",
    )
    place = f"{town.folder / 'night.story.yaml'}:"
    for line, message, hint in (
        (3, "unknown entity 'sensor.rivr'", "did you mean 'sensor.river'?"),
        (4, "unknown mode 'nigth'", "did you mean 'night'?"),
        (5, "unknown action 'rehearsed_siren.sond'", "did you mean 'rehearsed_siren.sound'?"),
        (6, "unknown key 'onyl'", "did you mean 'only'?"),
        (10, "unknown event type 'panic_button.presed'", "did you mean 'panic_button.pressed'?"),
        (11, "unknown key 'level'", "delete it"),
        (12, "there is no source 'event.kisk'", "did you mean 'event.kiosk'?"),
        (13, "nobody here is called 'Олна'", "did you mean 'Олена'?"),
        (14, "unknown notifier 'notify_telegrm'", "did you mean 'notify_telegram'?"),
        (16, "unknown key 'secnds'", "did you mean 'seconds'?"),
        (17, "a duration needs a unit", ""),
        (18, "unknown notifier 'notify_telegran'", "did you mean 'notify_telegram'?"),
        (19, "unknown entity 'binary_sensor.dor'", "did you mean 'binary_sensor.door'?"),
    ):
        assert f"{place}{line}:" in found
        after = found.partition(f"{place}{line}:")[2]
        assert message in after.partition("\n")[0]
        assert hint in after.partition(place)[0]
    assert found.count(place) == 13


@pytest.mark.parametrize(
    ("story", "message"),
    [
        ("[{given: []}]", "an entry says when: either 'at' or 'after'"),
        ("[{at: 23:05, after: 1s}]", "an entry says when: either 'at' or 'after'"),
        ("[{at: 25:05}]", "not a moment"),
        ("[{at: 2026-11-19 23:00}]", "this is before the entry before it"),
        ("[{at: 23:05, silence: 1m, within: 1s}]", "'within' has no place beside it"),
        ("[{at: 23:05, silence: 10m}, {at: 23:06}]", "the next entry comes before this silence"),
        ("[{at: 23:05, given: {press: it}}]", "write one of event, state, mode, acknowledge"),
        ("[{at: 23:05, expect: {told: it}}]", "write one of action, message, incident, event"),
        (f"[{{at: 23:05, given: {{{EVENT}}}}}]", "the key 'way' is missing here"),
        ("[{at: 23:05, given: {mode: {night: maybe}}}]", "a mode is 'on' or 'off'"),
        ("[]", "this must not be empty"),
        ("[{after: 400d}]", "a story takes at most a year"),
        ("[{after: 200d}, {after: 200d}]", "a story takes at most a year"),
        ("[{at: 23:05, silence: 9000d}]", "a story takes at most a year"),
        ("[{at: 9999-12-31 23:00}]", "between the years 1971 and 2199"),
    ],
)
def test_a_mistake_is_told_in_words(town: Rehearsed, story: str, message: str) -> None:
    assert message in told(town, f"story: {story}\n")


@pytest.mark.parametrize("start", ["0001-01-01 00:00", "9999-12-31 23:59"])
def test_a_start_that_no_clock_shows_is_refused(town: Rehearsed, start: str) -> None:
    found = told(town, f"start: {start}\nstory: [{{at: 23:05}}]\n")
    assert "between the years 1971 and 2199" in found


def test_a_start_with_an_offset_is_refused(town: Rehearsed) -> None:
    text = "start: 2026-11-20T23:00:00+02:00\nstory: [{at: 23:05}]\n"
    assert "leave the offset out" in told(town, text)


def test_a_configuration_that_is_not_there_is_told_at_its_line(town: Rehearsed) -> None:
    found = told(town, "config: town.yaml\nstory: [{at: 23:05}]\n")
    assert f"night.story.yaml:2:9: there is no configuration '{town.folder}/town.yaml'" in found


def test_a_wrong_configuration_is_told_as_such(town: Rehearsed) -> None:
    town.rules("  - {id: a, triggers: [], actions: []}")
    with pytest.raises(WrongConfig) as wrong:
        read(town.story("story: [{at: 23:05}]"), town.plugins)
    assert wrong.value.problems[0].position is not None
    assert wrong.value.problems[0].position.file == str(town.config)


def test_what_is_no_yaml_is_told_too(town: Rehearsed) -> None:
    assert "is never closed" in told(town, "story: [{at: 23:05\n")
