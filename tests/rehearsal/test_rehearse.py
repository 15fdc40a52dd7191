"""Stories: what is given, what comes of it by the rules."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from hub.plugin.loader import Plugins, bundled
from hub.rehearsal.judge import judge
from hub.rehearsal.loop import NeverQuiet
from hub.rehearsal.play import play
from hub.rehearsal.reader import read
from hub.rehearsal.report import report
from tests.rehearsal.conftest import PEOPLE, Rehearsed

ROOT = Path(__file__).parents[2]
PRESS = "{event: panic_button.pressed, source: event.kiosk, data: {way: mqtt}}"
PANIC = """\
  - id: panic
    triggers: {trigger: event, event_type: panic_button.pressed, area_id: market}
    actions:
      - action: incident.open
        data: {kind: panic, severity: critical, escalation: life_safety}
      - action: rehearsed_siren.sound
        target: {area_id: market}
        data: {seconds: 90s, words: "At {{ trigger.area_id }}"}
    mode: parallel
"""
DOOR = """\
  - id: night_door
    triggers: {trigger: state, entity_id: binary_sensor.door, to: "on"}
    conditions:
      - {condition: time, after: "22:00", before: "06:00"}
    actions:
      - {action: notify.send, data: {to: [duty], message: "Двері о {{ now().strftime('%H:%M') }}"}}
"""


def test_the_story_of_the_shipped_town_is_as_expected() -> None:
    story = read(ROOT / "stories/panic_market.yaml", Plugins([bundled()]))
    verdict = judge(story, play(story))
    assert verdict.good, report(verdict)


def test_an_alarm_is_told_rung_by_rung_until_it_is_acknowledged(town: Rehearsed) -> None:
    town.rules(PANIC)
    town.good(f"""{PEOPLE}
only: true
story:
  - at: 23:05
    given: {PRESS}
    expect:
      - incident: {{kind: panic, severity: critical, area: market}}
      - {{action: rehearsed_siren.sound, target: siren.market, automation: panic}}
      - message: {{to: Олена, by: notify_telegram, kind: alarm}}
  - after: 60s
    expect:
      - message: {{to: chief}}
      - message: {{to: duty}}
  - after: 10s
    given: {{acknowledge: Олена}}
    expect:
      - message: {{to: Петро, kind: update}}
    within: 1s
  - after: 2s
    silence: 1h
""")


def test_data_is_compared_by_value_whatever_way_it_is_written(town: Rehearsed) -> None:
    town.rules(PANIC)
    town.good(f"""
story:
  - at: 23:05
    given: {PRESS}
    expect:
      - {{action: rehearsed_siren.sound, data: {{seconds: "00:01:30", words: "At *"}}}}
""")


def test_a_durable_event_without_a_rule_opens_its_incident_after_five_seconds(
    town: Rehearsed,
) -> None:
    town.good(f"""
only: true
story:
  - at: 23:05
    given: {PRESS}
    within: 4s
    expect: []
  - after: 5s
    expect:
      - incident: {{kind: panic_button, severity: high}}
      - message: {{to: duty, by: page, text: "Кнопка, Ринок"}}
    within: 30s
""")


def test_a_second_press_joins_the_incident(town: Rehearsed) -> None:
    town.rules(PANIC)
    town.good(f"""
story:
  - {{at: 23:05, given: {PRESS}, expect: {{incident: {{kind: panic}}}}}}
  - {{after: 30s, given: {PRESS}, expect: {{incident: {{joined: true}}}}}}
""")


def test_a_notifier_that_fails_lets_the_ladder_hurry(town: Rehearsed) -> None:
    town.rules(PANIC)
    town.good(f"""
people:
  Олена: {{duties: [duty], reached_by: notify_telegram}}
  Петро: {{duties: [chief], reached_by: page}}
story:
  - at: 23:05
    given: [{{notifier: notify_telegram, fails: no network}}, {PRESS}]
    expect: {{message: {{to: Петро, by: page}}}}
    within: 5s
  - after: 30s
    given: {{notifier: notify_telegram}}
    expect: {{message: {{to: Олена, by: notify_telegram}}}}
""")


def test_states_and_modes_are_those_that_the_story_gives(town: Rehearsed) -> None:
    town.rules("""\
  - id: river
    triggers: {trigger: state, entity_id: sensor.river}
    conditions:
      - condition: template
        value_template: "{{ trigger.to_state.state | float > 2 }}"
      - {condition: state, entity_id: mode.night, state: "on"}
    actions:
      - {action: mode.set, data: {mode: air_raid}}
      - {action: mqtt.publish, data: {topic: town/light, payload: "on"}}
""")
    town.good("""
states: {sensor.river: 1.9}
modes: night
only: true
story:
  - at: 23:05
    given: {state: {sensor.river: 2.1}}
    expect:
      - {action: mode.set, data: {mode: air_raid, active: true}}
      - {action: mqtt.publish, data: {payload: "on"}}
      - state: {mode.air_raid: on, mode.night: on, sensor.river: 2.1}
  - after: 1m
    given: [{mode: {night: off}}, {state: {sensor.river: 1}}, {state: {sensor.river: 3}}]
    expect: []
""")


def test_what_never_changes_is_as_it_was_at_the_start(town: Rehearsed) -> None:
    town.good("""
states: {sensor.river: 1.5}
story:
  - at: 23:05
    expect: {state: {mode.night: off, sensor.river: 1.5, binary_sensor.door: unknown}}
""")


def test_an_answer_of_the_story_is_what_the_action_answers(town: Rehearsed) -> None:
    town.rules("""\
  - id: a
    triggers: {trigger: state, entity_id: binary_sensor.door, to: "on"}
    actions:
      - action: rehearsed_siren.sound
        target: {entity_id: siren.market}
        data: {seconds: 1s}
        response_variable: siren
      - {action: mqtt.publish, data: {topic: a, payload: "{{ siren.loud }}"}}
      - {action: mqtt.publish, data: {topic: b}}
""")
    town.good("""
answers: {rehearsed_siren.sound: {loud: never}}
story:
  - at: 23:05
    given: {state: {binary_sensor.door: on}}
    expect:
      - {action: mqtt.publish, data: {payload: never}}
      - {action: mqtt.publish, data: {topic: b}}
""")
    told = town.bad("""
answers: {rehearsed_siren.sound: {fails: the siren is broken}}
story:
  - at: 23:05
    given: {state: {binary_sensor.door: on}}
    expect: {action: mqtt.publish}
""")
    assert "the action mqtt.publish was expected, and did not happen" in told
    assert "failed: the siren is broken" in told


def test_triggers_by_mqtt_and_webhook_hear_what_the_story_gives(town: Rehearsed) -> None:
    town.rules("""\
  - id: heard
    triggers: {trigger: mqtt, topic: town/+/call}
    actions: [{action: mqtt.publish, data: {topic: answer, payload: "{{ trigger.payload }}"}}]
  - id: called
    triggers: {trigger: webhook, webhook_id: a_long_secret_word_0123456789}
    actions: [{action: mqtt.publish, data: {topic: called, payload: "{{ trigger.json.a }}"}}]
""")
    town.good("""
only: true
story:
  - at: 23:05
    given: {mqtt: town/gate/call, payload: hello}
    expect: {action: mqtt.publish, data: {topic: answer, payload: hello}}
  - after: 1s
    given: {webhook: a_long_secret_word_0123456789, data: {a: b}}
    expect: {action: mqtt.publish, data: {topic: called, payload: b}}
""")
    told = town.bad("""
story: [{at: 23:05, given: {webhook: another}, expect: []}]
""")
    assert "no automation listens to the webhook 'another'" in told


def test_time_passes_through_the_night_as_the_town_reads_it(town: Rehearsed) -> None:
    town.rules("""\
  - id: morning
    triggers: {trigger: time, at: "06:00"}
    actions: [{action: mqtt.publish, data: {topic: town/morning}}]
  - id: long_open
    triggers: {trigger: state, entity_id: binary_sensor.door, to: "on", for: 10m}
    actions: [{action: mqtt.publish, data: {topic: town/long}}]
""")
    town.good("""
start: 2026-10-24 23:00
only: true
story:
  - {at: 23:30, given: {state: {binary_sensor.door: on}}, expect: [], within: 9m}
  - {after: 10m, expect: {action: mqtt.publish, data: {topic: town/long}}}
  - {at: 06:00, expect: {action: mqtt.publish, data: {topic: town/morning}}}
""")


def test_what_happens_at_one_moment_has_no_order_but_moments_have(town: Rehearsed) -> None:
    town.rules("""\
  - id: a
    triggers: {trigger: state, entity_id: binary_sensor.door, to: "on"}
    actions:
      - {action: mqtt.publish, data: {topic: a}}
      - {action: mqtt.publish, data: {topic: b}}
      - {delay: 1s}
      - {action: mqtt.publish, data: {topic: c}}
""")
    lines = "story: [{at: 23:05, given: {state: {binary_sensor.door: on}}, expect: [%s]}]"
    publish = "{action: mqtt.publish, data: {topic: %s}}"
    town.good(lines % ", ".join(publish % topic for topic in "bac"))
    told = town.bad(lines % ", ".join(publish % topic for topic in "cab"))
    assert "happened at 23:05:00, before what stands above it" in told


def test_a_person_cannot_answer_what_is_not_there(town: Rehearsed) -> None:
    told = town.bad(f"{PEOPLE}story: [{{at: 23:05, given: {{acknowledge: Олена}}}}]")
    assert "there is no incident that Олена could answer now" in told


def test_a_dismissed_incident_is_told_no_more(town: Rehearsed) -> None:
    town.rules(PANIC)
    town.good(f"""{PEOPLE}
story:
  - {{at: 23:05, given: {PRESS}}}
  - {{after: 10s, given: {{dismiss: Олена, incident: panic}}, silence: 1h}}
""")


def test_nothing_real_is_touched(town: Rehearsed, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_more: Any) -> None:
        raise AssertionError("the network is touched")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    town.rules(PANIC + DOOR)
    town.good(f"""{PEOPLE}
story:
  - {{at: 23:05, given: {PRESS}, expect: {{action: rehearsed_siren.sound}}}}
  - {{at: 23:06, given: {{state: {{binary_sensor.door: on}}}}, expect: {{message: {{to: duty}}}}}}
""")
    siren = sys.modules["hub_plugins.rehearsed_siren"]
    assert siren.SET_UP == []
    assert siren.SOUNDED == []
    assert not (town.folder / "data").exists()


def test_rules_that_never_come_to_rest_end_the_rehearsal(
    town: Rehearsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.rehearsal.loop.TURNS", 20)
    town.rules(PANIC)
    with pytest.raises(NeverQuiet):
        town.verdict(f"story: [{{at: 23:05, given: {PRESS}}}]")


def test_a_story_in_which_too_much_happens_is_not_good(
    town: Rehearsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.rehearsal.play.MOST", 2)
    town.rules(PANIC)
    assert "too much happened" in town.bad(f"story: [{{at: 23:05, given: {PRESS}}}]")


def test_an_answer_of_the_story_comes_before_the_deed_itself(town: Rehearsed) -> None:
    town.rules(PANIC)
    told = town.bad(f"""
answers: {{incident.open: {{fails: the disk is full}}}}
story: [{{at: 23:05, given: {PRESS}, expect: {{incident: {{kind: panic}}}}}}]
""")
    assert "failed: the disk is full" in told
    assert "incident 1 opened: panic_button, high" in told
