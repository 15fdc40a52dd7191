"""`hub check` and `hub schema`, as a person types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hub.cli.check import check
from hub.cli.schema import schema
from hub.config.check import known_in
from hub.config.json_schema import json_schema
from hub.model.config import parse_duration
from hub.plugin.loader import Plugins
from hub.video.settings import RecordingDefault

Write = Callable[..., Path]


def run(command: object, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments])  # type: ignore[arg-type]


def test_check_says_in_a_line_what_is_good(write: Write) -> None:
    path = write("hub: {name: T}\nareas: {a: {name: A}, b: {name: B}}\n")
    result = run(check, path)
    assert result.exit_code == 0
    assert result.stdout == (
        f"{path}: good: 2 areas, 0 plugins, 0 entities, 0 ladders, 0 automations, 0 warnings\n"
    )
    assert result.stderr == ""


def test_check_ends_with_2_and_tells_all_on_stderr(write: Write) -> None:
    path = write("hub: {nam: T}\nweb: {listen: x}\n")
    result = run(check, path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count(f"{path}:") == 2
    assert result.stderr.endswith("\n2 problems; nothing was started.\n")


def test_check_takes_config_yaml_where_nothing_is_named(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write("hub: {name: T}\n").parent)
    assert run(check).stdout.startswith("config.yaml: good: ")


def test_check_of_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    result = run(check, tmp_path / "none.yaml")
    assert result.exit_code == 2
    assert "there is no such file" in result.stderr


def test_schema_is_json_and_holds_the_parts_of_the_hub(write: Write) -> None:
    result = run(schema, write("hub: {name: T}\n"))
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert set(found["properties"]) == {
        "hub", "areas", "mqtt", "web", "recording", "store", "escalations", "modes", "plugins",
        "scripts", "automations",
    }  # fmt: skip
    assert found["required"] == ["hub"]
    assert found["additionalProperties"] is False


def test_a_default_in_the_schema_is_written_the_way_it_is_read(write: Write) -> None:
    found = json.loads(run(schema, write("hub: {name: T}\n")).stdout)
    default = found["$defs"]["RecordingDefault"]["properties"]["pre_roll"]["default"]
    assert parse_duration(default) == RecordingDefault().pre_roll


def test_schema_works_while_the_file_has_mistakes(write: Write) -> None:
    result = run(schema, write("hub: {nam: T}\nplugins: {none: {}}\n"))
    assert result.exit_code == 0
    assert "there is no plugin 'none'" in result.stderr
    assert json.loads(result.stdout)["title"] == "config.yaml"


def test_schema_of_what_cannot_be_read_ends_with_2(write: Write) -> None:
    assert run(schema, write("hub: {\n")).exit_code == 2


def test_the_schema_holds_the_blocks_of_the_named_plugins_alone(
    plugins: Plugins, write: Write
) -> None:
    found = json_schema([plugins.find("lamps")], known_in(write(), plugins))
    blocks = found["$defs"]["Plugins"]
    assert set(blocks["properties"]) == {"lamps"}
    assert blocks["additionalProperties"] is False
    lamp = found["$defs"]["Lamp"]
    assert lamp["required"] == ["area", "host", "password"]
    assert lamp["properties"]["host"]["description"] == "Its address."


def test_two_plugins_with_models_of_one_name_have_both_in_the_schema(
    plugins: Plugins, write: Write
) -> None:
    both = [plugins.find("lamps"), plugins.find("twin")]
    found = json_schema(both, known_in(write(), plugins))
    models = [name for name in found["$defs"] if name.startswith("hub_plugins__")]
    assert len([name for name in models if name.endswith("__Config")]) == 2
