"""docs/templates.md lists all that templates have, and every example on it is run."""

from __future__ import annotations

import re

import pytest

from hub.text.filters import FILTERS, LEFT_OUT, TESTS
from hub.text.findings import look
from hub.text.functions import NAMES
from hub.text.limits import OUTPUT, STEPS
from hub.text.rendering import CPU_S
from hub.text.templates import render
from tests.text import page
from tests.text.town import VARIABLES, names

ROWS = page.rows()
HERE = NAMES | FILTERS.keys() | {name for name in TESTS if name.isidentifier()}


@pytest.fixture(scope="module")
def town():
    return names()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.example)
def test_an_example_gives_what_the_page_says(town, row):
    assert page.told(render(row.example, VARIABLES, town)) == row.result


def test_everything_is_on_the_page_and_nothing_else():
    assert {row.name for row in ROWS} == HERE


def test_each_name_is_used_as_all_that_it_is():
    for name in HERE:
        mine = [row for row in ROWS if row.name == name]
        assert {row.kinds for row in mine} == {page.kinds(name)}
        assert all(re.search(rf"(?<!\w){name}(?!\w)", row.example) for row in mine)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.example)
def test_the_check_finds_nothing_wrong_with_an_example(row):
    found = look(row.example)
    assert (found.filters, found.tests, found.arguments) == ([], [], [])
    assert {name for name, _ in found.names} <= NAMES | VARIABLES.keys()


def test_what_is_left_out_is_there_with_its_reason_and_nowhere_else():
    assert page.left_out() == LEFT_OUT
    assert LEFT_OUT.keys() & HERE == set()


def test_the_limits_are_those_that_the_page_names():
    text = page.PAGE.read_text(encoding="utf-8")
    for number in (f"{STEPS:,} steps", f"{CPU_S} s of computing", f"{OUTPUT:,} characters"):
        assert number in text
