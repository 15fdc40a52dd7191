"""What a template may use up: a bomb in a template ends as an error, not as a hanging hub.

Two things together make it certain. Every value that a template makes is bounded: a text, a list
or a mapping has at most OUTPUT characters and items in all, counted as if it were written out, so
that a list that holds another many times is as heavy as what it stands for. And every turn, call
and operator spends steps, more of them the more it has to do: between two of them only so much
can happen, and every 256 of them the CPU time is looked at (`hub/text/rendering.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any, TypeVar

from jinja2.utils import Namespace

from hub.text.rendering import TooMuch, current

T = TypeVar("T")

OUTPUT = 65_536  # characters of a text, made in the middle or at the end; weight of a list
ITEMS = 10_000  # items of a list that an operator or a filter makes
STEPS = 50_000  # turns of loops, calls and operators of one rendering
SOURCE = 16_384  # characters of the template itself
BITS = 4_096  # of a whole number
PATTERN = 200  # characters of a pattern that a time is read by
_WIDE = re.compile(r"\d{4}|\*")  # a width or precision of four digits, or one given as a value
_PER_STEP = 256  # characters that are looked through at the price of one step


def steps_for(source_length: int) -> int:
    """The steps of a rendering. A turn of a loop may put out the whole template once more, so a
    long template gets fewer of them: together at most some 8 million characters pass by."""
    return min(STEPS, max(1_000, 8_000_000 // max(1, source_length)))


def spend(steps: int = 1) -> None:
    """Some turns, calls or operators."""
    current.get().spend(steps)


def spend_on(value: Any) -> None:
    """The price of going through a value once."""
    if isinstance(value, str | bytes):
        spend(1 + len(value) // _PER_STEP)
    elif isinstance(value, Sized):
        spend(1 + len(value))


def hurry_on(value: Any) -> None:
    """Let the clock be looked at sooner, since a value is gone through."""
    if isinstance(value, str | bytes):
        current.get().hurry(len(value) // _PER_STEP)
    elif isinstance(value, Sized):
        current.get().hurry(len(value))


def hurry(steps: int) -> str:
    """Let the clock be looked at sooner. Gives nothing to put out."""
    current.get().hurry(steps)
    return ""


def counted(items: Iterable[Any]) -> Iterator[Any]:
    """The items, each of them counted."""
    for item in items:
        spend()
        yield item


def listed(items: Iterable[Any]) -> list[Any]:
    """The items as a list, refused where it gets too long or too heavy."""
    if isinstance(items, Sized):
        few(len(items))
        spend_on(items)
        return weighed(list(items))
    found = []
    for item in counted(items):
        found.append(item)
        few(len(found))
    return weighed(found)


def bounded_range(*args: int) -> range:
    """`range` of at most ITEMS numbers."""
    numbers = range(*args)
    few(len(numbers))
    return numbers


def text_of(value: Any) -> str:
    """`str(value)`, refused before it is made where it would be too long."""
    if isinstance(value, str):
        fits(len(value))
        return value
    if isinstance(value, Iterator):
        raise TooMuch("what a filter gives item by item is no text yet; add |list")
    _weigh(value, OUTPUT, spelled=True)
    text = str(value)
    fits(len(text))
    return text


def weighed(value: T) -> T:
    """The value itself, refused where it is too heavy."""
    left = _weigh(value, OUTPUT)
    spend((OUTPUT - left) // 64)
    return value


def compared(value: T) -> T:
    """The value itself, at the price of comparing it with another."""
    if isinstance(value, Sized):
        spend_on(value)
    return value


def _weigh(value: Any, left: int, *, spelled: bool = False) -> int:
    """What is left of `left` characters and items. `spelled`: it is to become text, and a namespace
    must not, since it can hold others without end."""
    if isinstance(value, str | bytes):
        left -= len(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            left = _weigh(item, _weigh(key, left, spelled=spelled), spelled=spelled)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            left = _weigh(item, left, spelled=spelled)
    elif spelled and isinstance(value, Namespace):
        raise TooMuch("a namespace is no text")
    left -= 1
    if left < 0:
        raise TooMuch(f"a value has at most {OUTPUT} characters and items in all")
    return left


def few(items: int) -> None:
    """Refuse a list of more items than it may have."""
    if items > ITEMS:
        raise TooMuch(f"a list has at most {ITEMS} items")


def fits(length: int) -> None:
    """Refuse a text of more characters than it may have."""
    if length > OUTPUT:
        raise TooMuch(f"a text has at most {OUTPUT} characters")


def concatenated(*values: Any) -> str:
    """The values as one text."""
    left = OUTPUT
    texts = []
    for value in values:
        text = text_of(value)
        left -= len(text)
        fits(OUTPUT - left)
        texts.append(text)
    return "".join(texts)


def binary(operator: str, left: Any, right: Any) -> None:
    """Refuse what an operator would blow up."""
    spend()
    if operator == "*":
        _product(left, right)
    elif operator == "**":
        _power(left, right)
    elif operator == "+":
        _sum(left, right)
    elif operator == "%" and isinstance(left, str | bytes):
        formatted(left, right)


def _product(left: Any, right: Any) -> None:
    for value, times in ((left, right), (right, left)):
        if isinstance(value, str | bytes | list | tuple) and isinstance(times, int):
            if times > 0 and (_weigh(value, OUTPUT) - OUTPUT) * times < -OUTPUT - times:
                raise TooMuch(f"'*' makes at most {OUTPUT} characters and items in all")
            if not isinstance(value, str | bytes):
                few(len(value) * times)
    if _is_big(left, right) and left.bit_length() + right.bit_length() > BITS:
        raise TooMuch("the number is too large")


def _power(left: Any, right: Any) -> None:
    if _is_big(left, right) and left.bit_length() * abs(right) > BITS:
        raise TooMuch("the number is too large")


def not_too_large(number: int) -> int:
    """The number itself, refused where it has more than BITS."""
    if number.bit_length() > BITS:
        raise TooMuch("the number is too large")
    return number


def _is_big(left: Any, right: Any) -> bool:
    return isinstance(left, int) and isinstance(right, int)


def _sum(left: Any, right: Any) -> None:
    if isinstance(left, str) and isinstance(right, str):
        fits(len(left) + len(right))
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
        few(len(left) + len(right))
        weight = 2 * OUTPUT - _weigh(left, OUTPUT) - _weigh(right, OUTPUT)
        spend(weight // 64)
        if weight > OUTPUT:
            raise TooMuch(f"'+' makes at most {OUTPUT} characters and items in all")


def formatted(pattern: str | bytes, values: Any) -> None:
    """Refuse a pattern that could fill the memory, by a width or by a value named often."""
    if not isinstance(pattern, str):
        raise TooMuch("bytes are not for templates")
    if _WIDE.search(pattern):
        raise TooMuch("a width in a format has at most three digits")
    fields = max(1, pattern.count("%"), pattern.count("{"))
    if (OUTPUT - _weigh(values, OUTPUT, spelled=True)) * fields > 16 * OUTPUT:
        raise TooMuch(f"a text has at most {OUTPUT} characters")


def time_pattern(pattern: str) -> None:
    """Refuse a pattern of strftime that could fill the memory."""
    formatted(pattern, ())


def short_pattern(pattern: str) -> None:
    """Refuse a pattern of strptime, which is compiled, that is longer than any of a time."""
    if len(text_of(pattern)) > PATTERN:
        raise TooMuch(f"a pattern of a time has at most {PATTERN} characters")


def padded(width: Any) -> None:
    """Refuse to fill a text up to more than it may have."""
    if isinstance(width, int):
        fits(width)


def replaced(text: str, old: str, new: str) -> None:
    """Refuse a replacement whose outcome would be too long."""
    fits(len(text) + text.count(old) * len(new))


def shortened(value: Any, longest: int = 60) -> str:
    """A value as it is told in an error: a line, however long it is."""
    try:
        text = text_of(value)
    except TooMuch:
        text = f"a long {type(value).__name__}"
    return text if len(text) <= longest else text[: longest - 1] + "…"


def spelled(value: Any) -> None:
    """Refuse what would be too long once it is written out."""
    _weigh(value, OUTPUT, spelled=True)


def nested_format(pattern: str) -> None:
    """Refuse a format within a format, as in `'{:{}}'`."""
    if "{" in re.sub(r"\{[^{}]*\}", "", pattern.replace("{{", "")):
        raise TooMuch("a format has no format inside it")
