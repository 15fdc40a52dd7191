"""Bombs in templates: each ends as an error with a line, after a bounded amount of work."""

from __future__ import annotations

import resource
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bus import Bus
from hub.clock import VirtualClock, cpu_seconds
from hub.model.entity import Entity
from hub.registry import Registry
from hub.text import rendering
from hub.text.filters import FILTERS, TESTS
from hub.text.findings import look
from hub.text.functions import functions
from hub.text.limits import OUTPUT
from hub.text.templates import TemplateProblem, compiled, render, render_text

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
GROW = "{%% set n = namespace(x='aaaa', l=[1], m=[1]) %%}{%% for i in range(99) %%}%s{%% endfor %%}"
DOUBLE = GROW % "{% set n.l = [n.l, n.l] %}{% set n.m = [n.m, n.m] %}"
BIG = "{% set l = range(10000) | list %}"
DEEP = "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}"

BOMBS = {
    "a long text by *": "{{ 'a' * 10 ** 9 }}",
    "a long text by a number and *": "{{ 10 ** 9 * 'a' }}",
    "a long list by *": "{{ [0] * 10 ** 9 }}",
    "a list of lists by *": "{{ ([range(5000) | list] * 5000) | count }}",
    "a high power": "{{ 9 ** (9 ** 9) }}",
    "a negative high power": "{{ 9 ** -(9 ** 9) }}",
    "a large product": "{{ (10 ** 1000) * (10 ** 1000) }}",
    "a large range": "{{ range(10 ** 9) | list }}",
    "loops within loops": "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}"
    "{% endfor %}",
    "a macro that calls itself": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "a macro that calls itself twice": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}"
    "{% endif %}{% endmacro %}{{ f(60) }}",
    "a recursive loop": "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "a text doubled by ~": GROW % "{% set n.x = n.x ~ n.x %}",
    "a text doubled by +": GROW % "{% set n.x = n.x + n.x %}",
    "a text doubled by a block": GROW % "{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}",
    "a list doubled by +": GROW % "{% set n.l = n.l + n.l %}",
    "a list within a list": GROW % "{% set n.l = [n.l, n.l] %}",
    "a tuple within a tuple": GROW % "{% set n.l = (n.l, n.l) %}",
    "a mapping within a mapping": GROW % "{% set n.l = {'a': n.l, 'b': n.l} %}",
    "a mapping by dict()": GROW % "{% set n.l = dict(a=n.l, b=n.l) %}",
    "a list by zip": GROW % "{% set n.l = zip(n.l, n.l) + zip(n.l, n.l) %}",
    "a list by batch": GROW % "{% set n.l = (n.l + n.l) | batch(1) | list %}",
    "a list by combine": GROW % "{% set n.l = combine({'a': n.l}, {'b': n.l}) %}",
    "lists that are compared": DOUBLE + "{{ n.l == n.m }}",
    "lists that are looked through": DOUBLE + "{{ n.l in [n.m] }}",
    "a namespace in namespaces": "{% set a = namespace() %}"
    + "".join(f"{{% set b = namespace(x={p}, y={p}) %}}{{% set a = b %}}" for p in ["a"] * 40)
    + "{{ a }}",
    "a namespace in itself": "{% set a = namespace() %}{% set a.a = a %}{{ a }}{{ [a] | to_json }}",
    "a long text put out often": "{% for i in range(9999) %}" + "a" * 9000 + "{% endfor %}",
    "a long value put out often": "{% for i in range(9999) %}{{ 'a' * 60000 }}{% endfor %}",
    "a long value put out in a macro": "{% macro f() %}{% for i in range(9999) %}{{ 'a' * 60000 }}"
    "{% endfor %}{% endmacro %}{{ f() | length }}",
    "long texts joined by a filter": "{{ (['a' * 60000] * 900) | join }}",
    "long texts joined by ~": "{% set a = 'a' * 60000 %}{{ " + " ~ ".join(["a"] * 3000) + " }}",
    "long texts joined by a method": "{{ ''.join(['a' * 60000, 'b' * 60000]) }}",
    "a long separator": "{{ ('a' * 60000).join(range(100) | map('string')) }}",
    "a replacement by a filter": "{{ ('a' * 60000) | replace('a', 'b' * 60000) }}",
    "a replacement by a method": "{{ ('a' * 60000).replace('a', 'b' * 60000) }}",
    "a replacement by an expression": "{{ ('a' * 9000) | regex_replace('a', 'b' * 9000) }}",
    "a replacement by a group": r"{{ ('a' * 9000) | regex_replace('(a+)', '\\1' * 9000) }}",
    "a text filled up": "{{ 'a'.ljust(10 ** 9) }}",
    "a text in the middle": "{{ 'a'.center(10 ** 9) }}",
    "a text in the middle by a filter": "{{ 'a' | center(10 ** 9) }}",
    "a text filled with noughts": "{{ '1'.zfill(10 ** 9) }}",
    "a text that is indented": "{{ ('\\n' * 9000) | indent(9000) }}",
    "a width by %": "{{ '%1000000000d' % 1 }}",
    "a width by a value": "{{ '%*d' % (10 ** 9, 1) }}",
    "a width by the filter format": "{{ '%1000000000d' | format(1) }}",
    "a width by format": "{{ '{:1000000000}'.format(1) }}",
    "a width within a format": "{{ '{:{}}'.format(1, 10 ** 9) }}",
    "a width in a time": "{{ d.strftime('%1000000000Y') }}",
    "a width in a timestamp": "{{ 5 | timestamp_custom('%1000000000Y') }}",
    "a value put in often by format": "{{ ('{0}' * 9000).format('a' * 60000) }}",
    "a value put in often by %": "{{ ('%(a)s' * 9000) % {'a': 'a' * 60000} }}",
    "tabs": "{{ '\\t'.expandtabs(10 ** 9) }}",
    "bytes": "{{ 'a'.encode().center(10 ** 9) }}",
    "bytes of a number": "{{ (5).to_bytes(10 ** 9, 'big') }}",
    "batches filled up": "{{ [1] | batch(10 ** 9, 0) | list }}",
    "a sum of lists": BIG + "{{ [l, l, l] | sum(start=[]) }}",
    "sorted again and again": BIG
    + "{% for i in l %}{% set x = l | sort(reverse=true) %}{% endfor %}",
    "looked through again and again": BIG + "{{ l | select('in', l) | select('in', l) | list }}",
    "looked through in a loop": BIG + "{% for i in l %}{% if -1 in l %}{% endif %}{% endfor %}",
    "compared in a loop": BIG
    + "{% set m = l + [] %}{% for i in l %}"
    + "{% if l == m %}{% endif %}" * 50
    + "{% endfor %}",
    "sets in a loop": BIG + "{% for i in l %}{% set x = l | union(l) %}{% endfor %}",
    "filters upon filters": "{{ range(10000)" + " | map('string')" * 900 + " | list }}",
    "an expression with many branches": "{% for i in range(9999) %}"
    "{{ ('a' * 9000) | regex_search('(.*){90}x') }}{% endfor %}",
    "an expression that is large": "{{ 'a' | regex_search('((a{1,30}){1,30}){1,30}') }}",
    "an expression that tries each place": "{{ ('a' * 16000)"
    " | regex_findall('((a?){20}){10}b|.') }}",
    "JSON within JSON": "{{ ('[' * 30000) | from_json }}",
    "things within each other": DEEP,
    "filters on many constants": "{{ 'a' }}" * 5000,
    "a function that makes text": "{{ lipsum(10 ** 6) }}",
    "a large shift": "{{ 1 | bitwise_lshift(10 ** 9) }}",
    "digits": "{{ ('9' * 60000) | int }}",
    "digits of another base": "{{ ('f' * 60000) | int(base=16) }}",
    "digits again and again": "{% set s = '1' * 4300 %}{% for i in range(9999) %}"
    + "{% set x = s | int %}" * 600
    + "{% endfor %}",
    "digits again and again in a macro": "{% set s = '1' * 4300 %}{% macro f() %}"
    + "{% set x = s | int %}" * 600
    + "{% endmacro %}{% for i in range(9999) %}{{ f() }}{% endfor %}",
    "texts turned round in a loop": "{% set s = 'a' * 65000 %}{% for i in range(9999) %}"
    + "{% set x = s[::-1] %}" * 600
    + "{% endfor %}",
    "long texts in capitals": "{% set s = 'a b ' * 16000 %}{% for i in range(9999) %}"
    "{% set x = s | title %}{% endfor %}",
    "long texts in capitals, written out": "{% set s = 'a b ' * 16000 %}"
    + "{{ s|title|count }}" * 700,
    "a long pattern of a time": "{{ strptime('1' * 60000, '%d' * 30000) }}",
    "a chain of macros": "".join(
        f"{{% macro m{n}() %}}{{{{ m{n - 1}() }}}}{{{{ m{n - 1}() }}}}{{% endmacro %}}"
        if n
        else "{% macro m0() %}a{% endmacro %}"
        for n in range(60)
    )
    + "{{ m59() }}",
    "all states again and again": "{% for i in range(9999) %}{% for s in states %}{% endfor %}"
    "{% endfor %}",
}


@pytest.fixture(scope="module")
def names() -> Any:
    clock = VirtualClock(NOW)
    registry = Registry(Bus(), clock)
    registry.add([(Entity(entity_id=f"sensor.s{n}", name="s"), n) for n in range(500)])
    return functions(registry, clock, ZoneInfo("Europe/Kyiv"))


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_ends_as_an_error_with_its_line(names: Any, bomb: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        render_text("\n" + bomb, {"d": NOW}, names)
    assert caught.value.line in (1, 2)
    assert "argument" not in caught.value.why  # it is no mistake of the bomb's own
    assert len(caught.value.why) < 400


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_gets_no_more_time_and_memory_than_it_may(names: Any, bomb: str) -> None:
    """CPU time of this thread, which a busy machine does not stretch. Ten times the limit is for
    slow machines, and for what is done between two looks at the clock."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = cpu_seconds()
    with pytest.raises(TemplateProblem):
        render_text(bomb, {"d": NOW}, names)
    assert cpu_seconds() - began < 10 * rendering.CPU_S
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most
    assert grown < 100_000  # KiB


def test_without_the_look_at_the_clock_a_bomb_ends_by_its_steps(
    names: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "CPU_S", 1e9)
    with pytest.raises(TemplateProblem, match="too many steps"):
        render(BOMBS["loops within loops"], {}, names)


def test_without_steps_a_bomb_ends_by_the_look_at_the_clock(
    names: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.text.limits.STEPS", 10**12)
    text = BOMBS["loops within loops"] + "{# another one, so that it is compiled anew #}"
    monkeypatch.setattr("hub.text.limits.steps_for", lambda length: 10**12)
    with pytest.raises(TemplateProblem, match=r"longer than 0\.2 s"):
        render(text, {}, names)


def test_what_one_rendering_used_is_not_missing_to_the_next(names: Any) -> None:
    for _ in range(5):
        with pytest.raises(TemplateProblem):
            render(BOMBS["loops within loops"], {}, names)
        assert render("{% for i in range(9000) %}{{ i % 2 }}{% endfor %}", {}, names)


def test_ordinary_work_is_far_within_the_limits(names: Any) -> None:
    assert render("{{ states | map(attribute='state') | map('int') | sum }}", {}, names) == 124_750
    text = "{% set n = namespace(l=[]) %}{% for s in states %}{% if s.state | int > 250 %}"
    text += "{% set n.l = n.l + [s.entity_id] %}{% endif %}{% endfor %}{{ n.l | count }}"
    assert render(text, {}, names) == "249"
    assert len(render("{{ 'a' * n }}", {"n": OUTPUT}, names)) == OUTPUT


_NAMES = FILTERS.keys() | TESTS.keys() | {"range(9999)", "l", "n", "[l, l]", "is", "states"}
_SIGNS = "| ( ) * ** ~ + % , in == not if else [ ] . {{ }} %}"
_PARTS = {"{% for i in l %}", "{% endfor %}", "{% set l = ", "10 ** 9", "'a' * 60000"}
_words = st.sampled_from([*sorted(_NAMES), *_SIGNS.split(), *sorted(_PARTS)])


@given(st.lists(_words, max_size=14))
def test_whatever_is_put_together_ends_with_a_value_or_an_error(names: Any, words: Any) -> None:
    began = cpu_seconds()
    for text in ("{{ " + " ".join(words) + " }}", " ".join(words)):
        try:
            render_text(text, {"l": [3, 1, 2], "n": 5, "d": timedelta(1)}, names)
        except TemplateProblem as problem:
            assert problem.line >= 1
    assert cpu_seconds() - began < 20 * rendering.CPU_S


@given(st.lists(st.sampled_from("a1()[]{}|~+-*%'\". ,:\n=<>!#@"), max_size=40).map("".join))
def test_what_passes_the_check_can_be_compiled(text: str) -> None:
    for template in ("{{" + text + "}}", "{%if 1%}" + text + "{%endif%}"):
        try:
            found = look(template)
        except TemplateProblem:
            continue
        if not found.filters and not found.tests:
            compiled(template)


_blocks = st.sampled_from(
    [f"{{% {tag} %}}" for tag in ("for x in a", "endfor", "break", "continue", "else", "with")]
    + [f"{{% {tag} %}}" for tag in ("macro f(x)", "endmacro", "if a", "endif", "set x = 1")]
    + [f"{{% {tag} %}}" for tag in ("set x", "endset", "set loop = 1", "do x", "call f(1)")]
    + [f"{{{{ {value} }}}}" for value in ("x", "f(1)", "caller()", "loop.index")]
)


@given(st.lists(_blocks, max_size=12).map("".join))
def test_blocks_that_pass_the_check_can_be_compiled(text: str) -> None:
    try:
        look(text)
    except TemplateProblem:
        return
    compiled(text)


@pytest.mark.parametrize(
    "deep",
    [
        "{{ " + "1 + (" * 29 + "a" + ")" * 29 + " }}",
        "{{ " + " or ".join(["a"] * 47) + " }}",
        "{{ " + "[" * 27 + "a" + "]" * 27 + " }}",
        "{{ " + "{'a': " * 14 + "a" + "}" * 14 + " }}",
        "{{ a" + ".b()" * 22 + " }}",
        "{% if a %}" * 45 + "x" + "{% endif %}" * 45,
        "{% if a %}" + "{% elif b %}" * 300 + "{% endif %}",
    ],
)
def test_what_is_as_deep_as_it_may_be_passes_the_check_and_can_be_compiled(deep: str) -> None:
    look(deep)
    compiled(deep)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{% for x in a %}" * 21 + "{% endfor %}" * 21, "too many statically nested blocks"),
        ("{% break %}", "outside loop"),
        ("{{ " + "a or " * 60 + "a }}", "take it apart"),
        ("{{ " + "(" * 31 + "a" + ")" * 31 + " }}", "more than 30 brackets"),
    ],
)
def test_what_cannot_be_compiled_is_found_by_the_check(text: str, why: str) -> None:
    with pytest.raises(TemplateProblem, match=why):
        look(text)
