"""Values as a story writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from hub.model.config import PluginConfig
from hub.model.entity import StateValue

ANY = "*"
"""Stands for any text, however long, in what is expected."""

_TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
_WORDS: Mapping[str, StateValue] = {"on": True, "off": False, "unknown": None}


FIRST_YEAR, LAST_YEAR = 1971, 2199


def parse_moment(value: Any) -> time | datetime:
    """A time of day, `23:05` or `23:05:30`, or a date and time, `2026-11-20 23:00`. Raises
    ValueError."""
    if isinstance(value, time | datetime):
        return value
    text = str(value).strip()
    if _TIME.fullmatch(text):
        return time.fromisoformat(text.zfill(5) if text.count(":") == 1 else text.zfill(8))
    return parse_start(text)


def parse_start(value: Any) -> datetime:
    """A date and time of the town, `2026-11-20 23:00`. Raises ValueError."""
    if isinstance(value, datetime):
        return value
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError(
            "not a moment: write for example '2026-11-20 23:00'; in the story also '23:05'"
        ) from None
    if moment.tzinfo is not None:
        raise ValueError("a story's times are those of the town: leave the offset out")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"a story plays between the years {FIRST_YEAR} and {LAST_YEAR}")
    return moment


Moment = Annotated[time | datetime, BeforeValidator(parse_moment)]
Start = Annotated[
    datetime,
    BeforeValidator(parse_start),
    WithJsonSchema({"type": "string", "examples": ["2026-11-20 23:00"]}),
]


def _on_off(value: Any) -> bool:
    if value in (True, "on"):
        return True
    if value in (False, "off"):
        return False
    raise ValueError("a mode is 'on' or 'off'")


OnOff = Annotated[
    bool, BeforeValidator(_on_off), WithJsonSchema({"enum": ["on", "off", True, False]})
]


class GivenState(PluginConfig):
    """A state with its attributes."""

    value: StateValue = None
    """The value; `on` and `off` are truth values, `unknown` is no value, `unavailable` means that
    the entity cannot be reached."""
    attributes: dict[str, Any] | None = None
    """The attributes; those from before stay where it is left out."""

    @property
    def available(self) -> bool:
        """Whether the entity can be reached."""
        return self.value != "unavailable"

    @property
    def typed(self) -> StateValue:
        """The value as plugins set it."""
        return _WORDS.get(self.value, self.value) if isinstance(self.value, str) else self.value


def _wrapped(value: Any) -> Any:
    return value if isinstance(value, Mapping | GivenState) else {"value": value}


StateOrValue = Annotated[GivenState, BeforeValidator(_wrapped)]
"""A state; where only its value is given the mapping may be left out."""


def fits_text(wanted: str, found: str) -> bool:
    """Whether a text is as wanted; ANY stands for any text."""
    pattern = ".*".join(re.escape(part) for part in wanted.split(ANY))
    return re.fullmatch(pattern, found, re.S) is not None


def has_any(value: Any) -> bool:
    """Whether ANY stands somewhere in a value."""
    if isinstance(value, Mapping):
        return any(map(has_any, value.values()))
    if isinstance(value, list | tuple):
        return any(map(has_any, value))
    return isinstance(value, str) and ANY in value


def fits(wanted: Any, found: Any) -> bool:
    """Whether a JSON-ready value is as wanted: of a mapping only the keys that are written."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            key in found and fits(inner, found[key]) for key, inner in wanted.items()
        )
    if isinstance(wanted, list | tuple):
        return (
            isinstance(found, list | tuple)
            and len(wanted) == len(found)
            and all(map(fits, wanted, found))
        )
    if isinstance(wanted, str) and found is not None:
        return fits_text(wanted, found if isinstance(found, str) else str(found))
    return bool(wanted == found)
