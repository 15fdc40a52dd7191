"""Condition `time`: a part of the day, some days of the week."""

from __future__ import annotations

from datetime import time
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from hub.automation.conditions.base import Condition, Outcome
from hub.automation.fields import WEEKDAYS, OneOrMany, Weekday
from hub.automation.scope import Scope


class TimeCondition(Condition):
    """It is after a time of day, before another, on given days; local time."""

    word: ClassVar[str] = "time"

    condition: Literal["time"]
    """`time`."""
    after: time | None = None
    """From this time of day on (22:00 or 22:00:00)."""
    before: time | None = None
    """Until this time of day; earlier than `after` means on the next day."""
    weekday: OneOrMany[Weekday] | None = Field(default=None, min_length=1)
    """The days: mon, tue, wed, thu, fri, sat, sun."""

    @model_validator(mode="after")
    def _says_something(self) -> TimeCondition:
        if self.after is None and self.before is None and self.weekday is None:
            raise ValueError("needs 'after', 'before' or 'weekday'")
        return self

    def evaluate(self, scope: Scope) -> Outcome:
        """Look at the clock."""
        now = scope.world.now()
        passed = self._in_hours(now.time())
        if self.weekday is not None:
            passed = passed and WEEKDAYS[now.weekday()] in self.weekday
        return Outcome("time", passed, {"now": now.isoformat(timespec="seconds")})

    def _in_hours(self, now: time) -> bool:
        after = self.after or time.min
        if self.before is None:
            return now >= after
        if after < self.before:
            return after <= now < self.before
        return now >= after or now < self.before
