"""Templates: Jinja2, sandboxed and strict, with the functions of Home Assistant's templates.

A text that is one expression and nothing else, `{{ expression }}`, keeps the type of its value: a
number stays a number, a list a list, and a plate read as "0123" stays text. Every other template
gives text. (Home Assistant parses each outcome as a Python literal, so that the text "0x12" or
"1, 2" may turn into something else; here nothing is guessed.)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, Undefined, meta, nodes
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from hub.text import limits
from hub.text.filters import FILTERS, FUNCTIONS, TESTS
from hub.text.rendering import NOTHING, Reads, Rendering, TooMuch, current

CACHED = 2_000  # compiled templates that are kept


class TemplateProblem(Exception):
    """A template that cannot be parsed or rendered. `line` counts from 1 within the text; `reads`
    is what was read before it failed."""

    def __init__(self, why: str, line: int = 1, reads: Reads = NOTHING) -> None:
        super().__init__(why)
        self.why = why
        self.line = line
        self.reads = reads


@dataclass(frozen=True, slots=True)
class Parsed:
    """A compiled template. `expression`: it is one expression, and gives its value."""

    source: str
    template: Template
    expression: bool


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        limits.binary(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, called: Any, *args: Any, **kwargs: Any) -> Any:
        limits.spend()
        owner = getattr(called, "__self__", None)
        if isinstance(owner, str):
            limits.method(owner, called.__name__, args)
        elif getattr(called, "__name__", "") == "strftime" and args:
            limits.time_pattern(str(args[0]))
        return super().call(context, called, *args, **kwargs)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        safe = super().wrap_str_format(value)
        if safe is None:
            return None

        def bounded(*args: Any, **kwargs: Any) -> str:
            limits.method(value.__self__, "format", (*args, *kwargs.values()))
            return safe(*args, **kwargs)

        return bounded

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key of a mapping comes before a method of the same name: `trigger.event.items`."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


class _Bound(NodeTransformer):
    """Puts the limits where Jinja has no hook of its own: loops and `~`."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = self._call("_counted", [cast("nodes.Expr", node.iter)], node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return self._call("_concat", node.nodes, node.lineno)

    @staticmethod
    def _call(name: str, arguments: list[nodes.Expr], line: int) -> nodes.Call:
        return nodes.Call(nodes.Name(name, "load"), arguments, [], None, None, lineno=line)


class _Optional(NodeTransformer):
    """Takes out the names that a template uses only if they are there."""

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:
        if node.name in ("default", "d") and isinstance(node.node, nodes.Name):
            node.node = nodes.Const(None)
        return self.generic_visit(node)

    def visit_Test(self, node: nodes.Test) -> nodes.Node:
        if node.name in ("defined", "undefined"):
            node.node = nodes.Const(None)
        return self.generic_visit(node)


def _concat(*values: Any) -> str:
    text = "".join(limits.text_of(value) for value in values)
    return limits.text_of(text)


def _output(value: Any) -> Any:
    """Called by Jinja on each value that is put out."""
    if isinstance(value, Undefined):
        return value
    limits.spend()
    return limits.text_of(value)


def _make_environment() -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined, autoescape=False, finalize=_output, cache_size=0
    )
    environment.filters = dict(FILTERS)
    environment.tests.update(TESTS)
    environment.globals = {
        **FUNCTIONS,
        "range": limits.bounded_range,
        "dict": dict,
        "namespace": environment.globals["namespace"],
        "_counted": limits.counted,
        "_concat": _concat,
    }
    return environment


_environment = _make_environment()


@functools.lru_cache(CACHED)
def parse(text: str) -> Parsed:
    """Compile a template, once. Raises TemplateProblem with the line."""
    if len(text) > limits.SOURCE:
        raise TemplateProblem(f"a template has at most {limits.SOURCE} characters")
    try:
        tree = _environment.parse(text)
        expression = _only_expression(tree)
        if expression is not None:
            target = nodes.Name("_result", "store")
            tree.body = [nodes.Assign(target, expression, lineno=expression.lineno)]
        tree = _Bound().visit(tree)
        code = _environment.compile(tree)
        template = Template.from_code(_environment, code, dict(_environment.globals))
    except TemplateSyntaxError as error:
        raise TemplateProblem(error.message or "not a template", error.lineno) from None
    except (RecursionError, SyntaxError, JinjaError) as error:
        raise TemplateProblem(f"not a template: {error.__class__.__name__}") from None
    return Parsed(text, template, expression is not None)


def _only_expression(tree: nodes.Template) -> nodes.Expr | None:
    """The expression of a text that is nothing but `{{ expression }}`."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return None
    parts = [
        node
        for node in tree.body[0].nodes
        if not (isinstance(node, nodes.TemplateData) and not node.data.strip())
    ]
    if len(parts) != 1 or isinstance(parts[0], nodes.TemplateData):
        return None
    return parts[0]


def undeclared(text: str, functions: frozenset[str] = frozenset()) -> set[str]:
    """Names that the template uses and does not define itself, without `functions` (the names of
    the functions that the place of the template knows) and the built-in ones."""
    parse(text)
    tree = _Optional().visit(_environment.parse(text))
    return meta.find_undeclared_variables(tree) - set(_environment.globals) - functions


def render(text: str, variables: Mapping[str, Any]) -> Any:
    """The value of `{{ expression }}`, else text of at most 64 KiB. Raises TemplateProblem."""
    return render_tracked(text, variables)[0]


def render_tracked(text: str, variables: Mapping[str, Any]) -> tuple[Any, Reads]:
    """The same, and what it read on the way. Raises TemplateProblem; its `reads` are what was read
    before it failed, so that a change of that may be waited for."""
    parsed = parse(text)
    rendering = Rendering(limits.steps_for(len(text)), {})
    token = current.set(rendering)
    try:
        if parsed.expression:
            return _value(parsed.template, variables), rendering.reads()
        return _text(parsed.template, variables), rendering.reads()
    except TemplateProblem as problem:
        problem.reads = rendering.reads()
        raise
    except TooMuch as error:
        raise TemplateProblem(str(error), reads=rendering.reads()) from None
    except Exception as error:  # noqa: BLE001  # a template may raise whatever Python can
        line = _line(error, parsed.template)
        raise TemplateProblem(_why(error), line, rendering.reads()) from None
    finally:
        current.reset(token)


def render_text(text: str, variables: Mapping[str, Any]) -> str:
    """The outcome as text, whatever its type. Raises TemplateProblem."""
    value = render(text, variables)
    try:
        return limits.text_of(value)
    except TooMuch as error:
        raise TemplateProblem(str(error)) from None


def _value(template: Template, variables: Mapping[str, Any]) -> Any:
    context = template.new_context(dict(variables))
    for _ in template.root_render_func(context):
        pass  # an assignment puts out nothing
    value = context.vars["_result"]
    if isinstance(value, Undefined):
        str(value)  # a strict undefined value raises, and names what is missing
    return value


def _text(template: Template, variables: Mapping[str, Any]) -> str:
    parts: list[str] = []
    length = 0
    context = template.new_context(dict(variables))
    for part in template.root_render_func(context):
        length += len(part)
        if length > limits.OUTPUT:
            raise TooMuch(f"a text has at most {limits.OUTPUT} characters")
        parts.append(part)
    return "".join(parts)


def _why(error: Exception) -> str:
    if isinstance(error, JinjaError):
        return error.message or error.__class__.__name__
    return f"{error.__class__.__name__}: {error}"


def _line(error: Exception, template: Template) -> int:
    """The line of the template where it was raised: Jinja names its compiled code `<template>`."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line
