"""`hub explain`: what each word of the language does, from its model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from hub.automation.model import AutomationConfig
from hub.cli.explain import explain as command
from hub.config.core import CORE_ACTIONS
from hub.config.explain import KINDS, Kind, Unknown, explain, known
from hub.plugin.loader import LoadedPlugin, Plugins
from tests.conftest import ROOT

Write = Callable[..., Path]
WORDS = [(kind, name) for kind in KINDS for name in known(kind, [])]
PLACES = {"trigger": "triggers", "event": "triggers", "condition": "conditions"}


@pytest.mark.parametrize(("kind", "name"), WORDS)
def test_each_word_says_what_it_does_and_its_example_checks(kind: Kind, name: str) -> None:
    found = explain(kind, name, [])
    assert found.about and found.owner == "the hub"
    if kind != "event":
        assert all(key.about for key in found.keys), [key.name for key in found.keys]
    whole: dict[str, Any] = {
        "id": "a",
        "triggers": {"trigger": "hub", "event": "start"},
        "actions": {"stop": "x"},
    }
    example = yaml.safe_load(found.example)
    whole[PLACES.get(kind, "actions")] = example
    assert AutomationConfig.model_validate(whole)
    if kind == "action":
        model = next(action for action in CORE_ACTIONS if action.name == name)
        assert model.model_validate(example[0].get("data", {}))


def key(kind: Kind, name: str, wanted: str) -> Any:
    return next(key for key in explain(kind, name, []).keys if key.name == wanted)


def test_a_key_has_its_type_its_default_and_its_meaning() -> None:
    found = key("action", "camera.record", "before")
    assert found.type.startswith("text like 30s, 2m")
    assert (found.required, found.default) == (False, "10s")
    assert found.about == "How long before the moment it begins."
    assert key("action", "incident.open", "kind").required
    assert key("action", "incident.open", "severity").type == "'low' or 'high' or 'critical'"
    assert key("action", "incident.open", "escalation").type == "ladder"
    assert key("trigger", "state", "entity_id").type == "entity, or a list of them"
    assert key("event", "camera.lost", "reason").type == "text"


def test_an_action_says_what_becomes_of_it_at_a_crash() -> None:
    assert any("done again" in note for note in explain("action", "incident.open", []).notes)
    assert any("not done again" in note for note in explain("action", "mqtt.publish", []).notes)


def test_an_unknown_word_gets_close_matches() -> None:
    with pytest.raises(Unknown) as caught:
        explain("action", "camera.recrod", [])
    assert caught.value.hint == "did you mean 'camera.record'?"


def bundled() -> list[LoadedPlugin]:
    plugins = Plugins([ROOT / "plugins"])
    return [plugins.find(plugin.name) for plugin in plugins.known() if plugin.bundled]


def test_every_word_of_the_bundled_plugins_can_be_explained() -> None:
    plugins = bundled()
    for kind in ("action", "event"):
        for name in known(kind, plugins):
            found = explain(kind, name, plugins)
            assert found.about and yaml.safe_load(found.example), name


def run(*words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def test_the_command_prints_one_word(write: Write) -> None:
    result = run("action", "camera.record", write())
    assert result.exit_code == 0
    assert result.stdout.startswith("action camera.record  (of the hub)\n  Record cameras around")
    assert "target: entities of the domain 'camera'" in result.stdout
    assert "example:\n  - action: camera.record\n    target:" in result.stdout


def test_without_a_name_the_command_lists(write: Write) -> None:
    path = write()
    assert run("trigger", path).stdout.startswith("triggers:\n  event ")
    assert run(path).stdout.count("s:\n  ") == len(KINDS)


def test_the_command_tells_what_it_does_not_know(write: Write) -> None:
    path = write()
    result = run("trigger", "stat", path)
    assert (result.exit_code, result.stderr) == (
        1,
        "there is no trigger 'stat': did you mean 'state'?\n",
    )
    result = run("verb", path)
    assert result.exit_code == 2
    assert "write action, trigger, condition, step or event" in result.stderr


def test_the_command_knows_the_hubs_own_words_where_there_is_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("step", "delay")
    assert result.exit_code == 0
    assert "only the hub's own words are known" in result.stderr
