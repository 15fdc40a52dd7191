"""Each file in `wrong/` holds one mistake; what is told of it stands beside it, to the letter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

WRONG = Path(__file__).parent / "wrong"
BESIDE = {"secrets.yaml"}
CASES = sorted(
    path.relative_to(WRONG)
    for path in [*WRONG.glob("*.yaml"), *WRONG.glob("*secrets/*.yaml")]
    if path.name not in BESIDE
)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_mistake_is_told_with_its_place_and_advice(
    case: Path, told: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(WRONG)
    expected = (WRONG / case).with_suffix(".txt").read_text(encoding="utf-8")
    assert told(case) == expected


def test_every_expected_text_belongs_to_a_file() -> None:
    texts = {
        path.with_suffix(".yaml") for path in WRONG.rglob("*.txt") if "parts" not in path.parts
    }
    assert texts == {WRONG / case for case in CASES}


def test_no_expected_text_shows_a_secret() -> None:
    shown = "".join(path.read_text(encoding="utf-8") for path in WRONG.rglob("*.txt"))
    assert "hunter22" not in shown
    assert "4711" not in shown
