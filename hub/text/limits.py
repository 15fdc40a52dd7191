"""What a template may use up: a bomb in a template ends as an error, not as a hanging hub."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hub.text.rendering import TooMuch, current

OUTPUT = 65_536  # characters of a text, made in the middle or at the end
ITEMS = 1_000  # items of a list that an operator makes
RANGE = 10_000  # numbers that one range() gives
STEPS = 20_000  # turns of loops, calls and operators of one rendering
SOURCE = 16_384  # characters of the template itself
BITS = 4_096  # of a whole number
_WIDE = re.compile(r"\d{4}|\*")  # a width or precision of four digits, or one given as a value


def steps_for(source_length: int) -> int:
    """The steps of a rendering. A turn of a loop may put out the whole template once more, so a
    long template gets fewer of them: together at most some 4 million characters pass by."""
    return min(STEPS, max(1_000, 4_000_000 // max(1, source_length)))


def spend(steps: int = 1) -> None:
    """One turn, call or operator."""
    current.get().spend(steps)


def counted(items: Iterable[Any]) -> Iterator[Any]:
    """The items, each of them counted."""
    for item in items:
        spend()
        yield item


def bounded_range(*args: int) -> range:
    """`range` of at most RANGE numbers."""
    numbers = range(*args)
    if len(numbers) > RANGE:
        raise TooMuch(f"range() gives at most {RANGE} numbers")
    return numbers


def text_of(value: Any) -> str:
    """`str(value)`, refused before it is made where it would be too long."""
    if isinstance(value, str):
        _fits(len(value))
        return value
    _weigh(value, OUTPUT)
    text = str(value)
    _fits(len(text))
    return text


def _weigh(value: Any, left: int) -> int:
    """What is left of `left` characters once `value` is spelled."""
    if isinstance(value, str | bytes):
        left -= len(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            left = _weigh(item, _weigh(key, left))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            left = _weigh(item, left)
    left -= 1
    if left < 0:
        raise TooMuch(f"a text has at most {OUTPUT} characters")
    return left


def _fits(length: int) -> None:
    if length > OUTPUT:
        raise TooMuch(f"a text has at most {OUTPUT} characters")


def binary(operator: str, left: Any, right: Any) -> None:
    """Refuse what an operator would blow up."""
    spend()
    if operator == "*":
        _product(left, right)
    elif operator == "**":
        _power(left, right)
    elif operator == "+":
        _sum(left, right)
    elif operator == "%" and isinstance(left, str):
        formatted(left, right)


def _product(left: Any, right: Any) -> None:
    for value, times in ((left, right), (right, left)):
        if isinstance(value, str | bytes | list | tuple) and isinstance(times, int):
            most = OUTPUT if isinstance(value, str | bytes) else ITEMS
            if len(value) * times > most:
                raise TooMuch(f"'*' makes at most {most} characters or {ITEMS} items")
    if _is_big(left, right) and left.bit_length() + right.bit_length() > BITS:
        raise TooMuch("the number is too large")


def _power(left: Any, right: Any) -> None:
    if _is_big(left, right) and left.bit_length() * abs(right) > BITS:
        raise TooMuch("the number is too large")


def _is_big(left: Any, right: Any) -> bool:
    return isinstance(left, int) and isinstance(right, int)


def _sum(left: Any, right: Any) -> None:
    if isinstance(left, str) and isinstance(right, str):
        _fits(len(left) + len(right))
    elif (
        isinstance(left, list | tuple)
        and isinstance(right, list | tuple)
        and len(left) + len(right) > ITEMS
    ):
        raise TooMuch(f"'+' makes lists of at most {ITEMS} items")


def formatted(pattern: str, values: Any) -> None:
    """Refuse a pattern with a width that could fill the memory."""
    if _WIDE.search(pattern):
        raise TooMuch("a width in a format has at most three digits")
    _weigh(values, OUTPUT)


def method(owner: str, name: str, args: tuple[Any, ...]) -> None:
    """Refuse the call of a method of a text that would blow it up."""
    if name in ("ljust", "rjust", "center", "zfill") and args and isinstance(args[0], int):
        _fits(args[0])
    elif name == "replace" and len(args) >= 2:
        replaced(owner, str(args[0]), str(args[1]))
    elif name in ("format", "format_map"):
        if "{" in re.sub(r"\{[^{}]*\}", "", owner.replace("{{", "")):
            raise TooMuch("a format has no format inside it")
        formatted(owner, list(args))
    elif name == "join" and args:
        joined(owner, args[0])
    elif name in ("expandtabs", "translate"):
        raise TooMuch(f"'{name}' is not for templates")


def time_pattern(pattern: str) -> None:
    """Refuse a pattern of strftime that could fill the memory."""
    formatted(pattern, ())


def replaced(text: str, old: str, new: str) -> None:
    """Refuse a replacement whose outcome would be too long."""
    _fits(len(text) + text.count(old) * len(new))


def joined(separator: str, items: Any) -> None:
    """Refuse to join what would be too long."""
    if isinstance(items, list | tuple):
        _weigh(items, OUTPUT - len(separator) * len(items))
