"""Values on their way into a trace that is read or kept: JSON-ready, and of bounded size."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Set
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any

TEXT = 1_000  # characters of one text
ITEMS = 50  # items of one list, entries of one mapping
DEPTH = 8  # levels of lists and mappings in one another
BITS = 64  # of a whole number
WHOLE = 32_000  # characters of all texts and names of one trace

CUT = "…"
"""The mark of what was cut; behind it stands how much there was."""


class Cutter:
    """Makes the values of one trace plain, as long as there is room. `scrub` takes secrets out of
    a text."""

    def __init__(self, scrub: Callable[[str], str] | None = None) -> None:
        self._room = WHOLE
        self._scrub = scrub

    def plain(self, value: Any, depth: int = 0) -> Any:
        """The value in JSON's words; never raises."""
        self._room -= 4
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return (
                value if value.bit_length() <= BITS else f"a number of {value.bit_length():,} bits"
            )
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, float):
            return value if math.isfinite(value) else str(value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, list | tuple | Set):
            return self._list(list(value), depth)
        return self.text(_spelled(value))

    def text(self, text: str) -> str:
        """The text without secrets, cut where it is too long."""
        length = len(text)
        if self._scrub is not None:
            # a secret that is cut in two would not be known any more
            text = self._scrub(text[: 4 * TEXT])
        most = max(0, min(TEXT, self._room))
        self._room -= min(len(text), most)
        return text if len(text) <= most else f"{text[:most]}{CUT} ({length:,} characters)"

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        if depth >= DEPTH or self._room <= 0:
            return f"{CUT} ({len(value):,} entries)"
        found: dict[str, Any] = {}
        for number, (key, item) in enumerate(list(value.items())):
            if number >= ITEMS or self._room <= 0:
                found[CUT] = f"{len(value) - number:,} more"
                break
            found[self.text(str(key))] = self.plain(item, depth + 1)
        return found

    def _list(self, value: list[Any], depth: int) -> Any:
        if depth >= DEPTH or self._room <= 0:
            return f"{CUT} ({len(value):,} items)"
        found: list[Any] = []
        for number, item in enumerate(value):
            if number >= ITEMS or self._room <= 0:
                found.append(f"{CUT} ({len(value) - number:,} more)")
                break
            found.append(self.plain(item, depth + 1))
        return found


def _spelled(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.3f}".rstrip("0").rstrip(".") + "s"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value):,} bytes"
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a stranger's __str__ must not cost the trace
        return f"a value of the type {value.__class__.__name__}"
