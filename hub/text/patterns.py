"""Regular expressions in templates, by RE2: its time grows with the text and not with the pattern's
branches, so that an expression gives the same on a busy machine as on an idle one. It has no look
ahead or behind and no references back, which are what makes others slow."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import re2

from hub.text import limits
from hub.text.rendering import TooMuch

PATTERN = 500  # characters of an expression
PROGRAM = 1_000  # instructions that it comes to
TEXT = 16_384  # characters that it is tried on
_WORK = 50_000  # characters times instructions that are done at the price of one step


def matches(value: Any, find: str = "", ignorecase: bool = False) -> bool:
    """Whether the text begins with what the expression describes."""
    pattern, text = _prepared(value, find, ignorecase)
    return pattern.match(text) is not None


def search(value: Any, find: str = "", ignorecase: bool = False) -> bool:
    """Whether what the expression describes is anywhere in the text."""
    pattern, text = _prepared(value, find, ignorecase)
    return pattern.search(text) is not None


def findall(value: Any, find: str = "", ignorecase: bool = False) -> list[Any]:
    """All that the expression finds: the texts, or their groups where it has such."""
    pattern, text = _prepared(value, find, ignorecase)
    found: list[Any] = []
    for match in _each(pattern, text):
        groups = match.groups("")
        found.append(match.group() if not groups else groups[0] if len(groups) == 1 else groups)
        limits.few(len(found))
    return limits.weighed(found)


def findall_index(value: Any, find: str = "", index: int = 0, ignorecase: bool = False) -> Any:
    """One of all that the expression finds."""
    return findall(value, find, ignorecase)[index]


def replace(value: Any, find: str = "", replace: str = "", ignorecase: bool = False) -> str:
    r"""The text with all that the expression finds replaced; `\1` is its first group."""
    pattern, text = _prepared(value, find, ignorecase)
    parts: list[str] = []
    length, done = 0, 0
    for match in _each(pattern, text):
        limits.fits(len(replace) + replace.count("\\") * len(match.group()))
        parts += [text[done : match.start()], match.expand(replace)]
        length += len(parts[-1])
        limits.fits(length)
        done = match.end()
    return limits.text_of("".join([*parts, text[done:]]))


def _prepared(value: Any, find: str, ignorecase: bool) -> tuple[Any, str]:
    text = limits.text_of(value)
    if len(text) > TEXT:
        raise TooMuch(f"a regular expression is tried on at most {TEXT} characters")
    pattern = _compiled(limits.text_of(find), bool(ignorecase))
    _pay(pattern, len(text))
    return pattern, text


def _pay(pattern: Any, length: int) -> None:
    limits.spend(1 + length * pattern.programsize // _WORK)


def _each(pattern: Any, text: str) -> Iterator[Any]:
    for match in pattern.finditer(text):
        _pay(pattern, len(text) - match.start())
        yield match


@functools.lru_cache(256)
def _compiled(find: str, ignorecase: bool) -> Any:
    if len(find) > PATTERN:
        raise TooMuch(f"a regular expression has at most {PATTERN} characters")
    options = re2.Options()
    options.case_sensitive = not ignorecase
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        pattern = re2.compile(find, options)
    except re2.error as error:
        why = error.args[0]
        said = why.decode(errors="replace") if isinstance(why, bytes) else str(why)
        raise ValueError(f"'{limits.shortened(find)}' is no regular expression: {said}") from None
    if pattern.programsize > PROGRAM:
        raise TooMuch("the regular expression is too large")
    return pattern
