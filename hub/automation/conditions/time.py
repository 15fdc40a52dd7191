"""Condition `time`: a part of the day, some days of the week."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from hub.automation.conditions.base import Condition, Outcome
from hub.automation.fields import OneOrMany
from hub.automation.scope import Scope
from hub.automation.times import moment_of, read_time
from hub.model.config import WEEKDAYS, Weekday
from hub.model.references import EntityId
from hub.model.said import said

TimeOfDay = Annotated[time | EntityId, BeforeValidator(read_time)]
"""A time of day, or an entity that tells one."""


class TimeCondition(Condition):
    """It is after a time of day, before another, on given days; local time. Of an entity that
    tells an instant the time of day counts; one that tells nothing lets nothing pass."""

    word: ClassVar[str] = "time"

    condition: Literal["time"]
    """`time`."""
    after: TimeOfDay | None = None
    """From this time of day on (22:00 or 22:00:00), or that of an entity."""
    before: TimeOfDay | None = None
    """Until this time of day, or that of an entity; earlier than `after` means on the next day."""
    weekday: OneOrMany[Weekday] | None = Field(default=None, min_length=1)
    """The days: mon, tue, wed, thu, fri, sat, sun."""

    @model_validator(mode="after")
    def _says_something(self) -> TimeCondition:
        if self.after is None and self.before is None and self.weekday is None:
            raise ValueError(said("needs 'after', 'before' or 'weekday'"))
        return self

    def evaluate(self, scope: Scope) -> Outcome:
        """Look at the clock."""
        now = scope.world.now()
        after, before = _of_day(scope, self.after), _of_day(scope, self.before)
        seen: dict[str, Any] = {"now": now.isoformat(timespec="seconds")}
        for name, asked, found in (("after", self.after, after), ("before", self.before, before)):
            if isinstance(asked, str):
                seen[name] = None if found is None else found.isoformat()
        known = (after is None) == (self.after is None) and (before is None) == (
            self.before is None
        )
        passed = known and _in_hours(now.time(), after or time.min, before)
        if self.weekday is not None:
            passed = passed and WEEKDAYS[now.weekday()] in self.weekday
        return Outcome(self.word, passed, seen)


def _of_day(scope: Scope, asked: time | str | None) -> time | None:
    if not isinstance(asked, str):
        return asked
    told = moment_of(scope.world.town.get(asked))
    if isinstance(told, datetime):
        return told.astimezone(scope.world.time_zone).time()
    return told


def _in_hours(now: time, after: time, before: time | None) -> bool:
    if before is None:
        return now >= after
    if after < before:
        return after <= now < before
    return now >= after or now < before
