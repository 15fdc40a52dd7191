"""What is wrong with a configuration is told in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.config.check import load
from hub.config.config import WrongConfig
from hub.config.render import render
from hub.model.problem import Problem
from hub.model.said import Said, changed, said, told
from hub.plugin.loader import Plugins
from hub.text.translations import LOCALE, Texts
from tests.config.test_wrong import CASES, WRONG

compiled = pytest.mark.skipif(
    not (LOCALE / "uk/LC_MESSAGES/hub.mo").is_file(),
    reason="the translations are not compiled: run `make assets`",
)
OWN_WORDS = {"plugin_complains", "plugin_with_a_rule_broken"}
"""Cases in which a plugin speaks for itself."""


def test_a_text_that_was_said_is_the_english_text_and_can_be_told_anew() -> None:
    uk = {"one of %(names)s": "одне з: %(names)s", "%(some)s or %(last)s": "%(some)s або %(last)s"}
    names = said("%(some)s or %(last)s", some=["a", "b"], last="100%")
    text = said("one of %(names)s", names=names)
    assert text == "one of a, b or 100%"
    assert told(text, lambda one: uk.get(one, one)) == "одне з: a, b або 100%"
    assert told("one of us", lambda one: uk.get(one, "?")) == "one of us"
    assert said("100%") == "100%"


def test_a_secret_is_taken_out_of_all_that_is_told() -> None:
    text = changed(said("unknown %(name)s", name=["hunter2"]), lambda one: one.replace("2", "*"))
    assert text == "unknown hunter*" and told(text, lambda _: "немає %(name)s") == "немає hunter*"


def problems(case: Path, monkeypatch: pytest.MonkeyPatch) -> WrongConfig:
    monkeypatch.chdir(WRONG)
    with pytest.raises(WrongConfig) as caught:
        load(case, Plugins([WRONG / "plugins"]))
    return caught.value


@compiled
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_each_mistake_is_told_in_ukrainian_too(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = problems(case, monkeypatch)
    gettext = Texts("uk").get("uk")
    for problem in wrong.problems:
        if isinstance(problem.message, Said):
            assert re.search("[а-яіїєґ]", told(problem.message, gettext)), problem.message
        else:
            assert case.stem in OWN_WORDS, problem.message


@compiled
def test_the_line_and_the_carets_are_the_same_in_both_languages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = problems(Path("automation_key_unknown.yaml"), monkeypatch)
    english = render(wrong.problems, wrong.excerpts).splitlines()
    ukrainian = render(wrong.problems, wrong.excerpts, Texts("uk").get("uk")).splitlines()
    assert "невідомий ключ" in ukrainian[0] and "unknown key" in english[0]
    assert [line.rpartition("^")[0] for line in ukrainian[1:]] == [
        line.rpartition("^")[0] for line in english[1:]
    ]


def test_a_problem_that_somebody_else_wrote_is_told_as_it_is() -> None:
    assert told(Problem("the pin is taken").message, lambda _: "?") == "the pin is taken"
