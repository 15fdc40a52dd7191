"""All filters, tests and functions of templates, by name, and what is left out on purpose."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from jinja2.filters import FILTERS as JINJA
from jinja2.tests import TESTS as JINJA_TESTS
from jinja2.utils import Namespace

from hub.model.said import said
from hub.text import limits, lists, numbers, patterns, strings, times
from hub.text.calls import Function
from hub.text.numbers import forgiving_bool, is_number
from hub.text.rendering import current
from hub.text.times import TIME_NAMES
from hub.text.town import TOWN_NAMES

_TAKEN_OVER = (
    "abs",
    "attr",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "items",
    "last",
    "length",
    "lower",
    "reverse",
    "striptags",
    "title",
    "trim",
    "truncate",
    "upper",
    "wordcount",
)
_LONG = {"capitalize", "dictsort", "lower", "reverse", "striptags", "title", "trim", "truncate",
         "upper", "wordcount"}  # fmt: skip
"""Those of them that go through the whole value."""

_TESTS_TAKEN_OVER = (
    "boolean",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "string",
    "true",
    "undefined",
    "upper",
    "!=",
    "<",
    "<=",
    "==",
    ">",
    ">=",
)

_BOTH: dict[str, Callable[..., Any]] = {
    **numbers.OF_ONE,
    "as_datetime": times.as_datetime,
    "as_timedelta": times.as_timedelta,
    "as_timestamp": times.as_timestamp,
    "atan2": numbers.atan2,
    "average": numbers.average,
    "bool": numbers.forgiving_bool,
    "combine": lists.combine,
    "contains": lists.contains,
    "difference": lists.difference,
    "flatten": lists.flatten,
    "float": numbers.forgiving_float,
    "iif": numbers.iif,
    "int": numbers.forgiving_int,
    "intersect": lists.intersect,
    "is_number": numbers.is_number,
    "log": numbers.log,
    "max": numbers.largest,
    "median": numbers.median,
    "min": numbers.smallest,
    "set": lists.set_of,
    "slugify": strings.slugify,
    "statistical_mode": numbers.statistical_mode,
    "symmetric_difference": lists.symmetric_difference,
    "typeof": strings.typeof,
    "union": lists.union,
    "urlencode": strings.urlencode,
    "version": strings.Version,
    "zip": lists.zipped,
}
"""As filters and as functions."""


def _of_town(name: str) -> Callable[..., Any]:
    """A filter that is a function of the town, found in the rendering."""

    def filtered(value: Any, *args: Any, **kwargs: Any) -> Any:
        functions = current.get().functions
        if name not in functions:
            raise TypeError(f"'{name}' is not there in this place, where there is no town")
        return functions[name]._function(value, *args, **kwargs)

    return filtered


def _closest(value: Any, *place: Any) -> Any:
    """The filter gets the entities first, the function last."""
    return _of_town("closest")(*place, value)


_NOT_OF_A_VALUE = frozenset({"areas", "closest", "now", "utcnow"})
"""Functions of the town and the time that are no filters, or one of another kind."""
_TOWN_FILTERS = tuple(
    name for name in ("states", *TIME_NAMES, *TOWN_NAMES) if name not in _NOT_OF_A_VALUE
)
_TOWN_TESTS = tuple(name for name in TOWN_NAMES if name.startswith(("has_", "is_")))

_jinja: dict[str, Any] = JINJA


def _paid(name: str) -> Callable[..., Any]:
    """One of Jinja2's filters: the longer its value, the sooner the clock is looked at."""
    inner: Any = _jinja[name]
    place = 1 if hasattr(inner, "jinja_pass_arg") else 0

    def paid(*args: Any, **kwargs: Any) -> Any:
        limits.hurry_on(args[place])
        return inner(*args, **kwargs)

    if place:
        paid.jinja_pass_arg = inner.jinja_pass_arg  # type: ignore[attr-defined]
    functools.update_wrapper(paid, inner)
    return paid


FILTERS: dict[str, Callable[..., Any]] = {
    **{name: _paid(name) if name in _LONG else _jinja[name] for name in _TAKEN_OVER},
    **{name: _of_town(name) for name in _TOWN_FILTERS},
    **_BOTH,
    **lists.LIST_FILTERS,
    "add": numbers.add,
    "base64_decode": strings.base64_decode,
    "base64_encode": strings.base64_encode,
    "bitwise_and": numbers.bitwise_and,
    "bitwise_or": numbers.bitwise_or,
    "bitwise_xor": numbers.bitwise_xor,
    "center": strings.center,
    "closest": _closest,
    "format": strings.formatted,
    "from_json": strings.from_json,
    "indent": strings.indent,
    "is_defined": strings.is_defined,
    "multiply": numbers.multiply,
    "ord": ord,
    "ordinal": strings.ordinal,
    "regex_findall": patterns.findall,
    "regex_findall_index": patterns.findall_index,
    "regex_match": patterns.matches,
    "regex_replace": patterns.replace,
    "regex_search": patterns.search,
    "replace": strings.replace,
    "round": numbers.rounded,
    "string": strings.string,
    "timestamp_utc": times.timestamp_utc,
    "to_json": strings.to_json,
    "tojson": strings.to_json,
}

TESTS: dict[str, Callable[..., Any]] = {
    **{name: cast("Callable[..., Any]", JINJA_TESTS[name]) for name in _TESTS_TAKEN_OVER},
    **{name: _of_town(name) for name in _TOWN_TESTS},
    "contains": lists.contains,
    "datetime": lambda value: isinstance(value, datetime),
    "is_number": is_number,
    "list": lambda value: isinstance(value, list),
    "match": patterns.matches,
    "search": patterns.search,
    "set": lambda value: isinstance(value, set),
    "string_like": lambda value: isinstance(value, str | bytes),
    "tuple": lambda value: isinstance(value, tuple),
}

CONSTANTS: dict[str, float] = {"e": math.e, "pi": math.pi, "tau": math.tau}

_ALONE: dict[str, Callable[..., Any]] = {
    **_BOTH,
    "dict": lists.dict_of,
    "namespace": Namespace,
    "range": limits.bounded_range,
    "strptime": times.strptime,
    "timedelta": timedelta,
    "tuple": lists.tuple_of,
}

FUNCTIONS: dict[str, Function] = {name: Function(each) for name, each in _ALONE.items()}
"""The functions that look at nothing but what they are given."""

_NOT_HERE = said("it stands for something that this hub does not have")
_CHANCE = said("it gives another result each time, so a rule could not be rehearsed or replayed")

LEFT_OUT: dict[str, str] = {
    "apply": said("write a macro"),
    "as_function": said("write a macro"),
    "bitwise_lshift": said("multiply"),
    "bitwise_rshift": said("divide"),
    "config_entry_attr": _NOT_HERE,
    "config_entry_id": _NOT_HERE,
    "cycler": said("write loop.cycle()"),
    "escape": said("templates write plain text, not pages"),
    "floor_areas": _NOT_HERE,
    "floor_entities": _NOT_HERE,
    "floor_id": _NOT_HERE,
    "floor_name": _NOT_HERE,
    "floors": _NOT_HERE,
    "from_hex": said("bytes are not for templates"),
    "integration_entities": _NOT_HERE,
    "is_hidden_entity": _NOT_HERE,
    "issue": _NOT_HERE,
    "issues": _NOT_HERE,
    "joiner": said("write join"),
    "label_areas": _NOT_HERE,
    "label_devices": _NOT_HERE,
    "label_entities": _NOT_HERE,
    "label_id": _NOT_HERE,
    "label_name": _NOT_HERE,
    "labels": _NOT_HERE,
    "lipsum": said("it is made to fill pages"),
    "md5": said("nothing in a rule needs a hash"),
    "merge_response": _NOT_HERE,
    "pack": said("bytes are not for templates"),
    "pprint": said("write to_json(pretty_print=true)"),
    "random": _CHANCE,
    "safe": said("templates write plain text, not pages"),
    "sha1": said("nothing in a rule needs a hash"),
    "sha256": said("nothing in a rule needs a hash"),
    "sha512": said("nothing in a rule needs a hash"),
    "shuffle": _CHANCE,
    "slice": said("write batch"),
    "state_attr_translated": said("states are compared and told as they are; write iif"),
    "state_translated": said("states are compared and told as they are; write iif"),
    "unpack": said("bytes are not for templates"),
    "urlize": said("templates write plain text, not pages"),
    "wordwrap": said("messages are wrapped where they are read"),
    "xmlattr": said("templates write plain text, not pages"),
}
"""What Home Assistant or Jinja2 has and templates here have not, with the reason."""

__all__ = ["CONSTANTS", "FILTERS", "FUNCTIONS", "LEFT_OUT", "TESTS", "forgiving_bool", "is_number"]
