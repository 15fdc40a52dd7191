"""Text in templates: Jinja2's filters within limits, and Home Assistant's own."""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from jinja2.filters import FILTERS as JINJA
from jinja2.runtime import Undefined

from hub.text import limits
from hub.text.numbers import MISSING, default_for

_UKRAINIAN = str.maketrans(
    dict(
        zip(
            "абвгґдезиіклмнопрстуфхцчшщюяєїжйыэёьъ'’",
            [
                *("a", "b", "v", "h", "g", "d", "e", "z", "y", "i", "k", "l", "m", "n", "o", "p"),
                *("r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "iu", "ia", "ie", "i"),
                *("zh", "i", "y", "e", "e", "", "", "", ""),
            ],
            strict=True,
        )
    )
)
"""Ukraine's table of 2010 (resolution 55 of the Cabinet of Ministers), as inside of words."""


def replace(value: Any, old: Any, new: Any, count: int | None = None) -> str:
    """The text with each `old` replaced by `new`, or only the first so many."""
    text, old, new = limits.text_of(value), limits.text_of(old), limits.text_of(new)
    limits.spend_on(text)
    limits.replaced(text, old, new)
    return text.replace(old, new, -1 if count is None else count)


def string(value: Any) -> str:
    """The value as text."""
    return limits.text_of(value)


def center(value: Any, width: int = 80) -> str:
    """The text in the middle of so many characters."""
    limits.padded(width)
    return limits.text_of(value).center(width)


def indent(value: Any, width: int = 4, first: bool = False) -> str:
    """The text with so many spaces before each line but the first."""
    limits.padded(width)
    text = limits.text_of(value)
    limits.hurry_on(text)
    limits.replaced(text, "\n", " " * (width + 1))
    lines = text.replace("\n", "\n" + " " * width)
    return " " * width + lines if first else lines


def formatted(value: Any, *args: Any, **kwargs: Any) -> str:
    """The pattern with the values put in, as in `'%.1f m'|format(level)`."""
    if args and kwargs:
        raise TypeError("format takes values by place or by name, not both")
    pattern = limits.text_of(value)
    limits.formatted(pattern, kwargs or args)
    return limits.text_of(pattern % (kwargs or args))


def urlencode(value: Any) -> str:
    """The text, or the pairs of a mapping, as they stand in an address."""
    limits.hurry_on(limits.text_of(value))
    return limits.text_of(JINJA["urlencode"](value))


def slugify(value: Any, separator: str = "_") -> str:
    """The text in small Latin letters, digits and the separator, as in an entity's name."""
    limits.hurry_on(value)
    text = limits.text_of(value).lower()
    limits.replaced(text, " ", separator)
    text = unicodedata.normalize("NFKD", text.translate(_UKRAINIAN))
    plain = "".join(each for each in text if not unicodedata.combining(each))
    words = re.findall(r"[a-z0-9]+", plain)
    return separator.join(words) or "unknown"


def ordinal(value: Any) -> str:
    """The number as a place in a row: 1st, 2nd, 3rd."""
    number = int(value)
    teen = abs(number) % 100 in (11, 12, 13)
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(abs(number) % 10, "th")
    return f"{number}{ending}"


def base64_encode(value: Any) -> str:
    """The text in base 64."""
    return limits.text_of(base64.b64encode(limits.text_of(value).encode()).decode())


def base64_decode(value: Any) -> str:
    """The text that was written in base 64."""
    try:
        return base64.b64decode(limits.text_of(value), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError(f"'{limits.shortened(value)}' is no text in base 64") from None


def to_json(
    value: Any, ensure_ascii: bool = False, pretty_print: bool = False, sort_keys: bool = False
) -> str:
    """The value as JSON."""
    limits.text_of(value) if isinstance(value, str) else limits.spelled(value)
    limits.hurry_on(value)
    return limits.text_of(
        json.dumps(
            value,
            ensure_ascii=ensure_ascii,
            indent=2 if pretty_print else None,
            sort_keys=sort_keys,
            default=_jsonable,
        )
    )


def _jsonable(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return limits.text_of(value)


def from_json(value: Any, default: Any = MISSING) -> Any:
    """The value that a text in JSON says."""
    try:
        text = limits.text_of(value)
        limits.hurry_on(text)
        return json.loads(text)
    except ValueError:
        return default_for("JSON", value, default)


def is_defined(value: Any) -> Any:
    """The value; an error where it is not there."""
    if isinstance(value, Undefined):
        str(value)  # a strict undefined value raises, and names what is missing
    return value


@functools.total_ordering
class Version:
    """A version: numbers between dots are compared as numbers, `2025.4.0b1` comes before
    `2025.4.0`."""

    __slots__ = ("_key", "_text")

    def __init__(self, text: Any) -> None:
        self._text = limits.text_of(text)
        found = re.fullmatch(r"v?(\d{1,9}(?:\.\d{1,9}){0,5})(.{0,40})", self._text)
        if found is None:
            raise ValueError(f"'{limits.shortened(text)}' is no version")
        numbers = [int(part) for part in found[1].split(".")]
        while numbers and numbers[-1] == 0:
            numbers.pop()
        self._key = (tuple(numbers), found[2] == "", found[2])

    def __eq__(self, other: object) -> bool:
        return self._key == _version(other)._key

    def __lt__(self, other: object) -> bool:
        return self._key < _version(other)._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __str__(self) -> str:
        return self._text


def _version(value: object) -> Version:
    return value if isinstance(value, Version) else Version(value)


def typeof(value: Any) -> str:
    """The name of the value's type, as Python spells it."""
    return type(value).__name__
