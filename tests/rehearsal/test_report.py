"""What is told when something is not as expected."""

from __future__ import annotations

from tests.rehearsal.conftest import PEOPLE, Rehearsed
from tests.rehearsal.test_rehearse import DOOR, PANIC, PRESS


def test_what_was_expected_stands_beside_what_happened_at_the_storys_line(
    town: Rehearsed,
) -> None:
    town.rules(PANIC)
    told = town.bad(f"""{PEOPLE}story:
  - at: 23:05
    given: {PRESS}
    expect:
      - incident: {{kind: panic, severity: high}}
      - {{action: rehearsed_siren.sound, data: {{seconds: 10s, words: "In *"}}}}
      - message: {{to: Олена, text: Fire}}
""")
    path = town.folder / "night.story.yaml"
    assert f"{path}:7:9: an incident was expected; what came closest, at 23:05:00, differs" in told
    assert "  severity  expected high\n            happened critical" in told
    assert "  data.seconds  expected '10s'\n                happened 90 s" in told
    assert "  data.words    expected 'In *'\n                happened 'At market'" in told
    assert "  text  expected 'Fire'\n        happened 'Кнопка, Ринок'" in told
    assert told.endswith("night.story.yaml: 3 differences\n")
    assert "23:05:00  panic (" in told


def test_the_condition_that_was_false_is_told_with_its_line_and_values(town: Rehearsed) -> None:
    town.rules(DOOR)
    told = town.bad("""story:
  - at: 06:30
    given: {state: {binary_sensor.door: on}}
    expect: {message: {to: duty, text: "Двері о *"}}
""")
    assert "a message to duty was expected, and did not happen" in told
    assert "nothing happened from 06:30:00 to 06:31:00" in told
    line = (
        town.config.read_text()
        .splitlines()
        .index('      - {condition: time, after: "22:00", before: "06:00"}')
    )
    assert "night_door" in told
    assert "by state binary_sensor.door: a condition was false" in told
    assert f"✗ {town.config}:{line + 1}  - {{condition: time" in told
    assert "now 2026-11-21T06:30:00+02:00" in told


def test_a_refusal_by_the_mode_is_told(town: Rehearsed) -> None:
    town.rules("""\
  - id: slow
    triggers: {trigger: state, entity_id: binary_sensor.door, to: "on"}
    actions:
      - {delay: 10m}
      - {action: mqtt.publish, data: {topic: a}}
""")
    told = town.bad("""story:
  - {at: 23:05, given: {state: {binary_sensor.door: on}}}
  - at: 23:06
    given: [{state: {binary_sensor.door: off}}, {state: {binary_sensor.door: on}}]
    expect: {action: mqtt.publish}
    within: 1m
""")
    assert "refused: it runs already, and its mode is single" in told


def test_where_no_rule_was_triggered_this_is_said(town: Rehearsed) -> None:
    told = town.bad("story: [{at: 23:05, expect: {message: {to: duty}}}]")
    assert "no automation was triggered in that time" in told


def test_what_came_too_late_or_too_early_is_told_with_its_time(town: Rehearsed) -> None:
    town.rules(DOOR)
    lines = """story:
  - at: 23:05
    expect: {message: {to: duty}}
  - at: 23:10
    given: {state: {binary_sensor.door: on}}
    expect: {message: {to: duty}}
"""
    assert "a message to duty happened at 23:10:00, too late" in town.bad(
        lines.replace(
            "    given: {state: {binary_sensor.door: on}}\n    expect", "    given", 1
        ).replace("given: {message: {to: duty}}", "given: {state: {binary_sensor.door: on}}")
    )
    early = (
        lines.replace("at: 23:10", "at: 23:20")
        .replace(
            "    expect: {message: {to: duty}}\n  - at: 23:20",
            "    given: {state: {binary_sensor.door: on}}\n  - at: 23:20",
        )
        .replace("    given: {state: {binary_sensor.door: on}}\n    expect", "    expect")
    )
    assert "a message to duty happened at 23:05:00, before its time" in town.bad(early)


def test_what_breaks_a_silence_is_told_at_the_entry_that_asks_for_it(town: Rehearsed) -> None:
    town.rules(DOOR)
    told = town.bad("""story:
  - at: 23:05
    given: {state: {binary_sensor.door: on}}
    silence: 10m
""")
    assert "night.story.yaml:3:5: 1 thing happened that should not" in told
    assert "23:05:00  message to duty by page: 'Двері о 23:05'" in told


def test_with_only_what_is_not_expected_is_told_beside_what_is(town: Rehearsed) -> None:
    town.rules(PANIC)
    story = f"""story:
  - at: 23:05
    given: {PRESS}
    only: true
    expect: [{{incident: {{kind: panic}}}}, {{message: {{to: duty}}}}]
    within: 10s
"""
    told = town.bad(story)
    assert "1 thing happened that should not" in told
    assert "action rehearsed_siren.sound of siren.market" in told
    town.good(story.replace("    only: true\n", ""))


def test_a_state_that_is_otherwise_is_told(town: Rehearsed) -> None:
    told = town.bad("""story:
  - at: 23:05
    given: {state: {sensor.river: {value: 2, attributes: {battery: 80}}}}
    expect: {state: {sensor.river: {value: 3, attributes: {battery: 90}}, binary_sensor.door: on}}
""")
    assert "it was not so when the time of this entry ended" in told
    assert "sensor.river          expected 3\n                        happened 2" in told
    assert "sensor.river battery  expected 90\n                        happened 80" in told
    assert "binary_sensor.door    expected on\n                        happened unknown" in told
