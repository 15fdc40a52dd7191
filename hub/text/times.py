"""Times in templates. Those that tell the present time are bound to the clock of the hub."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hub.clock import Clock
from hub.text import limits
from hub.text.numbers import MISSING, default_for, is_number
from hub.text.rendering import current

_ISO_SPAN = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<weeks>[\d.]{1,9})W)?(?:(?P<days>[\d.]{1,9})D)?"
    r"(?:T(?:(?P<hours>[\d.]{1,9})H)?(?:(?P<minutes>[\d.]{1,9})M)?(?:(?P<seconds>[\d.]{1,12})S)?)?"
)
_SPAN = re.compile(
    r"(?:(?P<days>-?\d{1,7}) (?:days?,? )?)?(?P<sign>-?)(?P<hours>\d{1,4}):(?P<minutes>\d{1,2})"
    r"(?::(?P<seconds>\d{1,2}(?:[.,]\d{1,6})?))?"
)
_UNITS = (
    ("year", timedelta(days=365)),
    ("month", timedelta(days=30)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
    ("second", timedelta(seconds=1)),
)


def as_timestamp(value: Any, default: Any = MISSING) -> Any:
    """Seconds since 1970 of a datetime, an ISO 8601 text or a number."""
    try:
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, str) and not is_number(value):
            return datetime.fromisoformat(value).timestamp()
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return default_for("as_timestamp", value, default)


def as_datetime(value: Any, default: Any = MISSING) -> Any:
    """A datetime of an ISO 8601 text, a date, or seconds since 1970 (then in UTC)."""
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, date):
            return datetime.combine(value, time())
        if is_number(value):
            return datetime.fromtimestamp(float(value), tz=UTC)
        return datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return default_for("as_datetime", value, default)


def as_timedelta(value: Any) -> timedelta | None:
    """A duration of `1 02:03:04`, `02:03`, or ISO 8601 (`PT10M`); None where it is none of these.
    A number is seconds."""
    if isinstance(value, timedelta):
        return value
    if is_number(value):
        return timedelta(seconds=float(value))
    text = limits.text_of(value).strip()
    found = _ISO_SPAN.fullmatch(text) or _SPAN.fullmatch(text)
    if found is None or len(text) < 3:
        return None
    parts = {key: part for key, part in found.groupdict().items() if part and key != "sign"}
    try:
        amounts = {key: float(part.replace(",", ".")) for key, part in parts.items()}
    except ValueError:
        return None
    days = timedelta(days=amounts.pop("days", 0.0))
    rest = timedelta(**amounts)
    if found["sign"] == "-":
        return -(days + rest) if text.startswith("-P") else days - rest
    return days + rest


def strptime(value: Any, pattern: str, default: Any = MISSING) -> Any:
    """A datetime read from a text by a pattern."""
    limits.short_pattern(pattern)
    try:
        return datetime.strptime(limits.text_of(value), pattern)
    except (TypeError, ValueError):
        return default_for(f"a time like '{limits.shortened(pattern)}'", value, default)


def timestamp_utc(value: Any, default: Any = MISSING) -> Any:
    """Seconds since 1970 as ISO 8601 in UTC."""
    try:
        return datetime.fromtimestamp(float(value), tz=UTC).isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return default_for("timestamp_utc", value, default)


def span_in_words(span: timedelta, precision: int = 1) -> str:
    """`2 hours 3 minutes`: the largest units, at most `precision` of them (0: all)."""
    words: list[str] = []
    for name, unit in _UNITS:
        count, span = divmod(span, unit)
        if count or (name == "second" and not words):
            words.append(f"{count} {name}" + ("" if count == 1 else "s"))
        if 0 < precision <= len(words):
            break
    return " ".join(words)


class Times:
    """What depends on the present time, or on the town's time zone."""

    def __init__(self, clock: Clock, time_zone: ZoneInfo) -> None:
        self._clock = clock
        self._zone = time_zone

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The functions by name."""
        return {name: getattr(self, name) for name in TIME_NAMES}

    def now(self) -> datetime:
        """The present time in the town's time zone."""
        return self.utcnow().astimezone(self._zone)

    def utcnow(self) -> datetime:
        """The present time in UTC."""
        current.get().time = True
        return self._clock.now()

    def today_at(self, time_str: str = "00:00") -> datetime:
        """Today at a time of day, in the town's time zone."""
        at = time.fromisoformat(time_str)
        return datetime.combine(self.now().date(), at, tzinfo=self._zone)

    def as_local(self, value: Any) -> datetime:
        """A time in the town's time zone; one without offset is taken as that already."""
        moment: datetime = as_datetime(value)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=self._zone)
        return moment.astimezone(self._zone)

    def relative_time(self, value: Any) -> Any:
        """How long ago it was, in its largest unit; a time to come is given back as it is."""
        return self.time_since(value, 1)

    def time_since(self, value: Any, precision: int = 1) -> Any:
        """How long ago it was, in words; a time to come is given back as it is."""
        span = self._until(value)
        return value if span > timedelta(0) else span_in_words(-span, precision)

    def time_until(self, value: Any, precision: int = 1) -> Any:
        """How long it is until then, in words; a time that is past is given back as it is."""
        span = self._until(value)
        return value if span < timedelta(0) else span_in_words(span, precision)

    def timestamp_local(self, value: Any, default: Any = MISSING) -> Any:
        """Seconds since 1970 as ISO 8601 in the town's time zone."""
        try:
            return self._local(value).isoformat()
        except (TypeError, ValueError, OverflowError):
            return default_for("timestamp_local", value, default)

    def timestamp_custom(
        self,
        value: Any,
        date_format: str = "%Y-%m-%d %H:%M:%S",
        local: bool = True,
        default: Any = MISSING,
    ) -> Any:
        """Seconds since 1970 written by a pattern of strftime, in the town's time zone."""
        limits.time_pattern(limits.text_of(date_format))
        try:
            moment = self._local(value)
            return (moment if local else moment.astimezone(UTC)).strftime(date_format)
        except (TypeError, ValueError, OverflowError):
            return default_for("timestamp_custom", value, default)

    def _local(self, value: Any) -> datetime:
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return (epoch + timedelta(seconds=float(value))).astimezone(self._zone)

    def _until(self, value: Any) -> timedelta:
        if not isinstance(value, datetime):
            raise TypeError(f"'{limits.shortened(value)}' is no datetime; use as_datetime")
        return self.as_local(value) - self.utcnow()


TIME_NAMES = (
    "as_local",
    "now",
    "relative_time",
    "time_since",
    "time_until",
    "timestamp_custom",
    "timestamp_local",
    "today_at",
    "utcnow",
)
