"""The base of configuration blocks, and the types of value that several blocks share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from hub.model.entity import Location, is_object_id
from hub.model.said import said

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "y": 365 * 86_400.0}
LONGEST = timedelta(days=36_500)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|y)")
_SIZES = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000, "T": 1_000_000_000_000}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kMGT]?)(i?)B")
LARGEST = 1 << 60
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_CLOCK = re.compile(r"(\d{1,3}):(\d{2})(?::(\d{2}(?:\.\d+)?))?")


class PluginConfig(BaseModel):
    """Base of every block of config.yaml: unknown keys are refused, every field is described."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def says_the_same(one: Any, other: Any) -> bool:
    """Whether two validated values are equal in type too, as `true` and `1` are not. (`==` sees
    what is secret, and the text of both sees the types.)"""
    return bool(one == other) and repr(one) == repr(other)


def parse_duration(value: Any) -> timedelta:
    """`30s`, `2m`, `1h30m`, `1y` (365 days), Home Assistant's `"00:02:00"`, or {minutes: 2}.

    Raises ValueError for a number without unit, for anything negative, and for more than 100
    years: nobody waits so long, and no calendar reaches further than some thousands.
    """
    if isinstance(value, timedelta):
        return value
    try:
        span = _duration(value)
    except OverflowError:
        span = timedelta.max
    if span > LONGEST:
        raise ValueError(said("a duration is not longer than 100 years"))
    return span


def _duration(value: Any) -> timedelta:
    if isinstance(value, Mapping):
        return _from_mapping(value)
    text = str(value).strip()
    if text.startswith("-"):
        raise ValueError(said("a duration is not negative"))
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = clock.groups()
        return timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds or 0))
    parts = _DURATION.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
    if re.fullmatch(r"\d+(\.\d+)?", text):
        raise ValueError(
            said(
                "a duration needs a unit: "
                "write '%(text)ss', '%(text)sm', '%(text)sh' or '%(text)sd'",
                text=text,
            )
        )
    raise ValueError(said("not a duration: write for example '30s', '2m', '1h30m' or '00:02:00'"))


def _from_mapping(value: Mapping[str, Any]) -> timedelta:
    known = {"days", "hours", "minutes", "seconds", "milliseconds"}
    if unknown := sorted(set(value) - known):
        raise ValueError(
            said(
                "a duration has no '%(name)s'; it has %(names)s",
                name=unknown[0],
                names=sorted(known),
            )
        )
    try:
        span = timedelta(**{key: float(number) for key, number in value.items()})
    except (TypeError, ValueError):
        raise ValueError(said("each part of a duration is a number")) from None
    if span < timedelta(0):
        raise ValueError(said("a duration is not negative"))
    return span


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "examples": ["30s", "2m", "1h30m", "00:02:00"]},
                {"type": "object"},
            ]
        }
    ),
]


def parse_size(value: Any) -> int:
    """`400GB`, `1.5TB`, `512MiB`: a number of bytes. Raises ValueError for a number without unit,
    and for more than 2**60 bytes: no disk holds as much."""
    if type(value) is int and value == 0:
        return 0
    text = str(value).strip()
    found = _SIZE.fullmatch(text)
    if found is None or (found[3] and not found[2]):
        if re.fullmatch(r"\d+(\.\d+)?", text):
            raise ValueError(
                said(
                    "a size needs a unit: write '%(text)sMB', '%(text)sGB' or '%(text)sTB'",
                    text=text,
                )
            )
        raise ValueError(said("not a size: write for example '400GB', '1.5TB' or '512MiB'"))
    number, unit = float(found[1]), _SIZES[found[2]]
    if found[3]:
        unit = 1 << (10 * list(_SIZES).index(found[2]))
    if number * unit > LARGEST:
        raise ValueError(said("no disk is as large as that"))
    return int(number * unit)


Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema({"type": "string", "examples": ["400GB", "1.5TB", "512MiB"]}),
]
"""A number of bytes, with its unit."""


def time_of_day(text: str) -> time | None:
    """`22:00` or `22:00:30`; None where the text is no time of day."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups())
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def parse_time_of_day(value: Any) -> time:
    """The same of a configuration. Raises ValueError."""
    if isinstance(value, time):
        return value
    found = time_of_day(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(said("'%(value)s' is no time of day like '22:00'", value=str(value)))
    return found


TimeOfDay = Annotated[
    time,
    BeforeValidator(parse_time_of_day),
    WithJsonSchema({"type": "string", "examples": ["22:00", "22:00:30"]}),
]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _topic(value: str) -> str:
    if not value or value.startswith("/") or "\0" in value or len(value) > 512:
        raise ValueError(said("an MQTT topic reads like 'town/panic/kiosk'"))
    return value


Topic = Annotated[str, AfterValidator(_topic)]


def _object_id(value: str) -> str:
    if not is_object_id(value):
        raise ValueError(
            said("'%(name)s' names a thing: small Latin letters, digits and '_' only", name=value)
        )
    return value


ObjectId = Annotated[
    str, AfterValidator(_object_id), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9_]+$"})
]
"""What stands behind the dot of an entity id."""


def parse_place(value: Any) -> Location:
    """`[latitude, longitude]` in degrees, WGS 84. Raises ValueError for anything else."""
    if isinstance(value, Location):
        return value
    numbers = value if isinstance(value, list | tuple) else ()
    if len(numbers) != 2 or any(type(number) not in (int, float) for number in numbers):
        raise ValueError(said("a place reads [latitude, longitude], as in [49.7146, 28.8376]"))
    latitude, longitude = map(float, numbers)
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(said("a latitude lies within -90 and 90, a longitude within -180 and 180"))
    return Location(latitude, longitude)


Place = Annotated[
    Location,
    BeforeValidator(parse_place),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
]
