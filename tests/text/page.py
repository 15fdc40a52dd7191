"""How docs/templates.md writes results down, and by which signs it says what a name is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.text.filters import CONSTANTS, FILTERS, TESTS
from hub.text.functions import NAMES

PAGE = Path(__file__).parents[2] / "docs" / "templates.md"


def told(value: Any) -> str:
    """A result as the page shows it: as Python spells it, times by their text."""
    plain = isinstance(value, str | bool | int | float | list | dict | tuple | set | None)
    return repr(value) if plain else str(value)


def kinds(name: str) -> str:
    """As what a name can be used."""
    found = []
    if name in CONSTANTS:
        found.append("number")
    elif name in NAMES:
        found.append("function")
    if name in FILTERS:
        found.append("filter")
    if name in TESTS:
        found.append("test")
    return ", ".join(found)


@dataclass(frozen=True)
class Row:
    """One example of the page."""

    name: str
    kinds: str
    example: str
    result: str


def rows() -> list[Row]:
    """All examples; one without a name belongs to the name above it."""
    return list(_rows(PAGE.read_text(encoding="utf-8")))


def _rows(text: str) -> Iterator[Row]:
    name = of = ""
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != 5 or cells[0] in ("name", "---"):
            continue
        if cells[0]:
            name, of = cells[0].strip("`"), cells[1]
        example, result = (cell[1:-1].replace("\\|", "|") for cell in cells[3:])
        yield Row(name, of, example, result)


def left_out() -> dict[str, str]:
    """The names that the page says are left out, with the reasons."""
    table = PAGE.read_text(encoding="utf-8").partition("## Left out on purpose")[2]
    return dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.M))
