"""Trigger `time`: a time of day has come."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from hub.automation.fields import WEEKDAYS, OneOrMany, Weekday
from hub.automation.triggers.base import Detach, Site, Trigger
from hub.clock import sleep_until


class TimeTrigger(Trigger):
    """A time of day has come; local time.

    On the night when the clocks go forward a time that does not exist fires when it would have
    come; on the night when they go back a time that comes twice fires the first time.
    """

    word: ClassVar[str] = "time"

    trigger: Literal["time"]
    """`time`."""
    at: OneOrMany[time] = Field(min_length=1)
    """The time of day, 22:00 or 22:00:00, or several."""
    weekday: OneOrMany[Weekday] | None = Field(default=None, min_length=1)
    """Only on these days."""

    def attach(self, site: Site) -> Detach:
        """Wait for each time in turn."""
        task = site.tasks.start(self._wait(site, site.world.now()), f"times of {site.owner}")

        def detach() -> None:
            task.cancel()

        return detach

    async def _wait(self, site: Site, last: datetime) -> None:
        while True:
            due = self.next_after(last, site.world.time_zone)
            await sleep_until(site.world.clock, due)
            # a clock that was set back must not make it fire again; one that was set forward by
            # days fires once
            last = max(due, site.world.now())
            site.fire({"now": site.world.now()}, None)

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The next time that is meant, strictly later than `moment`; UTC."""
        today = moment.astimezone(zone).date()
        found: list[datetime] = []
        for days in range(9):
            day = today + timedelta(days=days)
            if self.weekday is not None and WEEKDAYS[day.weekday()] not in self.weekday:
                continue
            for at in self.at:
                due = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
                if due > moment:
                    found.append(due)
            if found:
                break
        return min(found)
