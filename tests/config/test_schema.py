"""The JSON schema takes what the hub takes, marks typical mistakes, and knows the names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from hub.config.check import known_in
from hub.config.files import DiskFiles
from hub.config.json_schema import json_schema
from hub.config.source import read
from hub.config.tree import plain
from hub.plugin.loader import Plugins, PluginUnknown, bundled
from tests.test_docs import ROOT, SECRETS, Block, blocks, town_with, written

__all__ = ["written"]

SHIPPED = ROOT / "config.yaml"
TOWN = """
hub: {name: Town}
areas: {market: {name: Ринок}}
modes: {night: {name: Ніч}}
escalations: {loud: [{notify: [duty], acknowledge_within: 1m}]}
plugins:
  sensors:
    entities:
      door: {kind: binary_sensor, area: market, mqtt: {topic: t}}
scripts:
  flash: {fields: {times: {required: true, description: How often.}}, sequence: [{delay: 1s}]}
automations:
  - id: a
    triggers: {trigger: state, entity_id: binary_sensor.door, to: "on"}
    conditions: []
    actions: [{delay: 1s}]
"""


def validator(path: Path, plugins: Plugins) -> Draft7Validator:
    root = read(DiskFiles(path)).root
    block = root.child("plugins") if root is not None else None
    named = []
    for name in block.entries if block else ():
        try:
            named.append(plugins.find(name))
        except PluginUnknown:
            continue
    schema = json_schema(named, known_in(path, plugins))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def wrong(path: Path, plugins: Plugins) -> list[str]:
    """Where the schema finds mistakes in a file, and what."""
    tree = plain(read(DiskFiles(path)).root)  # type: ignore[arg-type]
    errors = validator(path, plugins).iter_errors(tree)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:120]}" for error in errors]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Draft7Validator]:
    path = tmp_path_factory.mktemp("town") / "config.yaml"
    path.write_text(TOWN)
    return path, validator(path, Plugins([bundled()]))


def test_the_shipped_configuration_is_valid_by_its_schema() -> None:
    assert wrong(SHIPPED, Plugins([bundled()])) == []


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_every_block_of_the_documentation_is_valid_by_its_schema(
    block: Block, tmp_path: Path, written: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(town_with(block.text))
    secrets = "".join(f"{name}: {value!r}\n" for name, value in SECRETS.items())
    (tmp_path / "secrets.yaml").write_text(secrets)
    assert wrong(config, Plugins([bundled(), written / "plugins"])) == []


TRIGGER = 'triggers: {trigger: state, entity_id: binary_sensor.door, to: "on"}'
GOOD_STEPS = [
    "{action: notify.send, data: {to: [duty], message: '{{ now() }}'}}",
    "{action: notify.send, data: {to: '{{ people }}', message: x}}",
    "{action: incident.open, data: {kind: panic, severity: '{{ x }}', escalation: loud}}",
    "{action: script.flash, data: {times: 3}}",
    "{action: mode.set, data: {mode: night, active: false}}",
    "{condition: state, entity_id: binary_sensor.door, state: 'on'}",
    "{or: [\"{{ true }}\", {condition: \"{{ false }}\"}]}",
    "\"{{ is_state('binary_sensor.door', 'on') }}\"",
    "{if: \"{{ true }}\", then: {delay: 1s}, else: [{stop: done}]}",
    "{repeat: {count: 3, sequence: {delay: 1s}}}",
    "{wait_for_trigger: {trigger: time, at: '22:00'}, timeout: {minutes: 1}}",
    "{delay: '{{ 3 }}s'}",
]  # fmt: skip
WRONG_STEPS = [
    "{action: notify.sent, data: {to: [duty], message: x}}",
    "{action: notify.send, data: {to: [duty], mesage: x}}",
    "{action: notify.send}",
    "{action: notify.send, target: {entity_id: binary_sensor.door}, data: {to: [d], message: x}}",
    "{action: camera.snapshot}",
    "{action: incident.open, data: {kind: panic, severity: awful}}",
    "{action: incident.open, data: {kind: panic, escalation: laud}}",
    "{action: script.flash}",
    "{action: script.flahs, data: {times: 3}}",
    "{action: mode.set, data: {mode: nigth}}",
    "{condition: state, entity_id: binary_sensor.doro, state: 'on'}",
    "{delay: 10}",
    "{dealy: 10s}",
    "{if: [], them: []}",
    "{repeat: {count: 3}}",
]
WRONG_BLOCKS = [
    "hub: {nam: Town}",
    "hub: {name: Town, language: de}",
    "hub: {name: Town}\nweb: {listen: x}",
    "hub: {name: Town}\nautomatons: []",
    "hub: {name: Town}\nmqtt: {port: many}",
    "hub: {name: Town}\nareas: {market: {naem: Ринок}}",
    "hub: {name: Town}\nplugins: {sensors: {entities: {a: {kind: sensr, mqtt: {topic: t}}}}}",
    "hub: {name: Town}\nplugins: {sensors: {entities: {a: {kind: sensor, mqtt: {topc: t}}}}}",
    "hub: {name: Town}\nplugins: {sensor: {}}",
]
WRONG_AUTOMATIONS = [
    f"id: a\n{TRIGGER}",
    f"id: A b\n{TRIGGER}\nactions: [{{delay: 1s}}]",
    f"id: a\n{TRIGGER}\nactions: [{{delay: 1s}}]\nmode: parallell",
    f"id: a\n{TRIGGER}\nactions: [{{delay: 1s}}]\nmax: many",
    f"id: a\n{TRIGGER}\nactions: [{{delay: 1s}}]\ncooldwon: 5m",
    "id: a\ntriggers: [{trigger: event, event_type: panic_button.prest}]\nactions: [{delay: 1s}]",
    "id: a\ntriggers: [{trigger: event, event_tpye: hub.started}]\nactions: [{delay: 1s}]",
    "id: a\ntriggers: [{trigger: evnt, event_type: hub.started}]\nactions: [{delay: 1s}]",
    "id: a\ntriggers: [{trigger: state, entity_id: binary_sensor.doro}]\nactions: [{delay: 1s}]",
    "id: a\ntriggers: [{trigger: state, entity_id: binary_sensor.door, for: 5}]\n"
    "actions: [{delay: 1s}]",
]


def errors(validator: Draft7Validator, text: str, folder: Path) -> list[Any]:
    path = folder / "config.yaml"
    path.write_text(text)
    return list(validator.iter_errors(plain(read(DiskFiles(path)).root)))  # type: ignore[arg-type]


def with_step(step: str) -> str:
    return TOWN.replace("actions: [{delay: 1s}]", f"actions: [{step}]")


@pytest.mark.parametrize("step", GOOD_STEPS)
def test_a_good_step_is_valid(
    step: str, town: tuple[Path, Draft7Validator], tmp_path: Path
) -> None:
    assert [each.message for each in errors(town[1], with_step(step), tmp_path)] == []


@pytest.mark.parametrize("step", WRONG_STEPS)
def test_a_mistake_in_a_step_is_marked(
    step: str, town: tuple[Path, Draft7Validator], tmp_path: Path
) -> None:
    (error,) = errors(town[1], with_step(step), tmp_path)
    assert list(error.absolute_path)[:3] == ["automations", 0, "actions"]


@pytest.mark.parametrize("text", WRONG_BLOCKS)
def test_a_mistake_in_a_block_is_marked(
    text: str, town: tuple[Path, Draft7Validator], tmp_path: Path
) -> None:
    assert errors(town[1], text, tmp_path)


@pytest.mark.parametrize("text", WRONG_AUTOMATIONS)
def test_a_mistake_in_an_automation_is_marked(
    text: str, town: tuple[Path, Draft7Validator], tmp_path: Path
) -> None:
    item = "\n".join(f"    {line}" for line in text.splitlines())
    whole = TOWN.partition("automations:")[0] + f"automations:\n  -{item[3:]}\n"
    assert errors(town[1], whole, tmp_path)


def test_names_are_offered_where_they_are_asked_for(town: tuple[Path, Draft7Validator]) -> None:
    names = {
        key: value["enum"] for key, value in town[1].schema["$defs"].items() if "enum" in value
    }
    assert names["entity names"] == [
        "automation.a",
        "binary_sensor.door",
        "mode.night",
        "script.flash",
    ]
    assert names["area names"] == ["market"]
    assert names["mode names"] == ["night"]
    assert "hub.started" in names["event names"]
    assert {"script.flash", "notify.send"} <= set(names["action names"])


def test_every_field_has_a_description(town: tuple[Path, Draft7Validator]) -> None:
    definitions = town[1].schema["$defs"]
    bare = {
        f"{name}.{key}"
        for name, definition in definitions.items()
        for key, field in definition.get("properties", {}).items()
        if isinstance(field, dict) and "description" not in field and "$ref" not in field
    }
    assert bare == set()
