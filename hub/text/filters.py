"""The filters of templates: those of Jinja2 that are safe in size, and Home Assistant's own."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from jinja2 import Environment, pass_environment
from jinja2.filters import FILTERS as JINJA
from jinja2.filters import make_attrgetter

from hub.text import limits

_TAKEN_OVER = (
    "abs",
    "attr",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "groupby",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
    "wordcount",
)
_MISSING = object()
_YES = frozenset({"1", "true", "yes", "on", "enable"})
_NO = frozenset({"0", "false", "no", "off", "disable"})


def forgiving_float(value: Any, default: Any = _MISSING) -> Any:
    """The value as a number; `default` where it is none, and an error without one."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return _default("float", value, default)


def forgiving_int(value: Any, default: Any = _MISSING, base: int = 10) -> Any:
    """The value as a whole number; text is read in `base`, a fraction is cut off."""
    try:
        if isinstance(value, str) and base != 10:
            return int(value, base)
        return int(float(value)) if isinstance(value, str) and "." in value else int(value)
    except (TypeError, ValueError, OverflowError):
        return _default("int", value, default)


def forgiving_bool(value: Any, default: Any = _MISSING) -> Any:
    """True for true, yes, on, enable, 1 and other numbers than 0; False for their opposites."""
    if isinstance(value, bool | int | float):
        return bool(value)
    text = str(value).strip().lower()
    if text in _YES or text in _NO:
        return text in _YES
    return _default("bool", value, default)


def _default(name: str, value: Any, default: Any) -> Any:
    if default is _MISSING:
        raise ValueError(f"'{value}' cannot be read as {name}, and no default is given")
    return default


def is_number(value: Any) -> bool:
    """Whether it can be read as a finite number."""
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def iif(value: Any, if_true: Any = True, if_false: Any = False, if_none: Any = _MISSING) -> Any:
    """One of two values; `if_none` for None where given."""
    if value is None and if_none is not _MISSING:
        return if_none
    return if_true if value else if_false


def as_timestamp(value: Any, default: Any = _MISSING) -> Any:
    """Seconds since 1970 of a datetime, an ISO 8601 text or a number."""
    if isinstance(value, datetime):
        return value.timestamp()
    try:
        if isinstance(value, str) and not is_number(value):
            return datetime.fromisoformat(value).timestamp()
        return float(value)
    except (TypeError, ValueError):
        return _default("as_timestamp", value, default)


def as_datetime(value: Any, default: Any = _MISSING) -> Any:
    """A datetime of an ISO 8601 text, or of seconds since 1970 (then in UTC)."""
    if isinstance(value, datetime):
        return value
    if not is_number(value):
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            return _default("as_datetime", value, default)
    return datetime.fromtimestamp(float(value), tz=UTC)


def rounded(value: Any, precision: int = 0, method: str = "common", default: Any = _MISSING) -> Any:
    """The number rounded: `common`, `ceil`, `floor` or `half`; whole where precision is 0."""
    try:
        number = float(value)
        if method == "half":
            return round(number * 2) / 2
        factor = 10.0 ** min(max(precision, -15), 15)
        if method == "ceil":
            number = math.ceil(number * factor) / factor
        elif method == "floor":
            number = math.floor(number * factor) / factor
        return round(number) if precision == 0 else round(number, precision)
    except (TypeError, ValueError, OverflowError):
        return _default("round", value, default)


def replace(value: Any, old: str, new: str) -> str:
    """The text with each `old` replaced by `new`."""
    text = limits.text_of(value)
    limits.replaced(text, old, new)
    return text.replace(old, new)


def string(value: Any) -> str:
    """The value as text."""
    return limits.text_of(value)


def to_json(value: Any) -> str:
    """The value as JSON."""
    limits.text_of(value)
    return json.dumps(value, ensure_ascii=False, default=str)


@pass_environment
def join(
    environment: Environment, value: Iterable[Any], separator: str = "", attribute: Any = None
) -> str:
    """The items (or an attribute of each) as one text."""
    if attribute is not None:
        value = map(make_attrgetter(environment, attribute), value)
    text, first = "", True
    for item in value:
        limits.spend()
        text = limits.text_of(text + ("" if first else separator) + limits.text_of(item))
        first = False
    return text


FILTERS: dict[str, Callable[..., Any]] = {
    **{name: JINJA[name] for name in _TAKEN_OVER},
    "as_datetime": as_datetime,
    "as_timestamp": as_timestamp,
    "bool": forgiving_bool,
    "float": forgiving_float,
    "iif": iif,
    "int": forgiving_int,
    "is_number": is_number,
    "join": join,
    "replace": replace,
    "round": rounded,
    "string": string,
    "to_json": to_json,
    "tojson": to_json,
}

TESTS: dict[str, Callable[..., Any]] = {"is_number": is_number}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "as_datetime": as_datetime,
    "as_timestamp": as_timestamp,
    "bool": forgiving_bool,
    "float": forgiving_float,
    "iif": iif,
    "int": forgiving_int,
    "is_number": is_number,
    "max": max,
    "min": min,
    "timedelta": timedelta,
}
"""The same, called as functions."""
