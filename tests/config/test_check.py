"""What a good configuration gives, and what the three passes do together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from hub.config.check import load
from hub.config.config import Config, WrongConfig, place
from hub.config.render import render
from hub.model.entity import Area, Location
from hub.model.problem import Position, Problems
from hub.plugin.loader import Plugins

Write = Callable[..., Path]
Good = Callable[[Path], Config]
Told = Callable[[Path], str]

TOWN = """\
hub: {name: Козятин, time_zone: Europe/Kyiv, data_dir: kept}
areas:
  market: {name: Ринок, location: [49.7146, 28.8376]}
  school: {name: Школа}
recording: {default: {pre_roll: 40s}}
plugins:
  lamps:
    every: 1h30m
    lamps:
      kiosk: {area: market, host: 10.20.0.11, password: !secret lamp}
      gate: {area: school, host: 10.20.0.12, password: !secret lamp}
escalations:
  life_safety:
    - {notify: [duty, church_bell], acknowledge_within: 60s}
automations: !include automations.yaml
"""
AUTOMATIONS = """\
- id: lamp_out
  triggers:
    - {trigger: event, event_type: lamps.broke, area_id: market}
    - {trigger: state, entity_id: light.kiosk, to: "off", for: 5m}
  conditions:
    - {condition: time, after: 22:00, before: 06:00}
    - {condition: template, value_template: "{{ trigger.entity_id in states('light.gate') }}"}
  variables: {where: "{{ area_name('light.kiosk') }}"}
  actions:
    - {action: incident.open, data: {kind: dark, escalation: life_safety, title: "{{ where }}"},
       response_variable: opened}
    - action: lamps.dim
      target: {near: {entity_id: "{{ trigger.entity_id }}", within: 200m}, area_id: school}
      data: {percent: "{{ opened.incident }}", over: 5s}
    - {action: notify.send, data: {to: [duty], message: "{{ opened.incident }} {{ where }}"}}
"""


@pytest.fixture
def town(write: Write) -> Path:
    return write(TOWN, automations=AUTOMATIONS, secrets="lamp: hunter22\n")


def test_a_good_town_is_there_as_typed_blocks(town: Path, good: Good) -> None:
    config = good(town)
    assert config.hub.name == "Козятин"
    assert config.areas == {
        "market": Area("market", "Ринок", Location(49.7146, 28.8376)),
        "school": Area("school", "Школа", None),
    }
    assert config.plugins["lamps"].every == timedelta(hours=1, minutes=30)
    assert config.plugins["lamps"].lamps["gate"].password.get_secret_value() == "hunter22"
    assert [entity.entity_id for entity in config.entities] == ["light.kiosk", "light.gate"]
    assert {entity.plugin for entity in config.entities} == {"lamps"}
    assert config.escalations["life_safety"][0].acknowledge_within == timedelta(minutes=1)
    assert [automation.id for automation in config.automations] == ["lamp_out"]
    assert config.pre_roll == timedelta(seconds=40)
    assert config.time_zone.key == "Europe/Kyiv"
    assert config.data_dir == town.parent / "kept"
    assert config.warnings == ()


def test_all_files_that_were_read_are_known(town: Path, good: Good) -> None:
    names = {path.name for path in good(town).files}
    assert names == {"config.yaml", "automations.yaml", "secrets.yaml"}


def test_the_hash_is_over_every_file(town: Path, good: Good) -> None:
    before = good(town).hash
    assert good(town).hash == before
    (town.parent / "secrets.yaml").write_text("lamp: hunter23\n")
    assert good(town).hash != before


def test_a_config_shows_no_secret_when_it_is_printed(town: Path, good: Good) -> None:
    assert "hunter22" not in repr(good(town))


def test_the_smallest_configuration_is_good(write: Write, good: Good) -> None:
    config = good(write("hub: {name: Town}\n"))
    assert config.web.listen == "127.0.0.1:8080"
    assert config.plugins == {}


def test_problems_are_raised_as_the_one_kind_that_the_hub_knows(write: Write) -> None:
    path = write("hub: {}\n")
    with pytest.raises(Problems) as caught:
        load(path, Plugins([]))
    assert [problem.position for problem in caught.value.problems] == [Position(str(path), 1, 6, 2)]


def test_only_named_plugins_are_imported(write: Write, good: Good) -> None:
    good(write("hub: {name: T}\nplugins: {twin: {}}\n"))  # one beside it raises when imported


def test_a_mistake_in_one_part_hides_none_in_another(write: Write, told: Told) -> None:
    path = write(
        TOWN.replace("Козятин", "[]").replace("school, host", "school, hots"),
        automations=AUTOMATIONS.replace("lamps.broke", "lamps.brok").replace("200m", "200"),
        secrets="lamp: hunter22\n",
    )
    said = told(path)
    assert "1:13: text is wanted here" in said
    assert "unknown key 'hots'" in said
    assert "unknown event type 'lamps.brok'" in said
    assert "a distance needs a unit" in said
    assert said.endswith("4 problems; nothing was started.\n")


def test_what_a_broken_plugin_would_bring_is_not_missed(write: Write, told: Told) -> None:
    path = write(
        TOWN.replace("host: 10.20.0.12, ", ""), automations=AUTOMATIONS, secrets="lamp: hunter22\n"
    )
    assert told(path).endswith("\n1 problem; nothing was started.\n")


def test_what_a_plugin_that_is_not_found_would_bring_is_not_missed(
    write: Write, told: Told
) -> None:
    text = TOWN.replace("  lamps:\n    every", "  lampz:\n    every")
    said = told(write(text, automations=AUTOMATIONS, secrets="lamp: hunter22\n"))
    assert "there is no plugin 'lampz'" in said
    assert "unknown entity" not in said


def test_events_and_actions_of_a_plugin_that_is_not_found_are_not_missed(
    write: Write, told: Told
) -> None:
    text = AUTOMATIONS.replace("lamps.", "lampz.").replace("light.kiosk", "light.gate")
    path = write(
        TOWN.replace("  lamps:\n    every", "  lampz:\n    every"),
        automations=text,
        secrets="lamp: hunter22\n",
    )
    assert told(path).endswith("\n1 problem; nothing was started.\n")


def test_a_name_close_to_a_notifier_is_a_warning(write: Write, good: Good) -> None:
    path = write(
        TOWN.replace("church_bell", "curch_bell"), automations="[]", secrets="lamp: hunter22\n"
    )
    config = good(path)
    shown = render(config.warnings, config.excerpts)
    assert "'curch_bell' is no notifier; it is taken for a duty or a person" in shown
    assert "did you mean 'church_bell'?" in shown


def test_persons_and_duties_are_not_the_business_of_the_file(write: Write, good: Good) -> None:
    path = write(TOWN.replace("church_bell", "Олена"), automations="[]", secrets="lamp: x\n")
    assert good(path).warnings == ()


def test_a_later_complaint_of_a_plugin_finds_its_place(town: Path, good: Good) -> None:
    config = good(town)
    name = str(town)
    assert place(config, "lamps", "lamps.gate.host") == Position(name, 11, 34, 10)
    assert place(config, "lamps", "lamps.gate.port") == Position(name, 11, 13, 56)
    assert place(config, "lamps", "every") == Position(name, 8, 12, 5)
    assert place(config, "lamps", "") == Position(name, 7, 3, 5)


def test_names_of_parts_are_shown_as_the_town_named_its_file(
    write: Write, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("hub: {name: T}\nareas: !include parts/areas.yaml\n", parts__areas="x: 1\n")
    monkeypatch.chdir(path.parent.parent)
    with pytest.raises(WrongConfig) as caught:
        load(Path(path.parent.name) / "config.yaml", plugins)
    position = caught.value.problems[0].position
    assert position is not None
    assert position.file == f"{path.parent.name}/parts/areas.yaml"


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("hub: {name: T, data_dir: kept, x: 1}\n", "kept"),
        ("hub: {name: T, x: 1}\n", "data"),
        ("hub: {name: T, data_dir: kept\n", "kept"),
        ("hub:\n  data_dir: 'kept'\n\tx: 1\n", "kept"),
        ("hub:\n\tx: 1\n", "data"),
    ],
)
def test_a_wrong_file_still_tells_where_its_data_lie(write: Write, text: str, folder: str) -> None:
    with pytest.raises(WrongConfig) as caught:
        load(write(text), Plugins([]))
    assert caught.value.data_dir.name == folder
