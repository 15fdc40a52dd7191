"""The cookbook: every rule checks, and does what its story says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from hub.cli.check import check
from hub.cli.rehearse import rehearse

BOOK = Path(__file__).parents[1] / "docs" / "cookbook"
RULES = sorted(path.stem for path in (BOOK / "rules").glob("*.yaml"))


def test_there_are_rules_for_a_town_and_each_has_a_story_and_a_line_on_the_page() -> None:
    assert len(RULES) >= 20
    stories = sorted(path.name.removesuffix(".story.yaml") for path in (BOOK / "stories").iterdir())
    listed = re.findall(r"\(rules/(\w+)\.yaml\)", (BOOK / "README.md").read_text())
    assert stories == RULES
    assert sorted(listed) == RULES


def test_the_town_of_the_cookbook_checks_without_a_warning() -> None:
    result = CliRunner().invoke(check, [str(BOOK / "town.yaml")])
    assert result.exit_code == 0, result.output
    assert "0 warnings" in result.output


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_does_what_its_story_says(rule: str) -> None:
    result = CliRunner().invoke(rehearse, [str(BOOK / "stories" / f"{rule}.story.yaml")])
    assert result.exit_code == 0, result.output
    assert "expectation" in result.output


def test_a_story_fails_when_its_rule_is_taken_out(tmp_path: Path) -> None:
    for name in ("town.yaml", "scripts.yaml"):
        (tmp_path / name).write_text((BOOK / name).read_text())
    for folder, left_out in (("rules", "flood.yaml"), ("stories", "")):
        (tmp_path / folder).mkdir()
        for path in (BOOK / folder).iterdir():
            if path.name != left_out:
                (tmp_path / folder / path.name).write_text(path.read_text())
    story = (tmp_path / "stories" / "flood.story.yaml").read_text()
    story = re.sub(r"(?m)^.*automation\.flood_watch.*$\n?", "", story)
    (tmp_path / "stories" / "flood.story.yaml").write_text(story)
    result = CliRunner().invoke(rehearse, [str(tmp_path / "stories" / "flood.story.yaml")])
    assert result.exit_code == 1, result.output
    assert "Вода прибуває" in result.output
