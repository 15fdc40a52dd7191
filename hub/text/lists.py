"""Lists, sets and mappings in templates: Jinja2's filters within limits, and Home Assistant's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import Environment, pass_environment
from jinja2.filters import FILTERS as JINJA
from jinja2.filters import make_attrgetter

from hub.text import calls, limits

_LAZY = ("map", "reject", "rejectattr", "select", "selectattr")
_WHOLE = ("groupby", "sort", "unique")


def _lazy(name: str) -> Callable[..., Any]:
    """One of Jinja2's filters that go item by item; each item is counted."""
    inner: Any = JINJA[name]

    def bounded(context: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        return inner(context, limits.counted(value), *args, **kwargs)

    bounded.jinja_pass_arg = inner.jinja_pass_arg  # type: ignore[attr-defined]
    return bounded


def _whole(name: str) -> Callable[..., Any]:
    """One of Jinja2's filters that take a list as a whole, paid for beforehand."""
    inner: Any = JINJA[name]

    def bounded(environment: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        items = limits.listed(value)
        limits.spend(4 * len(items))
        found = inner(environment, items, *args, **kwargs)
        return limits.listed(found) if name == "unique" else found

    bounded.jinja_pass_arg = inner.jinja_pass_arg  # type: ignore[attr-defined]
    return bounded


@pass_environment
def join(environment: Environment, value: Iterable[Any], d: str = "", attribute: Any = None) -> str:
    """The items (or an attribute of each) as one text."""
    if attribute is not None:
        value = map(make_attrgetter(environment, attribute), value)
    return calls.join(limits.text_of(d), value)


@pass_environment
def total(
    environment: Environment, value: Iterable[Any], attribute: Any = None, start: float = 0
) -> Any:
    """The sum of numbers, or of an attribute of each item."""
    if attribute is not None:
        value = map(make_attrgetter(environment, attribute), value)
    found = start
    for item in limits.counted(value):
        if not isinstance(item, int | float):
            raise TypeError(f"sum adds numbers, which '{limits.shortened(item)}' is not")
        found += item
    return found


def batch(value: Iterable[Any], linecount: int, fill_with: Any = None) -> list[Any]:
    """Lists of so many items each; the last is filled up where `fill_with` is given."""
    limits.few(linecount)
    items = limits.listed(value)
    rows = [items[at : at + linecount] for at in range(0, len(items), max(1, linecount))]
    if fill_with is not None and rows:
        rows[-1] += [fill_with] * (linecount - len(rows[-1]))
    return limits.weighed(rows)


def flatten(value: Iterable[Any], levels: int | None = None) -> list[Any]:
    """Lists within lists as one list; `levels`: so deep and no deeper."""
    if isinstance(value, str | Mapping):
        raise TypeError(f"flatten takes a list, not '{limits.shortened(value)}'")
    return limits.listed(_flat(value, levels))


def _flat(value: Iterable[Any], levels: int | None) -> Iterator[Any]:
    for item in value:
        if isinstance(item, list | tuple | set | frozenset) and (levels is None or levels > 0):
            yield from _flat(item, None if levels is None else levels - 1)
        else:
            yield item


def union(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """What is in one of the two lists, each once."""
    return limits.listed(dict.fromkeys([*limits.listed(value), *limits.listed(other)]))


def intersect(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """What is in both lists, each once."""
    others = set(limits.listed(other))
    return [item for item in dict.fromkeys(limits.listed(value)) if item in others]


def difference(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """What is in the first list and not in the second, each once."""
    others = set(limits.listed(other))
    return [item for item in dict.fromkeys(limits.listed(value)) if item not in others]


def symmetric_difference(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """What is in one of the two lists and not in both, each once."""
    one, two = limits.listed(value), limits.listed(other)
    return limits.listed([*difference(one, two), *difference(two, one)])


def contains(value: Any, item: Any) -> bool:
    """Whether the item is in the list, or the text in the text."""
    limits.spend_on(value)
    return item in value


def combine(*values: Mapping[Any, Any], recursive: bool = False) -> dict[Any, Any]:
    """Mappings as one; a later one wins. `recursive`: mappings within them are combined too."""
    found: dict[Any, Any] = {}
    for value in values:
        if not isinstance(value, Mapping):
            raise TypeError(f"combine takes mappings, not '{limits.shortened(value)}'")
        found = _merged(found, value) if recursive else {**found, **value}
    return limits.weighed(found)


def _merged(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> dict[Any, Any]:
    found = {**one, **other}
    for key, value in other.items():
        if isinstance(value, Mapping) and isinstance(one.get(key), Mapping):
            found[key] = _merged(one[key], value)
    return found


def zipped(*values: Iterable[Any]) -> list[Any]:
    """Tuples of what stands at the same place in each; as many as the shortest has."""
    return limits.listed(zip(*(limits.counted(value) for value in values), strict=False))


def set_of(*values: Any) -> Any:
    """The items without repetition."""
    return set(limits.listed(values[0] if len(values) == 1 else values))


def tuple_of(*values: Any) -> Any:
    """The items as a tuple."""
    return tuple(limits.listed(values[0] if len(values) == 1 else values))


def dict_of(*values: Any, **entries: Any) -> dict[Any, Any]:
    """A mapping of pairs, of another mapping, or of what is named."""
    pairs = [value.items() if isinstance(value, Mapping) else value for value in values]
    found = dict(*(limits.listed(pair) for pair in pairs), **entries)
    return limits.weighed(found)


LIST_FILTERS: dict[str, Callable[..., Any]] = {
    **{name: _lazy(name) for name in _LAZY},
    **{name: _whole(name) for name in _WHOLE},
    "batch": batch,
    "combine": combine,
    "contains": contains,
    "difference": difference,
    "flatten": flatten,
    "intersect": intersect,
    "join": join,
    "list": limits.listed,
    "set": set_of,
    "sum": total,
    "symmetric_difference": symmetric_difference,
    "union": union,
    "zip": zipped,
}
