"""Texts for people that can be told in another language after they were made.

Whoever finds a mistake does not know who will read of it. It says it in English, by a pattern and
its values, and the border (a page) tells it in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Gettext = Callable[[str], str]


def N_(pattern: str) -> str:
    """Mark a pattern for translation."""
    return pattern


class Said(str):
    """The English text, wherever text is wanted; `pattern` and `values` are what it was made of."""

    __slots__ = ("pattern", "values")

    pattern: str
    values: dict[str, Any]


def said(pattern: str, **values: Any) -> Said:
    """A text by a pattern as gettext has it, `unknown key %(key)s`. A value may be said too, or a
    list of such, which is told with commas. The patterns are collected for translation."""
    made = Said(_filled(pattern, values, str))
    made.pattern, made.values = pattern, values
    return made


def told(text: str, gettext: Gettext) -> str:
    """The text in the language of `gettext`; one that was not said by a pattern stays as it is."""
    if not isinstance(text, Said):
        return text
    return _filled(gettext(text.pattern), text.values, lambda one: told(one, gettext))


def changed(text: str, change: Callable[[str], str]) -> str:
    """The text with a change to all that it tells: one that was said stays so."""
    if not isinstance(text, Said):
        return change(text)
    return said(text.pattern, **{name: _changed(one, change) for name, one in text.values.items()})


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, list | tuple):
        return [_changed(one, change) for one in value]
    return changed(value, change) if isinstance(value, str) else value


def _filled(pattern: str, values: dict[str, Any], tell: Callable[[str], str]) -> str:
    return (
        pattern % {name: _value(one, tell) for name, one in values.items()} if values else pattern
    )


def _value(value: Any, tell: Callable[[str], str]) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_value(one, tell) for one in value)
    return tell(value) if isinstance(value, str) else str(value)
