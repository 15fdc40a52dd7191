"""Templates: strict, sandboxed, bounded, with Home Assistant's functions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bus import Bus
from hub.clock import VirtualClock
from hub.model.entity import Area, Entity, Location
from hub.registry import Registry
from hub.text.findings import look
from hub.text.functions import NAMES, functions
from hub.text.limits import OUTPUT
from hub.text.rendering import Reads
from hub.text.templates import TemplateProblem, compiled, render, render_text, render_tracked

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")


@pytest.fixture
def names():
    """The functions of templates, over a town of two entities."""
    clock = VirtualClock(NOW)
    registry = Registry(Bus(), clock)
    registry.configure({"market": Area("market", "Ринок", Location(49.7146, 28.8376))})
    registry.add(
        [
            (Entity(entity_id="sensor.river", name="Річка", area="market"), 4.0),
            (Entity(entity_id="sensor.far", name="Far", location=Location(49.8, 28.8)), None),
        ]
    )
    registry.set_state("sensor.river", 5.0, {"trend": "up"})
    registry.set_available("sensor.far", False)
    return functions(registry, clock, KYIV)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ 1 + 1 }}", 2),
        (" {{ [1, 'a'] }}\n", [1, "a"]),
        ("{{ {'a': none} }}", {"a": None}),
        ("{{ '0123' }}", "0123"),
        ("{{ '12' }}", "12"),
        ("{{ 1 }}{{ 2 }}", "12"),
        ("a{{ 1 }}", "a1"),
        ("{% if 1 %}5{% endif %}", "5"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_one_expression_keeps_its_type_and_all_else_is_text(template, value):
    assert render(template, {}) == value
    assert type(render(template, {})) is type(value)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ states('sensor.river') }}", "5"),
        ("{{ states('sensor.far') }}", "unavailable"),
        ("{{ states('sensor.gone') }}", "unknown"),
        ("{{ is_state('sensor.river', '5') }}", True),
        ("{{ is_state('sensor.river', ['4', '5']) }}", True),
        ("{{ is_state('sensor.river', '4') }}", False),
        ("{{ is_state('sensor.gone', 'unknown') }}", False),
        ("{{ state_attr('sensor.river', 'trend') }}", "up"),
        ("{{ state_attr('sensor.river', 'nothing') }}", None),
        ("{{ is_state_attr('sensor.river', 'trend', 'up') }}", True),
        ("{{ has_value('sensor.river') }}", True),
        ("{{ has_value('sensor.far') }}", False),
        ("{{ area_id('sensor.river') }}", "market"),
        ("{{ area_name('sensor.river') }}", "Ринок"),
        ("{{ area_name('market') }}", "Ринок"),
        ("{{ area_name('sensor.far') }}", None),
        ("{{ distance('sensor.river', 'sensor.far')|round(1) }}", 9.9),
        ("{{ distance('market', [49.7146, 28.8376]) }}", 0.0),
        ("{{ now().isoformat() }}", "2026-11-20T18:00:00+02:00"),
        ("{{ utcnow().hour }}", 16),
        ("{{ as_timestamp('2026-11-20T16:00:00+00:00') }}", 1795190400.0),
        ("{{ now()|as_timestamp }}", 1795190400.0),
        ("{{ 'soon'|as_timestamp(0) }}", 0),
        ("{{ as_local('2026-11-20T16:00:00+00:00').hour }}", 18),
        ("{{ as_datetime(0).year }}", 1970),
        ("{{ today_at('22:00') - now() }}", timedelta(hours=4)),
        ("{{ now() + timedelta(hours=1) > now() }}", True),
        ("{{ timestamp_custom(1795190400, '%d.%m.%Y %H:%M') }}", "20.11.2026 18:00"),
    ],
)
def test_functions_look_at_the_town_and_the_clock(names, template, value):
    assert render(template, names) == value


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ '5.5'|float }}", 5.5),
        ("{{ 'x'|float(0) }}", 0),
        ("{{ 'x'|float(default=none) }}", None),
        ("{{ '5.9'|int }}", 5),
        ("{{ 'ff'|int(base=16) }}", 255),
        ("{{ 'x'|int(7) }}", 7),
        ("{{ float('2') }}", 2.0),
        ("{{ 'yes'|bool }}", True),
        ("{{ 'off'|bool }}", False),
        ("{{ 'maybe'|bool(none) }}", None),
        ("{{ 2.5|round }}", 2),
        ("{{ 2.345|round(2) }}", 2.35),
        ("{{ 2.1|round(0, 'ceil') }}", 3),
        ("{{ 2.9|round(0, 'floor') }}", 2),
        ("{{ 2.3|round(1, 'half') }}", 2.5),
        ("{{ 'x'|round(1, default=0) }}", 0),
        ("{{ nothing|default('d') }}", "d"),
        ("{{ (1 > 0)|iif('a', 'b') }}", "a"),
        ("{{ none|iif('a', 'b', 'c') }}", "c"),
        ("{{ ['a', 'b']|join(', ') }}", "a, b"),
        ("{{ [{'n': 1}, {'n': 2}]|join('-', attribute='n') }}", "1-2"),
        ("{{ 'aXbX'|replace('X', '-') }}", "a-b-"),
        ("{{ {'a': 'ї'}|to_json }}", '{"a": "ї"}'),
        ("{{ [3, 1, 2]|sort|first }}", 1),
        ("{{ [1, 2, 3]|select('>', 1)|list }}", [2, 3]),
        ("{{ '5' is is_number }}", True),
        ("{{ 'AA' in 'AA0123BB' }}", True),
        ("{{ max(1, 5) }}", 5),
    ],
)
def test_filters_do_what_home_assistant_documents(template, value):
    assert render(template, {}) == value


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ 'x'|float }}", "'x' cannot be read as float, and no default is given"),
        ("{{ nobody }}", "'nobody' is undefined"),
        ("{{ a.b.c }}", "'dict object' has no attribute 'c'"),
        ("{{ nobody() }}", "'nobody' is undefined"),
        ("{{ distance('x', 'y') }}", "'x' has no place"),
    ],
)
def test_what_is_missing_is_an_error(names, template, why):
    with pytest.raises(TemplateProblem) as caught:
        render(template, {**names, "a": {"b": {}}})
    assert why in caught.value.why


def test_a_key_comes_before_a_method_of_the_same_name():
    event = {"items": 3, "copy": 4}
    assert render("{{ event.items + event.copy }}", {"event": event}) == 7
    assert render("{{ event.keys()|list }}", {"event": event}) == ["items", "copy"]


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("{{ a", 1),
        ("a\n{{ 'b'|nothing }}", 2),
        ("a\nb\n{% if %}", 3),
        ("{% for x in y %}", 1),
        ("{{ a b }}", 1),
    ],
)
def test_a_template_that_cannot_be_parsed_names_its_line(template, line):
    with pytest.raises(TemplateProblem) as caught:
        compiled(template)
    assert caught.value.line == line


def test_a_failure_names_its_line():
    with pytest.raises(TemplateProblem) as caught:
        render("a\nb\n{{ 1 / 0 }}", {})
    assert (caught.value.line, caught.value.why) == (3, "ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("{{ trigger.event.plate }} {{ plat }}", {"trigger", "plat"}),
        ("{% set a = b %}{{ a }}", {"b"}),
        ("{% for x in y %}{{ x }}{{ loop.index }}{% endfor %}", {"y"}),
        ("{{ states('x') ~ int(5) }}", set()),
        ("{{ maybe|default(other) }}{{ perhaps is defined }}", {"other"}),
        ("{{ 1 }}", set()),
    ],
)
def test_names_that_a_template_does_not_define_are_found(template, found):
    assert {name for name, _ in look(template).names} - NAMES == found


LOOP = "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}"
GROW = "{%% set n = namespace(x='aaaa', l=[1]) %%}{%% for i in range(99) %%}%s{%% endfor %%}"


@pytest.mark.parametrize(
    "bomb",
    [
        "{{ 'a' * 10 ** 9 }}",
        "{{ 10 ** 9 * 'a' }}",
        "{{ [0] * 10 ** 9 }}",
        "{{ 9 ** (9 ** 9) }}",
        "{{ (10 ** 1000) * (10 ** 1000) }}",
        "{{ range(10 ** 9)|list }}",
        LOOP,
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        GROW % "{% set n.x = n.x ~ n.x %}",
        GROW % "{% set n.x = n.x + n.x %}",
        GROW % "{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}",
        GROW % "{% set n.l = [n.l, n.l] %}" + "{{ n.l|string }}",
        GROW % "{% set n.l = [n.l, n.l] %}" + "{{ n.l|to_json }}",
        GROW % "{% set n.l = [n.l, n.l] %}" + "x{{ n.l }}",
        GROW % "{% set n.l = n.l + n.l %}",
        "{% for i in range(9999) %}" + "a" * 9000 + "{% endfor %}",
        "{{ (['a' * 60000] * 900)|join }}",
        "{{ ''.join(['a' * 60000] * 900) }}",
        "{{ ('a' * 60000)|replace('a', 'b' * 60000) }}",
        "{{ ('a' * 60000).replace('a', 'b' * 60000) }}",
        "{{ 'a'.ljust(10 ** 9) }}",
        "{{ 'a'.center(10 ** 9) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%*d' % (10 ** 9, 1) }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ '{:{}}'.format(1, 10 ** 9) }}",
        "{{ '\t'.expandtabs(10 ** 9) }}",
        "{{ d.strftime('%1000000000Y') }}",
        "{{ lipsum(10 ** 6) }}",
        "{{ 'a'|center(10 ** 9) }}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{{ 'a' }}" * 5000,
    ],
)
def test_a_bomb_ends_as_an_error(bomb):
    with pytest.raises(TemplateProblem):
        render_text(bomb, {"d": NOW})


@pytest.mark.parametrize(
    "escape",
    [
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ states.__globals__ }}",
        "{{ states.__self__._view }}",
        "{{ self.__init__ }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ event.update({'a': 1}) }}",
        "{{ event.pop('plate') }}",
        "{{ namespace.__init__.__globals__ }}",
        "{% include 'x' %}",
        "{% import 'os' as os %}",
    ],
)
def test_a_template_reaches_nothing_but_what_it_was_given(names, escape):
    event = {"plate": "AA"}
    with pytest.raises(TemplateProblem):
        render_text(escape, {**names, "event": event})
    assert event == {"plate": "AA"}


def test_a_long_text_within_the_limit_passes():
    assert len(render_text("{{ 'a' * n }}", {"n": OUTPUT})) == OUTPUT
    assert len(render_text("{% for i in range(1000) %}{{ i }},{% endfor %}", {})) == 3890


@given(st.text(max_size=60))
def test_any_text_is_rendered_or_refused_but_nothing_else(text):
    for template in (text, "{{ " + text + " }}", "{% " + text + " %}"):
        try:
            assert isinstance(render_text(template, {"a": 1}), str)
        except TemplateProblem as problem:
            assert problem.why
            assert problem.line >= 1


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ range(3) }}", [0, 1, 2]),
        ("{{ {'a': 1}.items() }}", [("a", 1)]),
        ("{{ states.sensor }}", ["sensor.far", "sensor.river"]),
        ("{{ [states.sensor.river] }}", ["sensor.river"]),
        ("{{ version('1.2') }}", "1.2"),
        ("{{ now().date() }}", date(2026, 11, 20)),
        ("{{ [timedelta(minutes=1)] }}", [timedelta(minutes=1)]),
    ],
)
def test_a_value_is_data_that_no_longer_depends_on_the_town(names, template, value):
    found = render(template, {}, names)
    if isinstance(found, list) and found and isinstance(found[0], dict):
        found = [each["entity_id"] for each in found]
    assert found == value


@pytest.mark.parametrize("template", ["{{ now }}", "at {{ now }}", "{{ [states, now] }}"])
def test_a_function_that_is_not_called_is_told_as_such(names, template):
    with pytest.raises(TemplateProblem, match="a function is no value"):
        render(template, {}, names)


@pytest.mark.parametrize(
    "escape",
    [
        "{{ states._function }}",
        "{{ states['_function'] }}",
        "{{ now._function() }}",
        "{{ now()._clock }}",
        "{{ states.sensor.river._state }}",
        "{{ states.sensor.river.plain() }}",
        "{{ states.sensor._view }}",
        "{{ now().now() }}",
        "{{ now().utcnow() }}",
        "{{ now().strptime('1', '%d') }}",
        "{{ ''.join.__self__ }}",
        "{% macro f() %}{% endmacro %}{{ f._environment }}",
        "{% macro f() %}{% endmacro %}{{ f._func() }}",
        "{% for x in [1] %}{{ loop._iterator }}{% endfor %}",
        "{{ [states] | map(attribute='_function') | list }}",
        "{{ [1].append(2) }}",
        "{{ {}.fromkeys([1]) }}",
        "{{ trigger.callback() }}",
        "{{ caller }}",
        "{{ environment }}",
        "{{ context }}",
    ],
)
def test_neither_functions_nor_clocks_nor_callables_are_a_way_out(names, escape):
    with pytest.raises(TemplateProblem):
        render_text(escape, {"trigger": {"callback": print}}, names)


def test_the_entities_that_a_rendering_read_are_known(names):
    def reads(text: str) -> Reads:
        return render_tracked(text, {}, names)[1]

    assert reads("{{ states('sensor.a') ~ states.sensor.b }}").entities == {"sensor.a", "sensor.b"}
    assert reads("{{ ['sensor.a'] | select('is_state', 'on') | list }}").entities == {"sensor.a"}
    assert reads("{{ states['sensor.a'] }}{{ expand('sensor.b') }}").entities == {
        "sensor.a",
        "sensor.b",
    }
    assert reads("{{ states.sensor | list }}") == Reads(domains=frozenset({"sensor"}))
    assert reads("{{ closest([50, 28], states.sensor) }}").domains == {"sensor"}
    assert reads("{{ states | list | count }}") == Reads(everything=True)
    assert reads("{{ now() > today_at('10:00') }}") == Reads(time=True)
    assert reads("{{ area_id('sensor.river') }}{{ 5 | timestamp_local }}") == Reads()
    with pytest.raises(TemplateProblem) as caught:
        render("{{ states('sensor.gone') | float }}", {}, names)
    assert caught.value.reads.entities == {"sensor.gone"}
