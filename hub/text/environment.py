"""Jinja2 made strict, bounded and quick: the sandbox, the names of a rendering, the limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes, pass_context
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, LoopContext, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer

from hub.text import calls, limits
from hub.text.calls import Function
from hub.text.filters import FILTERS, TESTS
from hub.text.rendering import TooMuch, current

DEPTH = 50  # of what stands within each other; Python cannot compile much more
BRACKETS = 30  # the same of brackets; Jinja2's parser needs a dozen calls for each
RESULT = "_result"
_FEW = 4  # things that a body does at no price of their own

_BODIES = (nodes.For, nodes.Macro, nodes.CallBlock)
_Body = TypeVar("_Body", nodes.For, nodes.Macro, nodes.CallBlock)
_WORK = (nodes.BinExpr, nodes.Call, nodes.Compare, nodes.Concat, nodes.Filter, nodes.Getitem,
         nodes.Output, nodes.Test)  # fmt: skip

_NOT_FOR_TEMPLATES = (
    nodes.Block,
    nodes.EvalContextModifier,
    nodes.Extends,
    nodes.FromImport,
    nodes.Import,
    nodes.Include,
)


class Names(Context):
    """The names of one rendering, looked up where they are: Jinja2's own context copies them all
    for each rendering, which costs more than most templates."""

    parent: dict[str, Any]
    environment: Environment
    eval_ctx: EvalContext
    name = None
    blocks: dict[str, Any]

    def __init__(self, variables: Mapping[str, Any], functions: Mapping[str, Any]) -> None:
        self.vars = {}
        self.exported_vars = set()
        self._variables = variables
        self._functions = functions

    def resolve_or_missing(self, key: str) -> Any:
        """A variable, else a function."""
        value = self._variables.get(key, missing)
        return self._functions.get(key, missing) if value is missing else value


class Environment(ImmutableSandboxedEnvironment):
    """The sandbox. What it lets through is paid for in steps."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})
    hub_compared = Function(limits.compared)
    hub_concatenated = Function(limits.concatenated)
    hub_counted = Function(limits.counted)
    hub_hurry = Function(limits.hurry)
    hub_weighed = Function(limits.weighed)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """An operator that can make much of little."""
        limits.binary(operator, left, right)
        return self.binop_table[operator](left, right)

    def call(self, context: Any, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """A call. The hub's own functions need no look at what they are."""
        rendering = current.get()
        rendering.left -= 1
        if rendering.left < 0:
            rendering.refill()
        if kwargs:  # Jinja2 passes on what a loop sets, for functions that take the context
            kwargs.pop("_loop_vars", None)
            kwargs.pop("_block_vars", None)
        if isinstance(called, Function):
            return called._function(*args, **kwargs)
        if isinstance(called, Macro | LoopContext | Undefined):
            return super().call(context, called, *args, **kwargs)
        owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
        if isinstance(owner, LoopContext):
            return called(*args, **kwargs)
        calls.method(owner, name, args)
        if isinstance(owner, str):
            made = calls.join(owner, *args) if name == "join" else called(*args, **kwargs)
            return limits.text_of(made) if isinstance(made, str) else limits.weighed(made)
        return called(*args, **kwargs)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`format` of a text, without access to attributes that the sandbox hides."""
        safe = super().wrap_str_format(value)
        if safe is None:
            return None
        owner: str = value.__self__

        def bounded(*args: Any, **kwargs: Any) -> str:
            limits.nested_format(owner)
            limits.formatted(owner, (*args, *kwargs.values()))
            return limits.text_of(safe(*args, **kwargs))

        return cast("Callable[..., str]", Function(bounded))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key of a mapping comes before a method of the same name: `trigger.event.items`."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def shape(self, text: str) -> tuple[nodes.Template, bool]:
        """The parsed template, and whether it is one expression and nothing else. Raises
        TemplateSyntaxError."""
        if sum(map(text.count, "([{")) > BRACKETS and _brackets(text) > BRACKETS + 2:
            raise TemplateSyntaxError(f"more than {BRACKETS} brackets stand within each other", 1)
        tree = self.parse(text)
        _refuse(tree, 0, 1)
        return tree, _only_expression(tree) is not None

    def compiled(self, tree: nodes.Template) -> Template:
        """A parsed template ready to be rendered, within the limits. Changes the tree."""
        expression = _only_expression(tree)
        if expression is not None:
            target = nodes.Name(RESULT, "store")
            tree.body = [nodes.Assign(target, expression, lineno=expression.lineno)]
        code = self.compile(_Bound().visit(tree))
        return Template.from_code(self, code, {})


def _refuse(node: nodes.Node, depth: int, line: int) -> None:
    """Refuse what templates here cannot be, with its line."""
    line = getattr(node, "lineno", None) or line
    if depth > DEPTH:
        why = f"more than {DEPTH} things stand within each other; take it apart with {{% set %}}"
        raise TemplateSyntaxError(why, line)
    if isinstance(node, _NOT_FOR_TEMPLATES):
        word = type(node).__name__.lower()
        raise TemplateSyntaxError(f"'{word}' is not for templates in a rule", line)
    for child in node.iter_child_nodes():
        _refuse(child, depth + 1, line)


def _brackets(text: str) -> int:
    """How deep brackets stand within each other at most, those in texts counted too."""
    depth = deepest = 0
    for letter in text:
        if letter in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in ")]}":
            depth = max(0, depth - 1)
    return deepest


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


class _Bound(NodeTransformer):
    """Puts the limits where Jinja2 has no hook of its own: loops, `~`, literals, comparisons."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = _call("hub_counted", [cast("nodes.Expr", node.iter)], node.lineno)
        return self._priced(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        self.generic_visit(node)
        return self._priced(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        self.generic_visit(node)
        return self._priced(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _call("hub_concatenated", node.nodes, node.lineno)

    def visit_List(self, node: nodes.List) -> nodes.Node:
        self.generic_visit(node)
        return self._weighed(node, node.items)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        self.generic_visit(node)
        return node if node.ctx != "load" else self._weighed(node, node.items)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
        self.generic_visit(node)
        return self._weighed(node, [each.value for each in node.items])

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        if not any(isinstance(side, nodes.Const) for side in sides):
            for operand in node.ops:
                operand.expr = _call("hub_compared", [operand.expr], node.lineno)
        return node

    @staticmethod
    def _priced(node: _Body) -> _Body:
        """A turn of a loop, or a call, brings the look at the clock nearer by as much as it does:
        a long body would else do a thousand things between two looks."""
        many = sum(map(_work, node.body))
        if many > _FEW:
            price = _call("hub_hurry", [nodes.Const(many)], node.lineno)
            node.body.insert(0, nodes.ExprStmt(price, lineno=node.lineno))
        return node

    @staticmethod
    def _weighed(node: nodes.Expr, items: list[nodes.Expr]) -> nodes.Expr:
        if all(isinstance(item, nodes.Const) for item in items):
            return node
        return _call("hub_weighed", [node], node.lineno)


def _work(node: nodes.Node) -> int:
    """How many things a part does that take time, without bodies that have their own price."""
    if isinstance(node, _BODIES):
        return 0
    return isinstance(node, _WORK) + sum(map(_work, node.iter_child_nodes()))


def _call(name: str, arguments: list[nodes.Expr], line: int) -> nodes.Call:
    function = nodes.EnvironmentAttribute(name, lineno=line)
    return nodes.Call(function, arguments, [], None, None, lineno=line)


@pass_context
def _output(context: Any, value: Any) -> Any:
    """Called by Jinja2 on each value that is put out."""
    if isinstance(value, Undefined):
        return value
    text = limits.text_of(value)
    limits.spend(1 + len(text) // 64)
    return text


def _make() -> Environment:
    environment = Environment(
        undefined=StrictUndefined,
        autoescape=False,
        finalize=_output,
        cache_size=0,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    environment.filters = dict(FILTERS)
    environment.tests = dict(TESTS)
    environment.globals = {}
    return environment


ENVIRONMENT = _make()
Names.environment = ENVIRONMENT
Names.eval_ctx = EvalContext(ENVIRONMENT)
Names.parent = {}
Names.blocks = {}

__all__ = ["ENVIRONMENT", "RESULT", "Names", "TooMuch"]
