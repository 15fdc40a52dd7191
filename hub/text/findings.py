"""What can be told of a template before it is rendered: what it names, what cannot be right."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jinja2 import meta, nodes
from jinja2.visitor import NodeTransformer

from hub.text.calls import signature_of
from hub.text.filters import FILTERS, FUNCTIONS, TESTS
from hub.text.states import States
from hub.text.templates import compiled, parse
from hub.text.times import TIME_NAMES, Times
from hub.text.town import TOWN_NAMES, TownFunctions

_ENTITY_FIRST = frozenset(
    {"device_id", "has_value", "is_state", "is_state_attr", "state_attr", "states"}
)
_ENTITIES = frozenset({"closest", "distance", "expand"})
_AREA_FIRST = frozenset({"area_devices", "area_entities"})
_MAYBE_ENTITY = frozenset({"area_id", "area_name", "device_attr", "device_name"})

OF_STEPS = ("repeat", "wait")
KEPT = 4_096  # templates whose findings are kept

Place = tuple[str, int]
"""A word as it is written, and its line within the template."""


@dataclass(slots=True)
class Findings:
    """What a template names, each with its line.

    - `names`: variables that it does not set itself, without what it uses only if it is there.
    - `filters`, `tests`: those that do not exist.
    - `arguments`: calls that cannot be right, with the reason.
    - `entities`, `domains`, `areas`: those that it names as constants.
    - `trigger`: the paths below `trigger`, as in `event.data.plate`.
    - `of_steps`: those of variables that steps set, as in `wait.completed`.
    """

    names: list[Place] = field(default_factory=list)
    filters: list[Place] = field(default_factory=list)
    tests: list[Place] = field(default_factory=list)
    arguments: list[tuple[str, int, str]] = field(default_factory=list)
    entities: list[Place] = field(default_factory=list)
    domains: list[Place] = field(default_factory=list)
    areas: list[Place] = field(default_factory=list)
    trigger: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    of_steps: list[tuple[tuple[str, ...], int]] = field(default_factory=list)


@functools.lru_cache(KEPT)
def look(text: str) -> Findings:
    """What can be told of a template; not to be changed, since rules share their templates. Raises
    TemplateProblem where it cannot be parsed."""
    tree = _Optional().visit(parse(text)[0])
    found = Findings()
    lines: dict[str, int] = {}
    stored: set[str] = set()
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load":
            lines.setdefault(name.name, name.lineno)
        else:
            stored.add(name.name)
    own = stored | {macro.name for macro in tree.find_all(nodes.Macro)}
    _Walk(found, own).walk(tree)
    undeclared = set(lines) - own
    if (own or not _is_flat(tree)) and not found.filters and not found.tests:
        compiled(text)  # what can still be wrong is wrong with blocks: a break outside of a loop
        undeclared = meta.find_undeclared_variables(tree)  # it changes the tree
    found.names = sorted((name, lines.get(name, 1)) for name in undeclared)
    return found


def _is_flat(tree: nodes.Template) -> bool:
    """Whether nothing in it makes names of its own, or can be in the wrong place."""
    statements = tree.find_all(nodes.Stmt)
    return all(isinstance(node, nodes.Output | nodes.If) for node in statements)


class _Optional(NodeTransformer):
    """Takes out what a template uses only if it is there."""

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:
        if node.name in ("default", "d") and _is_path(node.node):
            node.node = nodes.Const(None)
        return self.generic_visit(node)

    def visit_Test(self, node: nodes.Test) -> nodes.Node:
        if node.name in ("defined", "undefined") and _is_path(node.node):
            node.node = nodes.Const(None)
        return self.generic_visit(node)


def _is_path(node: nodes.Node | None) -> bool:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        node = node.node
    return isinstance(node, nodes.Name)


class _Walk:
    """Goes through a template once. `own`: names that it sets, which hide functions."""

    def __init__(self, found: Findings, own: set[str]) -> None:
        self._found = found
        self._own = own

    def walk(self, node: nodes.Node, whole: bool = True) -> None:
        """`whole`: the node is not the beginning of a longer path."""
        inner_is_whole = True
        if isinstance(node, nodes.Getattr | nodes.Getitem):
            inner_is_whole = False
            if whole:
                self._path(node)
        elif isinstance(node, nodes.Call):
            self._call(node)
            inner_is_whole = False  # what is called last in a path is its method
            if isinstance(node.node, nodes.Getattr):
                self._path(node.node, called=True)
        elif isinstance(node, nodes.Filter):
            self._named("filters", node, FILTERS)
        elif isinstance(node, nodes.Test):
            self._named("tests", node, TESTS)
        for child in node.iter_child_nodes():
            head = child is getattr(node, "node", None)
            self.walk(child, whole=inner_is_whole or not head)

    def _path(self, node: nodes.Node, *, called: bool = False) -> None:
        parts: list[str] = []
        here: nodes.Node = node
        while isinstance(here, nodes.Getattr | nodes.Getitem):
            part = here.attr if isinstance(here, nodes.Getattr) else _constant(here.arg)
            parts.append(part if isinstance(part, str) else "")
            here = here.node
        if not isinstance(here, nodes.Name) or here.name in self._own:
            return
        parts.reverse()
        known = parts[: parts.index("")] if "" in parts else parts
        if here.name == "trigger" and known:
            path = known[:-1] if called and len(known) == len(parts) else known
            self._found.trigger.append((tuple(path), node.lineno))
        elif here.name in OF_STEPS and known:
            self._found.of_steps.append(((here.name, known[0]), node.lineno))
        elif here.name == "states" and known:
            self._states(known, node.lineno)

    def _states(self, parts: list[str], line: int) -> None:
        if "." in parts[0]:
            self._found.entities.append((parts[0], line))
        elif len(parts) == 1:
            self._found.domains.append((parts[0], line))
        else:
            self._found.entities.append((f"{parts[0]}.{parts[1]}", line))

    def _call(self, node: nodes.Call) -> None:
        if not isinstance(node.node, nodes.Name) or node.node.name in self._own:
            return
        name = node.node.name
        self._check(name, _of_function(name), node.args, node)
        self._constants(name, node.args, node.lineno)

    def _named(self, kind: str, node: nodes.Filter | nodes.Test, known: Any) -> None:
        if node.name not in known:
            getattr(self._found, kind).append((node.name, node.lineno))
            return
        piped = [node.node] if node.node is not None else [nodes.Const(None)]
        args = [*piped, *(node.args or [])]
        self._check(node.name, _of_filter(node.name, kind), args, node)
        self._constants(node.name, args, node.lineno)
        if node.name in ("map", "select", "reject", "selectattr", "rejectattr"):
            self._by_name(node)

    def _by_name(self, node: nodes.Filter | nodes.Test) -> None:
        """`map('states')` names a filter, `select('is_state', 'on')` a test."""
        at = 1 if node.name.endswith("attr") else 0
        args = node.args or []
        name = _constant(args[at]) if len(args) > at else None
        kind, known = ("filters", FILTERS) if node.name == "map" else ("tests", TESTS)
        if not isinstance(name, str):
            return
        if name not in known:
            getattr(self._found, kind).append((name, node.lineno))
        elif at == 0 and isinstance(node.node, nodes.List):
            self._constants(name, node.node.items, node.lineno, each=True)

    def _check(self, name: str, signature: Any, args: list[Any], node: Any) -> None:
        if signature is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            return
        keywords = {each.key: None for each in node.kwargs or []}
        try:
            signature.bind(*args, **keywords)
        except TypeError as error:
            self._found.arguments.append((name, node.lineno, str(error)))

    def _constants(self, name: str, args: list[Any], line: int, *, each: bool = False) -> None:
        """The entities and areas that are named in a call."""
        if name not in _ENTITY_FIRST | _ENTITIES | _AREA_FIRST | _MAYBE_ENTITY:
            return
        for argument in args if name in _ENTITIES or each else args[:1]:
            listed = argument.items if isinstance(argument, nodes.List) else [argument]
            for item in listed:
                value = _constant(item)
                if not isinstance(value, str):
                    continue
                if name in _AREA_FIRST:
                    self._found.areas.append((value, line))
                elif name in _ENTITY_FIRST or "." in value:
                    self._found.entities.append((value, line))


def _constant(node: nodes.Node) -> Any:
    return node.value if isinstance(node, nodes.Const) else None


@functools.cache
def _of_function(name: str) -> inspect.Signature | None:
    if name in FUNCTIONS:
        return signature_of(FUNCTIONS[name])
    return _of_town(name)


@functools.cache
def _of_town(name: str) -> inspect.Signature | None:
    if name == "states":
        return _without_first(inspect.signature(States.text_of))
    for owner, names in ((Times, TIME_NAMES), (TownFunctions, TOWN_NAMES)):
        if name in names:
            return _without_first(inspect.signature(getattr(owner, name)))
    return None


@functools.cache
def _of_filter(name: str, kind: str) -> inspect.Signature | None:
    function: Callable[..., Any] = FILTERS[name] if kind == "filters" else TESTS[name]
    bound = _of_town(name) if name != "closest" else None
    if bound is not None:
        return bound
    try:
        signature = inspect.signature(function)
    except ValueError:
        return None
    return _without_first(signature) if hasattr(function, "jinja_pass_arg") else signature


def _without_first(signature: inspect.Signature) -> inspect.Signature:
    return signature.replace(parameters=list(signature.parameters.values())[1:])
