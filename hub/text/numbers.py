"""Numbers in templates, as Home Assistant documents them: what cannot be read is an error, or the
default where one is given."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from hub.text import limits

MISSING: Any = object()
_YES = frozenset({"1", "true", "yes", "on", "enable"})
_NO = frozenset({"0", "false", "no", "off", "disable"})


def default_for(name: str, value: Any, default: Any) -> Any:
    """The default, or a ValueError that says what could not be read."""
    if default is MISSING:
        shown = limits.shortened(value)
        raise ValueError(f"'{shown}' cannot be read as {name}, and no default is given")
    return default


def forgiving_float(value: Any, default: Any = MISSING) -> Any:
    """The value as a number; `default` where it is none, and an error without one."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return default_for("float", value, default)


def forgiving_int(value: Any, default: Any = MISSING, base: int = 10) -> Any:
    """The value as a whole number; text is read in `base`, a fraction is cut off."""
    try:
        if isinstance(value, str) and base != 10:
            return limits.not_too_large(int(value, base))
        found = int(float(value)) if isinstance(value, str) and "." in value else int(value)
        return limits.not_too_large(found)
    except (TypeError, ValueError, OverflowError):
        return default_for("int", value, default)


def forgiving_bool(value: Any, default: Any = MISSING) -> Any:
    """True for true, yes, on, enable, 1 and other numbers than 0; False for their opposites."""
    if isinstance(value, bool | int | float):
        return bool(value)
    text = str(value).strip().lower() if isinstance(value, str) else ""
    if text in _YES or text in _NO:
        return text in _YES
    return default_for("bool", value, default)


def is_number(value: Any) -> bool:
    """Whether it can be read as a finite number."""
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def rounded(value: Any, precision: int = 0, method: str = "common", default: Any = MISSING) -> Any:
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
        elif method != "common":
            raise TypeError(f"round knows common, ceil, floor and half, not '{method}'")
        return round(number) if precision == 0 else round(number, precision)
    except (ValueError, OverflowError):
        return default_for("round", value, default)


def multiply(value: Any, amount: Any, default: Any = MISSING) -> Any:
    """The number times another."""
    try:
        return float(value) * float(amount)
    except (TypeError, ValueError):
        return default_for("multiply", value, default)


def add(value: Any, amount: Any, default: Any = MISSING) -> Any:
    """The number plus another."""
    try:
        return float(value) + float(amount)
    except (TypeError, ValueError):
        return default_for("add", value, default)


def log(value: Any, base: Any = math.e, default: Any = MISSING) -> Any:
    """The logarithm, natural where no base is given."""
    try:
        return math.log(float(value), float(base))
    except (TypeError, ValueError, ZeroDivisionError):
        return default_for("log", value, default)


def atan2(value: Any, x: Any, default: Any = MISSING) -> Any:
    """The angle of the point (x, y), y being the value."""
    try:
        return math.atan2(float(value), float(x))
    except (TypeError, ValueError):
        return default_for("atan2", value, default)


def _of_one(name: str, function: Callable[[float], float]) -> Callable[..., Any]:
    def forgiving(value: Any, default: Any = MISSING) -> Any:
        try:
            return function(float(value))
        except (TypeError, ValueError, OverflowError):
            return default_for(name, value, default)

    return forgiving


OF_ONE: dict[str, Callable[..., Any]] = {
    name: _of_one(name, getattr(math, name))
    for name in ("sin", "cos", "tan", "asin", "acos", "atan", "sqrt")
}
"""Functions of one number, which may have a default."""


def _several(values: tuple[Any, ...], default: Any) -> tuple[list[Any], Any]:
    """The numbers that were given: as one list, with a default behind it, or one by one."""
    if not values:
        raise TypeError("numbers are needed, or a list of them")
    first = values[0]
    if isinstance(first, Iterable) and not isinstance(first, str):
        if len(values) > 1 and default is MISSING:
            default = values[1]
        return limits.listed(first), default
    return list(values), default


def average(*values: Any, default: Any = MISSING) -> Any:
    """The arithmetic mean."""
    items, default = _several(values, default)
    try:
        return statistics.fmean(float(item) for item in items)
    except (TypeError, ValueError, statistics.StatisticsError):
        return default_for("numbers for an average", items, default)


def median(*values: Any, default: Any = MISSING) -> Any:
    """The number in the middle."""
    items, default = _several(values, default)
    try:
        return statistics.median(float(item) for item in items)
    except (TypeError, ValueError, statistics.StatisticsError):
        return default_for("numbers for a median", items, default)


def statistical_mode(*values: Any, default: Any = MISSING) -> Any:
    """The value that comes most often; of several that do, the first."""
    items, default = _several(values, default)
    if not items:
        return default_for("values for a statistical mode", items, default)
    return Counter(items).most_common(1)[0][0]


def _extreme(function: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(*values: Any) -> Any:
        if len(values) == 1:
            return function(limits.listed(values[0]))
        return function(values)

    return extreme


largest = _extreme(max)
smallest = _extreme(min)


def bitwise_and(value: int, other: int) -> int:
    """The bits that are set in both."""
    return value & other


def bitwise_or(value: int, other: int) -> int:
    """The bits that are set in one of the two."""
    return value | other


def bitwise_xor(value: int, other: int) -> int:
    """The bits that are set in one of the two and not in both."""
    return value ^ other


def iif(value: Any, if_true: Any = True, if_false: Any = False, if_none: Any = MISSING) -> Any:
    """One of two values; `if_none` for None where given."""
    if value is None and if_none is not MISSING:
        return if_none
    return if_true if value else if_false
