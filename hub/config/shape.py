"""First pass: every block against its model, every mistake at its place.

What is wrong is cut away and the rest is validated again, so that the names in it are checked in
the same round, and a mistake in one block hides none in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from hub.automation.foreign import KEYS
from hub.config.fields import keys, models_at
from hub.config.messages import WANTED, culprit, explain, wanted
from hub.config.tree import Node, Path, at, plain, without
from hub.config.words import close_names, did_you_mean, shorten
from hub.model.problem import Position, Problem
from hub.model.said import N_, said

ROUNDS = 20  # of cutting; each takes at least one value away


@dataclass(frozen=True, slots=True)
class Shaped:
    """A block after the first pass: its validated value, or None where nothing of it was left;
    the tree that the value was made of, and what was wrong."""

    value: Any
    node: Node
    problems: list[Problem]


@dataclass(slots=True)
class _Fault:
    """One error of pydantic, at the node that it is about."""

    kind: str
    path: Path
    tags: tuple[tuple[int, str], ...]
    name: str
    on_key: bool
    error: ErrorDetails


def check(annotation: Any, node: Node, shown: Position, later: Sequence[Path] = ()) -> Shaped:
    """Validate a node; `shown` is the place for what is missing in it.

    At the paths `later` stand templates, whose values are known at run time only: nothing is told
    of them but that their key is unknown.
    """
    adapter = _adapter(annotation)
    broken = broken_paths(node)
    if () in broken:
        return Shaped(None, node, [])
    node = without(node, broken)
    problems: list[Problem] = []
    for number in range(ROUNDS):
        try:
            return Shaped(adapter.validate_python(plain(node)), node, problems)
        except ValidationError as error:
            faults = _one_story([_fault(node, each) for each in error.errors(include_url=False)])
        if number == 0:
            certain = [fault for fault in faults if not _hangs_on(fault, later)]
            problems = _told(annotation, node, certain, shown, broken)
        paths = [fault.path for fault in faults]
        if () in paths:
            break
        node = without(node, paths)
    return Shaped(None, node, problems)


@lru_cache(maxsize=500)
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _hangs_on(fault: _Fault, later: Sequence[Path]) -> bool:
    """Whether the fault may be gone when templates have their values."""
    if fault.kind in ("extra_forbidden", "missing"):
        return False
    return any(path[: len(fault.path)] == fault.path[: len(path)] for path in later)


def broken_paths(node: Node, path: Path = ()) -> list[Path]:
    """Where values stand that a problem was told of already."""
    if node.broken:
        return [path]
    found: list[Path] = []
    for key, entry in node.entries.items():
        found += broken_paths(entry.node, (*path, key))
    for index, item in enumerate(node.items):
        found += broken_paths(item, (*path, index))
    return found


def _fault(node: Node, error: ErrorDetails) -> _Fault:
    kind, loc, name = error["type"], error["loc"], ""
    if kind == "missing":
        kind = "missing_item" if isinstance(loc[-1], int) else kind
        loc, name = loc[:-1], str(loc[-1])
    path, tags = _walk(node, loc, kind == "missing", {})
    if kind == "extra_forbidden":
        name = str(loc[-1])
    return _Fault(kind, path, tags, name, loc[-1:] == ("[key]",), error)


_Way = tuple[Path, tuple[tuple[int, str], ...]]


def _walk(
    node: Node, loc: Sequence[str | int], mapping: bool, known: dict[tuple[int, int], _Way]
) -> _Way:
    """Pydantic's way to a value as our path, and the parts that are only names of a union's
    members, with the depth at which they stand. Of several readings, the deepest; with `mapping`,
    one that ends at a mapping. `known` keeps the work from growing with each reading."""
    if not loc:
        return (), ()
    here = id(node), len(loc)
    if here not in known:
        part, rest = loc[0], loc[1:]
        path, tags = _walk(node, rest, mapping, known)
        known[here] = path, ((0, str(part)), *tags)
        child = node.child(part)
        if child is not None and (rest or not mapping or isinstance(child.value, dict)):
            inner, inner_tags = _walk(child, rest, mapping, known)
            if len(inner) + 1 >= len(path):
                deeper = tuple((depth + 1, tag) for depth, tag in inner_tags)
                known[here] = (part, *inner), deeper
    return known[here]


def _one_story(faults: list[_Fault]) -> list[_Fault]:
    """Of the complaints of a union's members only those of the member that fits best."""
    members: dict[tuple[Path, tuple[str, ...]], dict[str, list[_Fault]]] = {}
    for fault in faults:
        for index, (depth, tag) in enumerate(fault.tags):
            before = tuple(each for _, each in fault.tags[:index])
            members.setdefault((fault.path[:depth], before), {}).setdefault(tag, []).append(fault)
    dropped: set[int] = set()
    for (path, _), by_tag in members.items():
        if len(by_tag) < 2:
            continue
        deep = {
            tag: each
            for tag, each in by_tag.items()
            if not all(fault.path == path and fault.kind in WANTED for fault in each)
        }
        best = min(deep.values(), key=len) if deep else None
        if best is not None:
            for each in by_tag.values():
                dropped |= {id(fault) for fault in each if each is not best}
    return [fault for fault in faults if id(fault) not in dropped]


def _told(
    annotation: Any, node: Node, faults: list[_Fault], shown: Position, broken: Sequence[Path]
) -> list[Problem]:
    missing = {(fault.path, fault.name) for fault in faults if fault.kind == "missing"}
    kinds: dict[Path, list[str]] = {}
    problems: list[Problem] = []
    for fault in faults:
        if fault.kind == "extra_forbidden":
            problem, meant = _unknown_key(annotation, node, fault)
            problems.append(problem)
            missing -= {(fault.path[:-1], name) for name in meant}
        elif fault.kind in WANTED:
            kinds.setdefault(fault.path, []).append(fault.kind)
    for fault in faults:
        if fault.kind == "missing":
            if (fault.path, fault.name) in missing and (*fault.path, fault.name) not in broken:
                problems.append(_missing(annotation, node, fault, shown))
        elif fault.kind == "missing_item":
            _, place = at(node, fault.path)
            problems.append(
                Problem(
                    said("this list lacks its item %(number)s", number=int(fault.name) + 1), place
                )
            )
        elif fault.kind in WANTED:
            if wrong := kinds.pop(fault.path, None):
                value, place = at(node, fault.path)
                message, hint = wanted(wrong, value)
                problems.append(Problem(message, place if fault.path else shown, hint))
        elif fault.kind != "extra_forbidden":
            problems.append(_wrong(annotation, node, fault, shown))
    return problems


def _unknown_key(annotation: Any, node: Node, fault: _Fault) -> tuple[Problem, list[str]]:
    """The problem of an unknown key, and the keys that it may have been meant for: one of those
    that is missing is not told of once more."""
    block, shown = at(node, fault.path[:-1])
    known = {key for model in models_at(annotation, node, fault.path[:-1]) for key in keys(model)}
    free = sorted(known - set(block.entries))
    meant = close_names(fault.name, free)
    hint = did_you_mean(meant) or KEYS.get(fault.name)
    if hint is None and free:
        one, many = N_("there is also %(names)s"), N_("there are also %(names)s")
        hint = said(one if len(free) == 1 else many, names=free[:12])
    elif hint is None:
        hint = said("delete it")
    entry = block.entries.get(fault.name)
    place = entry.key if entry is not None else shown
    return Problem(said("unknown key %(key)s", key=shorten(fault.name)), place, hint), meant


def _missing(annotation: Any, node: Node, fault: _Fault, shown: Position) -> Problem:
    _, place = at(node, fault.path)
    hint = _description(annotation, node, (*fault.path, fault.name))
    what = said("the key '%(key)s' is missing here", key=fault.name)
    return Problem(what, place if fault.path else shown, hint)


def _description(annotation: Any, node: Node, path: Path) -> str | None:
    """What the model says of a field, in one line."""
    for model in models_at(annotation, node, path[:-1]):
        field = keys(model).get(str(path[-1]))
        if field is not None and field.description:
            return " ".join(field.description.split())
    return None


def _wrong(annotation: Any, node: Node, fault: _Fault, shown: Position) -> Problem:
    value, place = at(node, fault.path)
    if fault.on_key and fault.path:
        key = str(fault.path[-1])
        place = at(node, fault.path[:-1])[0].entries[key].key
        value = Node(place, value.end, key)
    ctx = fault.error.get("ctx", {})
    message, hint = explain(fault.kind, fault.error["msg"], ctx, value)
    if fault.kind == "string_pattern_mismatch" and fault.path:
        hint = _description(annotation, node, fault.path)
    if not fault.path:
        place = shown
    elif fault.kind == "union_tag_invalid":
        place = _tag_place(value, ctx, place)
    elif fault.kind not in ("value_error", "assertion_error"):
        found = culprit(fault.error["msg"], value)
        place = found[1] if found else place
    return Problem(message, place, hint)


def _tag_place(value: Node, ctx: dict[str, Any], place: Position) -> Position:
    found = value.child(str(ctx.get("discriminator", "")).strip("'"))
    return found.position if found else place
