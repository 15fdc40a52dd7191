"""Templates: Jinja2, sandboxed and strict, with the functions of Home Assistant's templates.

A text that is one expression and nothing else, `{{ expression }}`, keeps the type of its value: a
number stays a number, a list a list, and a plate read as "0123" stays text. Every other template
gives text. (Home Assistant parses each outcome as a Python literal, so that the text "0x12" or
"1, 2" may turn into something else; here nothing is guessed.)
"""

from __future__ import annotations

import functools
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from datetime import date, time, timedelta
from typing import Any

from jinja2 import Template, TemplateSyntaxError, Undefined, nodes
from jinja2.exceptions import TemplateError as JinjaError

from hub.text import limits
from hub.text.environment import ENVIRONMENT, RESULT, Names
from hub.text.functions import LIMITED
from hub.text.rendering import NOTHING, Reads, Rendering, TooMuch, current
from hub.text.states import Domain, Seen, States

CACHED = 16_000  # compiled templates that are kept, some 5 KB each
_PLAIN = frozenset({bool, int, float, str, type(None)})


class TemplateProblem(Exception):
    """A template that cannot be parsed or rendered. `line` counts from 1 within the text; `reads`
    is what was read before it failed."""

    def __init__(self, why: str, line: int = 1, reads: Reads = NOTHING) -> None:
        super().__init__(why)
        self.why = why
        self.line = line
        self.reads = reads


class Compiled:
    """A compiled template. `expression`: it is one expression, and gives its value."""

    __slots__ = ("_root", "expression", "steps", "template")

    def __init__(self, template: Template, expression: bool, steps: int) -> None:
        self.template = template
        self.expression = expression
        self.steps = steps
        self._root = template.root_render_func

    def value(self, names: Names) -> Any:
        """What it gives."""
        if not self.expression:
            return self._text(names)
        for _ in self._root(names):
            pass  # an assignment puts out nothing
        value = names.vars[RESULT]
        return value if value.__class__ in _PLAIN else _plain(value)

    def _text(self, names: Names) -> str:
        parts: list[str] = []
        length = 0
        for part in self._root(names):
            length += len(part)
            limits.fits(length)
            parts.append(part)
        return "".join(parts)


def _plain(value: Any) -> Any:
    """A value that outlives the rendering: data, and nothing that looks at the town later."""
    if value.__class__ in _PLAIN or isinstance(value, date | time | timedelta):
        return value
    if isinstance(value, Undefined):
        str(value)  # a strict undefined value raises, and names what is missing
    if isinstance(value, Seen):
        return value.plain()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | set | frozenset):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, list | range | KeysView | ValuesView | ItemsView | Domain | States):
        return [_plain(item) for item in value]
    if isinstance(value, Iterator):
        raise TooMuch("what a filter gives item by item is no value yet; add |list")
    return limits.text_of(value)


def parse(text: str) -> tuple[nodes.Template, bool]:
    """The parsed template, and whether it is one expression. Raises TemplateProblem."""
    if len(text) > limits.SOURCE:
        raise TemplateProblem(f"a template has at most {limits.SOURCE} characters")
    try:
        return ENVIRONMENT.shape(text)
    except TemplateSyntaxError as error:
        raise TemplateProblem(error.message or "not a template", error.lineno) from None
    except (RecursionError, JinjaError) as error:
        raise TemplateProblem(f"not a template: {error.__class__.__name__}") from None


@functools.lru_cache(CACHED)
def compiled(text: str) -> Compiled:
    """The template ready to be rendered, made once. Raises TemplateProblem with the line."""
    tree, expression = parse(text)
    try:
        template = ENVIRONMENT.compiled(tree)
    except TemplateSyntaxError as error:
        raise TemplateProblem(error.message or "not a template", error.lineno) from None
    except SyntaxError as error:
        raise TemplateProblem(f"not a template: {error.msg}") from None
    except (RecursionError, JinjaError) as error:
        raise TemplateProblem(f"not a template: {error.__class__.__name__}") from None
    return Compiled(template, expression, limits.steps_for(len(text)))


def render(text: str, variables: Mapping[str, Any], functions: Mapping[str, Any] = LIMITED) -> Any:
    """The value of `{{ expression }}`, else text of at most 64 KiB. Raises TemplateProblem."""
    return _rendered(text, variables, functions)[0]


def render_tracked(
    text: str, variables: Mapping[str, Any], functions: Mapping[str, Any] = LIMITED
) -> tuple[Any, Reads]:
    """The same, and what it read on the way. Raises TemplateProblem; its `reads` are what was read
    before it failed, so that a change of that may be waited for."""
    value, rendering = _rendered(text, variables, functions)
    return value, rendering.reads()


def render_text(
    text: str, variables: Mapping[str, Any], functions: Mapping[str, Any] = LIMITED
) -> str:
    """The outcome as text, whatever its type. Raises TemplateProblem."""
    value = render(text, variables, functions)
    try:
        return limits.text_of(value)
    except TooMuch as error:
        raise TemplateProblem(str(error)) from None


def _rendered(
    text: str, variables: Mapping[str, Any], functions: Mapping[str, Any]
) -> tuple[Any, Rendering]:
    template = compiled(text)
    rendering = Rendering(template.steps, functions)
    token = current.set(rendering)
    try:
        return template.value(Names(variables, functions)), rendering
    except Exception as error:  # noqa: BLE001  # a template may raise whatever Python can
        line = _line(error, template.template)
        raise TemplateProblem(_why(error), line, rendering.reads()) from None
    finally:
        current.reset(token)


def _why(error: Exception) -> str:
    if isinstance(error, JinjaError):
        return error.message or error.__class__.__name__
    if isinstance(error, TooMuch):
        return str(error)
    if isinstance(error, RecursionError):
        return "it calls itself too often"
    return f"{error.__class__.__name__}: {limits.shortened(str(error), 300)}"


def _line(error: Exception, template: Template) -> int:
    """The line of the template where it was raised: Jinja2 names its compiled code
    `<template>`."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line
