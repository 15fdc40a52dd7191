"""Problems as people read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.config.check import load
from hub.config.config import WrongConfig
from hub.config.render import refusal, render
from hub.config.tree import Excerpts, Node
from hub.model.problem import Position, Problem
from hub.plugin.loader import Plugins

Told = Callable[[Path], str]
Write = Callable[..., Path]


def shown(line: str, column: int, length: int, hint: str | None = None) -> list[str]:
    excerpts = Excerpts({"c.yaml": (line,)})
    problem = Problem("wrong", Position("c.yaml", 1, column, length), hint)
    return render([problem], excerpts).splitlines()


def test_the_line_carets_and_advice_stand_under_the_message() -> None:
    assert shown("mode: evnts", 7, 5, "did you mean 'events'?") == [
        "c.yaml:1:7: wrong",
        "  |",
        "1 | mode: evnts",
        "  |       ^^^^^ did you mean 'events'?",
    ]


@pytest.mark.parametrize(
    ("line", "column", "length", "carets"),
    [
        ("назва: Козятін", 8, 7, "       ^^^^^^^"),
        ("назва: Ї\u0301жак", 8, 5, "       ^^^^"),  # an accent takes no column
        ("市場: abc", 5, 3, "      ^^^"),  # wide letters take two
        ("a: 市場", 4, 2, "   ^^^^"),
        ("👮: abc", 4, 3, "    ^^^"),
        ("\tabc", 2, 3, " ^^^"),
    ],
)
def test_carets_stand_under_the_value(line: str, column: int, length: int, carets: str) -> None:
    assert shown(line, column, length)[3] == f"  | {carets}"


def test_what_moves_the_cursor_is_shown_as_a_dot() -> None:
    assert shown("a: \x1b[31mred\u202e", 4, 4)[2] == "1 | a: ·[31mred·"


def test_a_long_line_is_cut_around_the_value() -> None:
    lines = shown("x" * 500 + "HERE" + "y" * 500, 501, 4)
    assert len(lines[2]) <= 120
    before, after = lines[2].split("HERE")
    assert before.startswith("1 | …x")
    assert after.endswith("y…")
    assert lines[3] == "  | " + " " * (len(before) - 4) + "^^^^"


def test_problems_come_in_the_order_of_their_places() -> None:
    places = [("b.yaml", 1, 1), ("a.yaml", 10, 1), ("a.yaml", 2, 9), ("a.yaml", 2, 3)]
    text = render([Problem("wrong", Position(*place)) for place in places], Excerpts())
    heads = [line for line in text.splitlines() if "wrong" in line]
    assert heads == [
        "a.yaml:2:3: wrong",
        "a.yaml:2:9: wrong",
        "a.yaml:10:1: wrong",
        "b.yaml:1:1: wrong",
    ]


def test_a_problem_without_a_place_comes_first() -> None:
    problems = [Problem("late", Position("a.yaml", 1, 1)), Problem("early", hint="do it")]
    assert render(problems, Excerpts()).splitlines()[:2] == ["early", "    do it"]


def test_the_number_of_problems_closes_the_text() -> None:
    one = Problem("wrong", Position("a.yaml", 1, 1))
    assert refusal([one], Excerpts()).endswith("\n1 problem; nothing was started.\n")
    assert refusal([one, one], Excerpts()).endswith("\n2 problems; nothing was started.\n")


def test_a_masked_value_has_the_same_length_whatever_it_is() -> None:
    for value in ("a", "much longer than three"):
        line = f"p: {value}  # mine"
        excerpts = Excerpts({"c.yaml": (line,)})
        excerpts.mask(Node(Position("c.yaml", 1, 4, len(value)), (1, 4 + len(value)), value))
        text = render([Problem("wrong", Position("c.yaml", 1, 4, len(value)))], excerpts)
        assert text.splitlines()[2:] == ["1 | p: ***  # mine", "  |    ^^^"]


PASSWORD = "Tr0ub4dor&3"
SPOILED = {
    "a wrong type": "mqtt: {host: 5, password: 'Tr0ub4dor&3'}",
    "a mistyped key": "mqtt: {pasword: 'Tr0ub4dor&3'}",
    "a mistyped key in block style": "mqtt:\n  passw: Tr0ub4dor&3\n  port: x\n",
    "a list instead of text": "mqtt: {password: ['Tr0ub4dor&3']}",
    "a mapping instead of text": "mqtt: {password: {is: 'Tr0ub4dor&3'}}",
    "a mapping in place of the block": "mqtt: [{password: 'Tr0ub4dor&3', port: x}]",
    "an unknown block": "mqqt: {password: 'Tr0ub4dor&3'}",
    "an unknown plugin": "plugins: {none: {token: 'Tr0ub4dor&3', deep: {secret: 'Tr0ub4dor&3'}}}",
    "an unclosed brace": "mqtt: {password: Tr0ub4dor&3",
    "an unclosed quote": "mqtt: {password: 'Tr0ub4dor&3}",
    "an unclosed quote over lines": "mqtt:\n  password: 'a\n    Tr0ub4dor&3\n",
    "a colon too many": "mqtt:\n  password: Tr0ub4dor&3: x\n",
    "an alias instead of text": "mqtt:\n  password: *Tr0ub4dor&3\n",
    "a missing anchor": "mqtt: {password: *Tr0ub4dor, port: x}",
    "a tag instead of text": "mqtt:\n  password: !Tr0ub4dor3 x\n",
    "a letter that cannot begin a value": "mqtt:\n  password: @Tr0ub4dor&3\n",
    "the same text elsewhere": "mqtt: {password: 'Tr0ub4dor&3', port: 'Tr0ub4dor&3'}",
    "an anchor": "mqtt: {password: &p 'Tr0ub4dor&3', username: *p, port: *p}",
    "a text of several lines": "mqtt:\n  password: |\n    Tr0ub4dor&3\n  port: x\n",
    "an address": "areas: {'rtsp://hub:Tr0ub4dor&3@10.0.0.1': 5}",
    "an address in a wrong place": "mqtt: {port: 'mqtt://hub:Tr0ub4dor&3@10.0.0.1'}",
    "another password": "mqtt: {password: one, password: Tr0ub4dor&3}",
    "another block": "mqtt: {port: 1}\nmqtt: {password: Tr0ub4dor&3}\n",
    "a value of no key": "mqtt: {[a]: Tr0ub4dor&3}",
    "a password twice": "mqtt: {password: 'Tr0ub4dor&3', password: 'Tr0ub4dor&3'}",
    "a tab behind it": "mqtt: {password: Tr0ub4dor&3,\n\tport: 5}\n\tx: y",
}


@pytest.mark.parametrize("text", SPOILED.values(), ids=SPOILED.keys())
def test_a_password_is_never_echoed(text: str, write: Write, told: Told) -> None:
    said = told(write(f"hub: {{name: 5}}\n{text}"))
    assert "Tr0ub4dor" not in said
    assert "config.yaml:" in said


def test_a_password_in_a_part_of_a_file_that_cannot_be_read_is_never_echoed(
    write: Write, told: Told
) -> None:
    path = write("a: !include a.yaml\nb: [\n", a="{password: Tr0ub4dor&3, x: *none}\n")
    said = told(path)
    assert "a.yaml:1:" in said
    assert "Tr0ub4dor" not in said


def test_a_secret_of_the_secrets_file_is_never_echoed(write: Write, told: Told) -> None:
    for spoiled in ("token: Tr0ub4dor&3\n\tx: 1\n", "token: *Tr0ub4dor\n", "a: 1\na: Tr0ub4dor\n"):
        path = write("hub: {name: 5, data_dir: !secret token}\n", secrets=spoiled)
        assert "Tr0ub4dor" not in told(path)


def test_no_secret_is_in_the_text_of_the_error_itself(write: Write, plugins: Plugins) -> None:
    path = write(
        "hub: {name: T}\nmqtt: {port: 'mqtt://hub:Tr0ub4dor@h', password: 'Tr0ub4dor&3'}\n"
    )
    with pytest.raises(WrongConfig) as caught:
        load(path, plugins)
    assert "Tr0ub4dor" not in str(caught.value)
    assert "Tr0ub4dor" not in repr(caught.value.problems)


def test_a_secret_shows_by_its_name(write: Write, told: Told) -> None:
    path = write(
        "hub: {name: T}\nmqtt: {port: !secret port, password: !secret p}\n",
        secrets="port: Tr0ub4dor\np: q\n",
    )
    said = told(path)
    assert "port: !secret port, password: !secret p}" in said
    assert "Tr0ub4dor" not in said
