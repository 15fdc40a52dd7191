"""What is told of a template before it is rendered."""

from __future__ import annotations

import pytest

from hub.text.findings import look


@pytest.mark.parametrize(
    ("template", "entities"),
    [
        ("{{ states('sensor.a') }}", ["sensor.a"]),
        ("{{ 'sensor.a' | states }}", ["sensor.a"]),
        ("{{ states.sensor.a.state }}", ["sensor.a"]),
        ("{{ states.sensor['a'].state }}", ["sensor.a"]),
        ("{{ states['sensor.a'].state }}", ["sensor.a"]),
        (
            "{{ is_state('sensor.a', 'on') and state_attr('sensor.b', 'x') }}",
            ["sensor.a", "sensor.b"],
        ),
        ("{{ 'sensor.a' is has_value }}", ["sensor.a"]),
        ("{{ expand(['sensor.a', 'sensor.b']) }}", ["sensor.a", "sensor.b"]),
        ("{{ ['sensor.a'] | map('states') | list }}", ["sensor.a"]),
        ("{{ ['sensor.a'] | select('is_state', 'on') | list }}", ["sensor.a"]),
        ("{{ distance('sensor.a', 'market') }}", ["sensor.a"]),
        ("{{ area_name('sensor.a') ~ area_name('market') }}", ["sensor.a"]),
        (
            "{% if 1 %}{% for x in [1] %}{{ states('sensor.a') }}{% endfor %}{% endif %}",
            ["sensor.a"],
        ),
        ("{{ states('sensor.' ~ name) }}", []),
        ("{% set states = 5 %}{{ states }}", []),
        ("{% macro states(x) %}{% endmacro %}{{ states('sensor.a') }}", []),
        ("{{ 'sensor.a' == x }}", []),
    ],
)
def test_entities_that_are_named_are_found(template, entities):
    assert [name for name, _ in look(template).entities] == entities


def test_domains_and_areas_that_are_named_are_found():
    found = look(
        "{{ states.sensor | list }}\n{{ area_entities('market') }}{{ 'x' | area_devices }}"
    )
    assert found.domains == [("sensor", 1)]
    assert found.areas == [("market", 2), ("x", 2)]


@pytest.mark.parametrize(
    ("template", "paths"),
    [
        ("{{ trigger.event.data.plate }}", [("event", "data", "plate")]),
        ("{{ trigger['event']['plate'] }}", [("event", "plate")]),
        ("{{ trigger.event.data.get('plate') }}", [("event", "data")]),
        ("{{ trigger.event.data[name] }}", [("event", "data")]),
        ("{{ trigger.to_state.state | float > 5 }}", [("to_state", "state")]),
        ("{{ trigger.event.plate.split(' ')[0] }}", [("event", "plate")]),
        ("{{ trigger.event.plate | default('-') }}", []),
        ("{{ trigger.event.plate is defined }}", []),
        ("{{ trigger }}", []),
        ("{% set trigger = {} %}{{ trigger.anything }}", []),
    ],
)
def test_what_is_asked_of_the_trigger_is_found(template, paths):
    assert [path for path, _ in look(template).trigger] == paths


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{{ is_state('sensor.a') }}", "is_state"),
        ("{{ states() }}", "states"),
        ("{{ now(1) }}", "now"),
        ("{{ 5 | round(digits=1) }}", "round"),
        ("{{ 'a' | replace('b') }}", "replace"),
        ("{{ 5 | timestamp_custom }}", None),
        ("{{ 'sensor.a' | is_state('on', 1) }}", "is_state"),
        ("{{ [1] | join(', ', 'x', 'y') }}", "join"),
        ("{{ 5 is divisibleby }}", "divisibleby"),
        ("{{ round(*x) }}", None),
        ("{{ is_state(*x) }}", None),
        ("{{ distance('a', 'b') }}{{ closest(states) }}{{ min(1, 2) }}", None),
    ],
)
def test_calls_that_cannot_be_right_are_found(template, name):
    found = [each for each, _, _ in look(template).arguments]
    assert found == ([name] if name else [])


@pytest.mark.parametrize(
    ("template", "filters", "tests"),
    [
        ("{{ 5 | rond }}\n{{ 5 | flaot }}", [("rond", 1), ("flaot", 2)], []),
        ("{{ 5 is nmber }}", [], [("nmber", 1)]),
        ("{{ [5] | map('flaot') | list }}", [("flaot", 1)], []),
        ("{{ [5] | select('od') | list }}", [], [("od", 1)]),
        ("{{ [5] | selectattr('a', 'eqal', 5) | list }}", [], [("eqal", 1)]),
    ],
)
def test_filters_and_tests_that_do_not_exist_are_all_found(template, filters, tests):
    found = look(template)
    assert (found.filters, found.tests) == (filters, tests)
