"""Each line of docs/deviations.md has a reason, and tests that tests/deviations.yaml names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "deviations.md"
HEADS = {"here", "---"}
PROOFS: Mapping[str, Sequence[str]] = yaml.safe_load(
    (ROOT / "tests" / "deviations.yaml").read_text(encoding="utf-8")
)
"""Where the tests of a line stand, by its first words."""


def rows() -> list[list[str]]:
    """The cells of each line: what is here, what is there, why."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    found = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [cells for cells in found if cells[0] not in HEADS]


def unproven(lines: Iterable[str], first_words: Iterable[str]) -> list[str]:
    """The lines that are begun by none of these words, or by several of them."""
    words = list(first_words)
    plain = {line: line.replace("`", "") for line in lines}
    return [line for line, text in plain.items() if sum(map(text.startswith, words)) != 1]


def stray(lines: Iterable[str], first_words: Iterable[str]) -> list[str]:
    """Those of the words that begin no line, or several."""
    texts = [line.replace("`", "") for line in lines]
    return [word for word in first_words if sum(text.startswith(word) for text in texts) != 1]


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of the tests of a file, which need not run for it."""
    functions = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    return frozenset(
        node.name
        for node in functions
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[:5] == "test_"
    )


def exists(test: str) -> bool:
    """Whether there is such a test, `file::name`, or such a mistake with what is told of it."""
    file, _, name = test.partition("::")
    path = ROOT / file
    if path.parent == ROOT / "tests" / "config" / "wrong":
        return path.suffix == ".yaml" and path.exists() and path.with_suffix(".txt").exists()
    return path.exists() and name in names_in(file)


def test_each_line_says_what_is_here_what_is_there_and_why() -> None:
    assert len(rows()) >= 50
    assert [cells for cells in rows() if len(cells) != 3 or not all(cells)] == []


def test_each_line_has_its_tests() -> None:
    assert unproven((cells[0] for cells in rows()), PROOFS) == []
    assert [words for words, tests in PROOFS.items() if not tests] == []


def test_no_test_is_named_for_a_line_that_is_gone() -> None:
    assert stray((cells[0] for cells in rows()), PROOFS) == []


def test_each_test_that_is_named_exists() -> None:
    assert [test for tests in PROOFS.values() for test in tests if not exists(test)] == []


@pytest.mark.parametrize(
    ("lines", "first_words", "without_a_test", "without_a_line"),
    [
        (["`id` is required", "Any loop"], ["id is"], ["Any loop"], []),
        (["Any loop"], ["Any loop", "A line"], [], ["A line"]),
        (["Any loop", "Any word"], ["Any"], [], ["Any"]),
        (["Any loop"], ["Any", "Any loop"], ["Any loop"], []),
    ],
)
def test_a_line_without_a_test_and_a_test_without_a_line_would_be_found(
    lines: list[str], first_words: list[str], without_a_test: list[str], without_a_line: list[str]
) -> None:
    assert unproven(lines, first_words) == without_a_test
    assert stray(lines, first_words) == without_a_line


@pytest.mark.parametrize(
    "test",
    [
        "tests/test_deviations.py::test_that_nobody_wrote",
        "tests/test_deviations.py::exists",
        "tests/test_nothing.py::test_x",
        "tests/config/wrong/no_such_mistake.yaml",
        "tests/config/wrong/blueprint.txt",
        "tests/test_deviations.py",
    ],
)
def test_a_test_that_is_not_there_would_be_found(test: str) -> None:
    assert not exists(test)
