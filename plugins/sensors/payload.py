"""What a sensor says, as a typed value."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

MAX_BYTES = 4096

ON = frozenset({"on", "true", "1", "open", "opened", "yes"})
OFF = frozenset({"off", "false", "0", "closed", "close", "no"})


class Rubbish(Exception):
    """Nothing that this sensor says; the reason quotes nothing of it."""


def word(payload: bytes, json_key: str | None) -> str:
    """The value in a payload, as text: all of it, or what stands under a key of its JSON object.

    Raises Rubbish.
    """
    if len(payload) > MAX_BYTES:
        raise Rubbish(f"longer than {MAX_BYTES} bytes")
    try:
        text = payload.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise Rubbish("not UTF-8") from None
    return text if json_key is None else _member(text, json_key)


def _member(text: str, key: str) -> str:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise Rubbish("not JSON") from None
    value = fields.get(key) if isinstance(fields, dict) else None
    if not isinstance(value, bool | int | float | str):
        raise Rubbish(f"JSON without a value under '{key}'")
    return str(value)


def number(text: str) -> float:
    """A finite number with a decimal point. Raises Rubbish."""
    try:
        value = float(text)
    except ValueError:
        raise Rubbish("not a number") from None
    if not math.isfinite(value):
        raise Rubbish("not a finite number")
    return value


def switch(text: str) -> bool:
    """on/off, true/false, 1/0, open/closed, in any case. Raises Rubbish."""
    folded = text.casefold()
    if folded in ON:
        return True
    if folded in OFF:
        return False
    raise Rubbish("neither on nor off")


def option(text: str, options: Sequence[str]) -> str:
    """One of the words that the configuration lists. Raises Rubbish."""
    if text not in options:
        raise Rubbish("not one of its 'options'")
    return text
