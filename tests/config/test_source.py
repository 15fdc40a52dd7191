"""What the text of a configuration becomes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.config.files import DiskFiles
from hub.config.source import Source, read
from hub.config.tree import Node, plain
from hub.model.problem import Position

Write = Callable[..., Path]


def source(path: Path, environ: dict[str, str] | None = None) -> Source:
    return read(DiskFiles(path, environ or {}), "")


def value(path: Path, environ: dict[str, str] | None = None) -> Any:
    found = source(path, environ)
    assert found.problems == []
    assert found.root is not None
    return plain(found.root)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22:00", "22:00"),
        ("no", "no"),
        ("on", "on"),
        ("0123", "0123"),
        ("1_000", "1_000"),
        ("2026-11-22", "2026-11-22"),
        ("12E34", "12E34"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        (".inf", ".inf"),
        ("1.", "1."),
        ("9" * 5000, "9" * 5000),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("49.7146", 49.7146),
        ("1.5e3", 1500.0),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("! 12", "12"),
    ],
)
def test_an_unquoted_word_keeps_its_meaning(write: Write, text: str, expected: Any) -> None:
    found = value(write(f"a: {text}\n"))["a"]
    assert found == expected
    assert type(found) is type(expected)


def test_keys_are_the_text_that_is_written(write: Write) -> None:
    assert value(write("{1001: a, on: b, null: c, 0123: d}")) == {
        "1001": "a",
        "on": "b",
        "null": "c",
        "0123": "d",
    }


def test_every_key_and_value_knows_its_place(write: Write) -> None:
    root = source(write("hub:\n  name: Козятин\n  at: [1, 'два']\n")).root
    assert root is not None
    block = root.entries["hub"]
    assert block.key == Position("config.yaml", 1, 1, 3)
    assert block.node.entries["name"].key == Position("config.yaml", 2, 3, 4)
    assert block.node.entries["name"].node.position == Position("config.yaml", 2, 9, 7)
    items = block.node.entries["at"].node
    assert items.position == Position("config.yaml", 3, 7, 10)
    assert items.items[1].position == Position("config.yaml", 3, 11, 5)


def test_a_byte_order_mark_moves_no_place(write: Write) -> None:
    root = source(write("\ufeffhub: 1\n".encode())).root
    assert root is not None
    assert root.entries["hub"].key == Position("config.yaml", 1, 1, 3)


def test_line_ends_of_other_systems_are_line_ends(write: Write) -> None:
    found = source(write(b"hub: 1\r\nareas: *x\r\n"))
    assert found.problems[0].position == Position("config.yaml", 2, 8, 2)
    assert found.excerpts.lines["config.yaml"][1] == "areas: *x"


def test_aliases_and_merge_keys_work_as_in_yaml_1_1(write: Write) -> None:
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: [*a, {z: 4}]}\nd: *a\n"
    assert value(write(text)) == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": {"x": 1, "y": 2, "z": 4},
        "d": {"x": 1, "y": 2},
    }


def test_a_quoted_merge_key_is_a_key_like_any_other(write: Write) -> None:
    assert value(write("{'<<': 1}")) == {"<<": 1}


def test_a_secret_is_text_and_known_as_a_secret(write: Write) -> None:
    found = source(write("pin: !secret pin\n", secrets="pin: 0123\n"))
    assert found.root is not None
    node = found.root.entries["pin"].node
    assert (node.value, node.secret) == ("0123", True)


def test_a_number_that_is_a_secret_stays_text(write: Write) -> None:
    assert value(write("pin: !secret pin\n", secrets="pin: 4711\n")) == {"pin": "4711"}


def test_secrets_beside_an_included_file_come_before_those_of_the_town(write: Write) -> None:
    path = write(
        "a: !include parts/a.yaml\nb: !secret one\n",
        secrets="one: far\ntwo: town\n",
        parts__a="[!secret one, !secret two]\n",
        parts__secrets="one: near\n",
    )
    assert value(path) == {"a": ["near", "town"], "b": "far"}


def test_a_variable_of_the_environment_is_text_and_a_secret(write: Write) -> None:
    found = source(write("a: !env TOKEN\n"), {"TOKEN": "true"})
    assert found.root is not None
    node = found.root.entries["a"].node
    assert (node.value, node.secret) == ("true", True)


def test_the_lists_of_a_folder_are_joined_in_the_order_of_names(write: Write) -> None:
    path = write(
        "all: !include_dir parts\n",
        parts__b="[3]",
        parts__a="[1, 2]",
        parts__c="# nothing\n",
        parts__secrets="a: b\n",
    )
    (path.parent / "parts" / ".hidden.yaml").write_text("[9]")
    (path.parent / "parts" / "notes.txt").write_text("[9]")
    assert value(path) == {"all": [1, 2, 3]}


def test_the_mappings_of_a_folder_are_merged(write: Write) -> None:
    path = write("all: !include_dir parts\n", parts__a="{x: 1}", parts__b="{y: 2}")
    assert value(path) == {"all": {"x": 1, "y": 2}}


def test_an_include_is_seen_from_its_own_file(write: Write) -> None:
    path = write("a: !include p/q/a.yaml\n", p__q__a="!include ../b.yaml\n", p__b="[here]\n")
    assert value(path) == {"a": ["here"]}


def test_a_place_in_an_included_file_names_that_file(write: Write) -> None:
    path = write("a: !include p/a.yaml\n", p__a="x: *none\n")
    assert source(path).problems[0].position == Position("p/a.yaml", 1, 4, 5)


def test_a_link_that_leads_outside_is_not_followed(write: Write, tmp_path: Path) -> None:
    path = write("a: !include link.yaml\nb: !include_dir folder\n")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "a.yaml").write_text("told: nobody\n")
    (tmp_path / "link.yaml").symlink_to(outside / "a.yaml")
    (tmp_path / "folder").symlink_to(outside)
    found = source(path)
    assert ["outside" in problem.message for problem in found.problems] == [True, True]


def test_a_link_in_circles_is_a_problem(write: Write, tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to(tmp_path / "link.yaml")
    assert len(source(write("a: !include link.yaml\n")).problems) == 1


def test_a_file_larger_than_16_mebibytes_is_refused(write: Write) -> None:
    path = write("#" * ((16 << 20) + 1))
    assert "larger than 16 MiB" in source(path).problems[0].message


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    found = source(tmp_path / "none.yaml")
    assert found.root is None
    assert found.problems[0].message == "cannot read 'none.yaml': there is no such file"
    assert found.problems[0].position == Position("none.yaml", 1, 1)


def test_what_is_no_regular_file_is_refused_at_its_place_and_holds_up_nobody(
    write: Write, tmp_path: Path
) -> None:
    path = write("a: !include pipe.yaml\nb: !include_dir parts\nc: !secret one\n")
    (tmp_path / "parts").mkdir()
    for name in ("pipe.yaml", "parts/other.yaml", "secrets.yaml"):
        os.mkfifo(tmp_path / name)
    found: list[Source] = []
    reading = threading.Thread(target=lambda: found.append(source(path)), daemon=True)
    reading.start()
    reading.join(5)
    assert [problem.position.line for problem in found[0].problems if problem.position] == [1, 2, 3]
    assert found[0].problems[0].message == "cannot read 'pipe.yaml': it is no regular file"


def test_an_alias_bomb_over_several_files_is_stopped(write: Write) -> None:
    bomb = "a: &a [" + "x, " * 400 + "]\nb: &b [" + "*a, " * 300 + "]\n"
    path = write("all: [" + "!include b.yaml, " * 10 + "]\n", b=bomb)
    problems = source(path).problems
    assert len(problems) == 1
    assert "grows beyond" in problems[0].message


def test_a_file_of_too_many_values_is_stopped(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.config.source.MAX_VALUES", 20)
    found = source(write("all: [" + "x, " * 30 + "]\n"))
    assert found.root is None
    assert [problem.message for problem in found.problems] == [
        "here the configuration grows beyond 20 values"
    ]


def test_mistakes_in_several_files_are_told_together(write: Write) -> None:
    path = write("a: !include a.yaml\nb: !include b.yaml\nc: *d\n", a="x: 'y\n", b="\tz: 1\n")
    found = source(path)
    assert [problem.position and problem.position.file for problem in found.problems] == [
        "a.yaml",
        "b.yaml",
        "config.yaml",
    ]


def test_a_problem_in_a_part_leaves_the_rest_readable(write: Write) -> None:
    root = source(write("a: !include none.yaml\nb: 2\n")).root
    assert isinstance(root, Node)
    assert root.entries["a"].node.broken
    assert root.entries["b"].node.value == 2
