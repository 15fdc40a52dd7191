"""Times that recur, and how a trigger waits for them on a clock that may be set."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from hub.clock import Clock
from hub.model.config import time_of_day
from hub.model.entity import State
from hub.model.references import is_template
from hub.model.said import said

LOOK_S = 60.0  # how often the clock is looked at while a time is waited for
DAY = timedelta(days=1)

NextAfter = Callable[[datetime], datetime | None]
"""The next instant (UTC) that is meant, strictly later than the one given; None: there is none."""


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a local time. One that comes twice, when the clocks go back, is the
    first; one that does not exist is when it would have come."""
    return datetime.combine(day, at.replace(tzinfo=None), tzinfo=zone).astimezone(UTC)


def moment_of(state: State | None) -> datetime | time | None:
    """What a state says of time: an instant (with its offset from UTC), a time of day, or
    nothing."""
    if state is None or not state.available or not isinstance(state.value, str):
        return None
    of_day = time_of_day(state.value)
    if of_day is not None:
        return of_day
    try:
        found = datetime.fromisoformat(state.value)
    except ValueError:
        return None
    # the first and the last year know no other time zones
    return found if found.tzinfo is not None and MINYEAR < found.year < MAXYEAR else None


def read_time(value: Any) -> Any:
    """A time of day of the configuration; what looks like an entity or a template is left as it
    is. Raises ValueError."""
    if isinstance(value, time | dict | BaseModel) or is_template(value):
        return value
    found = time_of_day(value) if isinstance(value, str) else None
    if found is not None:
        return found
    if isinstance(value, str) and "." in value and not value[:1].isdigit():
        return value
    raise ValueError(
        said(
            "'%(value)s' is no time of day like '22:00', and no entity like 'sensor.shift_begins'",
            value=value,
        )
    )


def keep_time(
    clock: Clock, next_after: NextAfter, fire: Callable[[], None], *, beats: bool = False
) -> Coroutine[Any, Any, None]:
    """The work of calling `fire` at each instant from now on that `next_after` gives, for ever.

    A clock that is set forward over an instant makes it fire at once, and once for all that were
    passed over. One that is set back by up to a day does not make what has fired come again,
    unless it `beats`: then it goes on at its pace. One that was set back further was wrong before,
    and all is counted anew.
    """
    return _keep(clock, next_after, fire, beats, clock.now())


async def _keep(
    clock: Clock, next_after: NextAfter, fire: Callable[[], None], beats: bool, last: datetime
) -> None:
    fired: datetime | None = None
    while True:
        due = await _reached(clock, next_after, last, None if beats else fired)
        fired, last = due, max(due, clock.now())
        fire()


async def _reached(
    clock: Clock, next_after: NextAfter, last: datetime, fired: datetime | None
) -> datetime:
    """Wait for the first instant later than `last`, and give it; where the clock is set back
    meanwhile, later than that moment, and than `fired` unless that is more than a day away."""
    before, due = last, next_after(last)
    while True:
        now = clock.now()
        if due is not None and now >= due:
            return due
        if now < before:
            due = next_after(now if fired is None or fired - now > DAY else max(now, fired))
        before = now
        left = LOOK_S if due is None else (due - now).total_seconds()
        await clock.sleep(min(left, LOOK_S))
