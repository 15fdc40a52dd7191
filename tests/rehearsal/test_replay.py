"""What was recorded, through the rules of now."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hub.cli.replay import replay
from tests.rehearsal.conftest import Rehearsed
from tests.rehearsal.record import Then, record
from tests.rehearsal.test_rehearse import DOOR, PANIC

SPAN = ("--since", "2026-11-20 23:00", "--until", "2026-11-21 09:00")


def run(town: Rehearsed, *arguments: object) -> Result:
    options = ["--plugins-dir", str(town.folder / "plugins"), str(town.config)]
    return CliRunner().invoke(replay, [*options, *map(str, arguments)])


def found(town: Rehearsed, *arguments: object) -> dict[str, Any]:
    result = run(town, "--json", *SPAN, *arguments)
    assert result.exit_code == 0, result.output
    plain: dict[str, Any] = json.loads(result.stdout)
    return plain


async def open_and_close(then: Then) -> None:
    """At 23:10, 03:00 and 07:00 the door opens, and closes a minute later."""
    await then.state("binary_sensor.door", False)
    for pause in (600, 13_740, 14_340):
        await then.after(pause)
        await then.state("binary_sensor.door", True)
        await then.after(60)
        await then.state("binary_sensor.door", False)


def test_the_same_rules_do_the_same(town: Rehearsed) -> None:
    town.rules(DOOR)
    record(town, open_and_close)
    plain = found(town)
    assert plain["automations"]["night_door"] == {
        "fired_then": 2, "would_fire": 2, "refused_then": 0, "would_be_refused": 0, "nearly": 1,
        "failed": 0, "only_then": 0, "only_now": 0, "actions": {"notify.send": 2},
    }  # fmt: skip
    assert plain["differences"] == []
    assert plain["notes"] == []
    assert "the same would have run, at the same times" in run(town, *SPAN).stdout


def test_a_changed_rule_is_told_by_its_differences(town: Rehearsed) -> None:
    town.rules(DOOR)
    record(town, open_and_close)
    later = DOOR.replace('after: "22:00", before: "06:00"', 'after: "00:00", before: "08:00"')
    new = town.rules(later, "new.yaml")
    plain = found(town, "--config", new)
    first, last = plain["differences"]
    assert (first["at"], first["did"], first["would"]) == (
        "2026-11-20T21:10:00+00:00", "run", "not run",
    )  # fmt: skip
    assert first["trigger"] == "state binary_sensor.door: off → on"
    assert "the condition time is false: now 2026-11-20T23:10:00+02:00" in first["why"]
    assert first["why"].startswith(f"{new}:")
    assert (last["at"], last["did"], last["would"]) == (
        "2026-11-21T05:00:00+00:00", "not run", "run",
    )  # fmt: skip
    assert last["area"] == "school"
    assert last["place"].startswith(f"{new}:")
    text = run(town, *SPAN, "--config", new).stdout
    assert (
        "2026-11-20 23:10:00  - did run    night_door  state binary_sensor.door: off → on" in text
    )
    assert "2026-11-21 07:00:00  + would run  night_door" in text
    assert "night_door           2           2        0       1       0  notify.send 2" in text


def test_a_press_in_the_record_opens_nothing_and_writes_nothing(town: Rehearsed) -> None:
    town.rules(PANIC)

    async def press(then: Then) -> None:
        await then.after(60)
        await then.event("panic_button.pressed", "event.kiosk", way="mqtt")

    record(town, press)
    before = contents(town.folder / "data")
    plain = found(town)
    assert plain["automations"]["panic"]["actions"] == {
        "incident.open": 1, "rehearsed_siren.sound": 1,
    }  # fmt: skip
    assert plain["automations"]["panic"]["fired_then"] == 1
    assert contents(town.folder / "data") == before
    siren = sys.modules["hub_plugins.rehearsed_siren"]
    assert (siren.SET_UP, siren.SOUNDED) == ([], [])


def contents(folder: Path) -> dict[str, str]:
    """What a folder holds, without what SQLite needs to read beside a writer."""
    files = [path for path in folder.rglob("*") if path.suffix not in (".db-shm", ".db-wal")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_states_from_before_the_span_are_known(town: Rehearsed) -> None:
    rule = """\
  - id: by_night
    triggers: {trigger: state, entity_id: binary_sensor.door, to: "on"}
    conditions: [{condition: mode, mode: night}, "{{ states('sensor.river') == '3' }}"]
    actions: [{action: mqtt.publish, data: {topic: a}}]
"""

    async def happen(then: Then) -> None:
        await then.state("sensor.river", 3)
        await then.state("mode.night", True)
        await then.state("binary_sensor.door", False)
        await then.after(7200)
        await then.state("binary_sensor.door", True)

    record(town, happen)
    new = town.rules(rule, "new.yaml")
    result = run(town, "--json", "--config", new, "--since", "2026-11-21 00:30",
                 "--until", "2026-11-21 02:00")  # fmt: skip
    assert json.loads(result.stdout)["automations"]["by_night"]["would_fire"] == 1


def test_what_rules_have_made_is_made_anew_and_not_doubled(town: Rehearsed) -> None:
    town.rules("""\
  - id: first
    triggers: {trigger: state, entity_id: binary_sensor.door, to: "on"}
    actions: [{event: door_told, event_data: {how: wide}}]
  - id: second
    triggers: {trigger: event, event_type: door_told}
    actions: [{action: mqtt.publish, data: {topic: a}}]
""")
    record(town, open_and_close)
    plain = found(town)
    assert plain["automations"]["second"]["fired_then"] == 3
    assert plain["automations"]["second"]["would_fire"] == 3
    assert plain["differences"] == []


def test_entities_and_events_that_the_configuration_does_not_know_do_no_harm(
    town: Rehearsed,
) -> None:
    async def happen(then: Then) -> None:
        await then.state("sensor.met_by_discovery", 5, unit="m")
        await then.event("other_plugin.something", "sensor.met_by_discovery", level=7)

    record(town, happen)
    new = town.rules("""\
  - id: any_template
    triggers:
      trigger: template
      value_template: "{{ states('sensor.met' ~ '_by_discovery') == '5' }}"
    actions: [{action: mqtt.publish, data: {topic: a}}]
""", "new.yaml")  # fmt: skip
    plain = found(town, "--config", new)
    assert plain["automations"]["any_template"]["would_fire"] == 1
    assert plain["events"] == 2


def test_a_rule_that_is_gone_is_told_with_what_it_did(town: Rehearsed) -> None:
    town.rules(DOOR)
    record(town, open_and_close)
    new = town.rules("[]", "new.yaml")
    plain = found(town, "--config", new)
    assert plain["automations"]["night_door"]["fired_then"] == 2
    assert [one["would"] for one in plain["differences"]] == ["not run", "not run"]


def test_what_the_record_cannot_tell_is_said(town: Rehearsed) -> None:
    record(town, open_and_close)
    new = town.rules("""\
  - id: called
    triggers:
      - {trigger: mqtt, topic: town/call}
      - {trigger: state, entity_id: sensor.river}
    actions: [{action: mqtt.publish, data: {topic: a}}]
""", "new.yaml")  # fmt: skip
    assert found(town, "--config", new)["notes"] == [
        "of these automations no run was recorded in this time",
        "'called' listens to mqtt, which is not recorded",
        "'called' listens to sensor.river, of which nothing was recorded",
    ]


def test_only_the_automation_that_is_asked_for_is_told_of(town: Rehearsed) -> None:
    town.rules(DOOR + PANIC)
    record(town, open_and_close)
    assert set(found(town, "--automation", "night_door")["automations"]) == {"night_door"}
    wrong = run(town, "--automation", "night_dor")
    assert wrong.exit_code == 2
    assert "did you mean 'night_door'?" in wrong.stderr


def test_differences_are_bounded_and_counted_beyond(
    town: Rehearsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.rehearsal.tally.MOST", 1)
    record(town, open_and_close)
    plain = found(town, "--config", town.rules(DOOR, "new.yaml"))
    assert len(plain["differences"]) == 1
    assert plain["differences_left_out"] == 1
    assert plain["automations"]["night_door"]["only_now"] == 2


def test_a_record_that_is_not_there_ends_with_1(town: Rehearsed) -> None:
    result = run(town)
    assert result.exit_code == 1
    assert "there is no bulk.db" in result.stderr


def test_wrong_use_ends_with_2(town: Rehearsed) -> None:
    for wrong in (
        ("--since", "soon"),
        ("--since", "0001-01-01"),
        ("--since", "1d", "--until", "2d"),
    ):
        assert run(town, *wrong).exit_code == 2
    town.rules("  - {id: a}", "new.yaml")
    assert run(town, "--config", town.folder / "new.yaml").exit_code == 2
