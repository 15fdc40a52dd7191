"""Trigger `time_pattern`: hour, minute or second have certain values."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, WithJsonSchema, model_validator

from hub.automation.times import keep_time, local_instant
from hub.automation.triggers.base import Detach, Site, Trigger
from hub.model.said import said

HOURS, SIXTY = 24, 60


def _read(value: Any, most: int) -> str:
    text = str(value).strip() if isinstance(value, str | int) else ""
    number = text.removeprefix("/")
    if isinstance(value, bool) or not (text == "*" or (number.isascii() and number.isdecimal())):
        raise ValueError(said("'%(value)s' is no pattern: write 5, '/5' or '*'", value=value))
    if text == "*":
        return text
    if number != str(int(number)):
        raise ValueError(
            said(
                "'%(value)s' has a zero in front: write '%(better)s'",
                value=value,
                better=text.replace("0", ""),
            )
        )
    if int(number) >= most or text == "/0":
        raise ValueError(
            said(
                "'%(value)s' is out of range: 0 to %(most)s, or '/1' to '/%(most)s'",
                value=value,
                most=most - 1,
            )
        )
    return text


_SCHEMA = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}]})
Hours = Annotated[str, BeforeValidator(lambda value: _read(value, HOURS)), _SCHEMA]
Sixty = Annotated[str, BeforeValidator(lambda value: _read(value, SIXTY)), _SCHEMA]


class TimePatternTrigger(Trigger):
    """Hour, minute and second match; local time. A number is that value, `/5` what can be divided
    by 5, `*` any. What is left out is 0 below the largest that is given, and any above it.

    A given hour that comes twice when the clocks go back counts once; one that is left out when
    they go forward counts as the hour after it. A pattern of any hour goes on at its pace.
    """

    word: ClassVar[str] = "time_pattern"

    trigger: Literal["time_pattern"]
    """`time_pattern`."""
    hours: Hours | None = None
    """0 to 23, `/2`, `*`."""
    minutes: Sixty | None = None
    """0 to 59, `/5`, `*`."""
    seconds: Sixty | None = None
    """0 to 59, `/10`, `*`."""

    @model_validator(mode="after")
    def _says_something(self) -> TimePatternTrigger:
        if self.hours is None and self.minutes is None and self.seconds is None:
            raise ValueError(said("needs 'hours', 'minutes' or 'seconds'"))
        return self

    def listen(self, site: Site) -> Detach:
        """Wait for one match after the other."""
        world = site.world

        def next_after(moment: datetime) -> datetime | None:
            return self.next_after(moment, world.time_zone)

        def fire() -> None:
            site.fire({"now": world.now()}, None)

        work = keep_time(world.clock, next_after, fire, beats=not self._one_hour)
        task = site.tasks.start(work, f"time pattern of {site.owner}")

        def detach() -> None:
            task.cancel()

        return detach

    @property
    def _one_hour(self) -> bool:
        return self.hours is not None and self.hours.isdecimal()

    def _fields(self) -> tuple[range, range, range]:
        minutes, seconds = self.minutes, self.seconds
        if minutes is None:
            minutes = "*" if self.hours is None else "0"
        if seconds is None:
            seconds = "0"
        return _values(self.hours, HOURS), _values(minutes, SIXTY), _values(seconds, SIXTY)

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The next match, strictly later than `moment`; UTC."""
        hours, minutes, seconds = self._fields()
        if self._one_hour:
            return _of_one_hour(moment, zone, hours[0], minutes, seconds)
        found = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        while True:
            local = found.astimezone(zone)
            if local.hour not in hours:
                step = 3600 - 60 * local.minute - local.second
            elif local.minute not in minutes:
                step = 60 - local.second
            elif local.second not in seconds:
                step = 1
            else:
                return found
            found += timedelta(seconds=step)


def _values(pattern: str | None, most: int) -> range:
    if pattern in (None, "*"):
        return range(most)
    if pattern.startswith("/"):
        return range(0, most, int(pattern[1:]))
    return range(int(pattern), int(pattern) + 1)


def _of_one_hour(
    moment: datetime, zone: ZoneInfo, hour: int, minutes: range, seconds: range
) -> datetime:
    """Each local time of that hour once a day, as the trigger `time` has them."""
    day = moment.astimezone(zone).date()
    while True:
        for minute in minutes:
            if local_instant(day, time(hour, minute, seconds[-1]), zone) <= moment:
                continue
            for second in seconds:
                due = local_instant(day, time(hour, minute, second), zone)
                if due > moment:
                    return due
        day += timedelta(days=1)
