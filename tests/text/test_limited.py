"""Limited templates see what they are given, and neither the town nor the time."""

from __future__ import annotations

import pytest

from hub.text.limited import parse_limited, render_limited
from hub.text.templates import TemplateProblem


def test_what_needs_no_town_is_rendered():
    assert render_limited("{{ [1, 2] | sum + n }}", {"n": 3}) == 6
    assert render_limited("town/{{ 'Річка' | slugify }}", {}) == "town/richka"


@pytest.mark.parametrize(
    ("template", "name", "line"),
    [
        ("{{ states('sensor.river') }}", "states", 1),
        ("{{ 1 }}\n{{ states.sensor.river.state }}", "states", 2),
        ("{{ now() }}", "now", 1),
        ("{{ 'sensor.river' | has_value }}", "has_value", 1),
        ("{{ 'sensor.river' is is_state('on') }}", "is_state", 1),
        ("{{ 5 | timestamp_custom('%H') }}", "timestamp_custom", 1),
    ],
)
def test_what_looks_at_the_town_or_the_time_is_refused(template, name, line):
    with pytest.raises(TemplateProblem) as caught:
        parse_limited(template)
    assert caught.value.why.startswith(f"'{name}' cannot be used here")
    assert caught.value.line == line


def test_a_name_of_its_own_may_be_like_that_of_a_function():
    assert render_limited("{% set states = 5 %}{{ states }}", {}) == "5"


def test_a_filter_of_the_town_that_is_named_at_run_time_is_refused_too():
    with pytest.raises(TemplateProblem, match="there is no town"):
        render_limited("{{ ['sensor.river'] | map(f) | list }}", {"f": "states"})
