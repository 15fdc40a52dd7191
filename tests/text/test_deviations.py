"""Where templates differ from Home Assistant's on purpose, as docs/deviations.md has it."""

from __future__ import annotations

import pytest

from hub.text.filters import FILTERS, LEFT_OUT
from hub.text.templates import TemplateProblem, render
from tests.text.town import names


@pytest.fixture(scope="module")
def town():
    return names()


@pytest.mark.parametrize("pattern", ["a(?=b)", "(?<!a)b", "(a)\\\\1"])
def test_regular_expressions_have_no_look_around_and_no_references_back(town, pattern):
    """Deviation: regular expressions in templates are RE2's."""
    with pytest.raises(TemplateProblem, match="is no regular expression"):
        render(f"{{{{ 'ab' is search('{pattern}') }}}}", {}, town)


def test_an_outcome_is_not_guessed_from_what_a_text_looks_like(town):
    """Deviation: a template that is one expression keeps the type of its value, others are text."""
    assert render("{{ '1, 2' }}", {}, town) == "1, 2"
    assert render("{{ 1 }}, {{ 2 }}", {}, town) == "1, 2"


def test_an_unknown_variable_is_an_error(town):
    """Deviation: an unknown variable is an error."""
    with pytest.raises(TemplateProblem, match="'nobody' is undefined"):
        render("{{ nobody }}", {}, town)


def test_nothing_depends_on_chance(town):
    """Deviation: random and shuffle are left out."""
    assert {"random", "shuffle"} <= LEFT_OUT.keys()
    assert not {"random", "shuffle"} & FILTERS.keys()


@pytest.mark.parametrize(
    "lazy", ["{{ [1] | map('string') }}", "a{{ [1] | select('odd') }}", "{{ [1] | reverse }}"]
)
def test_what_is_given_item_by_item_is_no_value_yet(town, lazy):
    """Deviation: what map and select give needs |list."""
    with pytest.raises(TemplateProblem, match=r"add \|list"):
        render(lazy, {}, town)


def test_a_state_becomes_data(town):
    """Deviation: a state as a value is data, as trigger.to_state is."""
    found = render("{{ expand('sensor.river') }}", {}, town)
    assert found[0]["entity_id"] == "sensor.river"
    assert found[0]["state"] == "5.126"
    assert render("{{ s.state }} {{ s.attributes }}", {"s": found[0]}, town) == "5.126 {}"
