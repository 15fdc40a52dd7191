"""What templates may call: the hub's functions, their own macros, harmless methods of values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from hub.text import limits
from hub.text.rendering import TooMuch


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TEXT = _words(
    "capitalize casefold center count endswith find format format_map index isalnum isalpha isascii"
    " isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join"
    " ljust lower lstrip partition removeprefix removesuffix replace rfind rindex rjust rpartition"
    " rsplit rstrip split splitlines startswith strip swapcase title upper zfill"
)
_TIME = _words(
    "astimezone date ctime dst isocalendar isoformat isoweekday replace strftime time timestamp"
    " timetuple timetz toordinal tzname utcoffset utctimetuple weekday total_seconds"
)
_LIST = frozenset({"copy", "count", "index"})
_SET = _words(
    "copy difference intersection isdisjoint issubset issuperset symmetric_difference union"
)
_MAPPING = frozenset({"copy", "get", "items", "keys", "values"})
_NUMBER = frozenset({"is_integer", "bit_length", "conjugate"})

_METHODS: tuple[tuple[Any, frozenset[str]], ...] = (
    (str, _TEXT),
    (datetime | date | time | timedelta, _TIME),
    (list | tuple | range, _LIST),
    (set | frozenset, _SET),
    (Mapping, _MAPPING),
    (int | float, _NUMBER),
)


class Function:
    """A function that the hub gives to templates; they can call it, and reach nothing of it."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __repr__(self) -> str:
        return "a function of the hub"

    def __str__(self) -> str:
        raise TypeError("a function is no value; write (...) behind its name")


def signature_of(function: Function) -> inspect.Signature | None:
    """What the function may be called with; None where that cannot be told."""
    try:
        return inspect.signature(function._function)
    except ValueError:
        return None


def join(separator: str, items: Iterable[Any]) -> str:
    """The items as one text."""
    parts: list[str] = []
    length = 0
    for item in items:
        limits.spend()
        parts.append(limits.text_of(item))
        length += len(parts[-1]) + len(separator)
        limits.fits(length - len(separator))
    return separator.join(parts)


def method(owner: Any, name: str, args: tuple[Any, ...]) -> None:
    """Refuse the call of a method that is not harmless, or that would blow its value up."""
    for kind, names in _METHODS:
        if isinstance(owner, kind):
            if name not in names:
                break
            limits.spend_on(owner)
            if kind is str:
                _of_text(owner, name, args)
            elif name == "strftime" and args:
                limits.time_pattern(str(args[0]))
            return
    raise TooMuch(f"'{name}' of a {type(owner).__name__} is not for templates")


def _of_text(owner: str, name: str, args: tuple[Any, ...]) -> None:
    if name in ("ljust", "rjust", "center", "zfill") and args:
        limits.padded(args[0])
    elif name == "replace" and len(args) >= 2:
        limits.replaced(owner, str(args[0]), str(args[1]))
