"""What docs/rehearsal.md shows is played, and what it leaves out is found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from hub.plugin.loader import Plugins, bundled
from hub.rehearsal import model
from hub.rehearsal.judge import judge
from hub.rehearsal.play import play
from hub.rehearsal.reader import read
from hub.rehearsal.report import report
from hub.rehearsal.values import GivenState

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/rehearsal.md").read_text()
STORIES = re.findall(r"^```yml\n(.*?)^```$", PAGE, re.M | re.S)


@pytest.mark.parametrize("text", STORIES)
def test_every_story_of_the_page_is_as_expected(text: str, tmp_path: Path) -> None:
    path = tmp_path / "page.story.yaml"
    path.write_text(text.replace("../config.yaml", str(ROOT / "config.yaml")))
    story = read(path, Plugins([bundled()]))
    verdict = judge(story, play(story))
    assert verdict.good, report(verdict)


def test_every_word_of_a_story_stands_on_the_page() -> None:
    assert STORIES
    models = [model.StoryFile, model.EntryBlock, model.PersonBlock, model.Message]
    models += [model.IncidentWords, GivenState]
    for union in (model.Given, model.Expected):
        models += [get_args(member)[0] for member in get_args(get_args(union)[0])]
    words = {name for each in models for name in each.model_fields}
    assert len(words) > 30
    assert [word for word in sorted(words) if not re.search(rf"\b{word}\b", PAGE)] == []
