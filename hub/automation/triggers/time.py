"""Trigger `time`: a time of day has come, or the instant that an entity tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from hub.automation.fields import Offset, OneOrMany
from hub.automation.times import keep_time, local_instant, moment_of, read_time
from hub.automation.triggers.base import Detach, Site, Trigger
from hub.model.config import WEEKDAYS, PluginConfig, Weekday
from hub.model.core_events import StateChanged
from hub.model.entity import State
from hub.model.event import Event
from hub.model.references import EntityId

WEEK = 9  # days to look ahead: a week, and a day on each side for the clocks that change


class EntityTime(PluginConfig):
    """A time that an entity tells, moved by an offset."""

    entity_id: EntityId
    """A sensor whose state is an instant (2026-11-22T18:00:00+02:00) or a time of day (18:00)."""
    offset: Offset = timedelta(0)
    """How much later (`10m`) or earlier (`-10m`) than the entity says."""


At = Annotated[time | EntityId | EntityTime, BeforeValidator(read_time)]


class TimeTrigger(Trigger):
    """A time of day has come; local time. Or the time has come that an entity tells.

    On the night when the clocks go forward a time that does not exist fires when it would have
    come; on the night when they go back a time that comes twice fires the first time.
    """

    word: ClassVar[str] = "time"

    trigger: Literal["time"]
    """`time`."""
    at: OneOrMany[At] = Field(min_length=1)
    """The time of day, 22:00 or 22:00:00; an entity that tells it; {entity_id, offset}; or
    several."""
    weekday: OneOrMany[Weekday] | None = Field(default=None, min_length=1)
    """Only on these days."""

    def listen(self, site: Site) -> Detach:
        """Wait for each time in turn."""
        works = [_Clock(self, site, at) for at in self._times(site)]

        def detach() -> None:
            for work in works:
                work.close()

        return detach

    def _times(self, site: Site) -> Iterator[list[time] | EntityTime]:
        """The times of day together, and each entity by itself."""
        found = [read_time(site.limited(at)) for at in self.at]
        if plain := [at for at in found if isinstance(at, time)]:
            yield plain
        for at in found:
            if isinstance(at, EntityTime):
                yield at
            elif not isinstance(at, time):
                yield EntityTime(entity_id=str(at))

    def next_after(
        self, moment: datetime, zone: ZoneInfo, times: Sequence[time] | None = None
    ) -> datetime | None:
        """The next time of day that is meant, strictly later than `moment`; UTC."""
        wanted = [at for at in self.at if isinstance(at, time)] if times is None else times
        return self._next_of(moment, zone, wanted, timedelta(0))

    def next_told(
        self, moment: datetime, zone: ZoneInfo, state: State | None, offset: timedelta
    ) -> datetime | None:
        """The next time that an entity means by its state, strictly later than `moment`; UTC."""
        told = moment_of(state)
        if isinstance(told, time):
            return self._next_of(moment, zone, [told], offset)
        if told is None:
            return None
        due = (told + offset).astimezone(UTC)
        return due if due > moment and self._on_day(due, zone) else None

    def _next_of(
        self, moment: datetime, zone: ZoneInfo, times: Sequence[time], offset: timedelta
    ) -> datetime | None:
        today = (moment - offset).astimezone(zone).date()
        for days in range(WEEK):
            day = today + timedelta(days=days)
            dues = [local_instant(day, at, zone) + offset for at in times]
            later = [due for due in dues if due > moment and self._on_day(due, zone)]
            if later:
                return min(later)
        return None

    def _on_day(self, due: datetime, zone: ZoneInfo) -> bool:
        return self.weekday is None or WEEKDAYS[due.astimezone(zone).weekday()] in self.weekday


class _Clock:
    """Waits for the times of day, or for what one entity tells; anew when that tells another."""

    def __init__(self, trigger: TimeTrigger, site: Site, at: list[time] | EntityTime) -> None:
        self._trigger = trigger
        self._site = site
        self._at = at
        self._entity_id = at.entity_id if isinstance(at, EntityTime) else None
        self._end = None
        if self._entity_id is not None:
            self._end = site.bus.subscribe(
                StateChanged.type,
                self._told,
                owner=site.owner,
                match={"entity_id": self._entity_id},
            )
        self._start()

    def _start(self) -> None:
        site = self._site
        self._task = site.tasks.start(
            keep_time(site.world.clock, self._next, self._fire),
            f"times of {site.owner}",
            alone=True,
        )

    def _told(self, event: Event) -> None:
        if not isinstance(event, StateChanged):
            return
        if event.old is None or event.new.text != event.old.text:
            self._task.cancel()
            self._start()

    def _next(self, moment: datetime) -> datetime | None:
        world = self._site.world
        if not isinstance(self._at, EntityTime):
            return self._trigger.next_after(moment, world.time_zone, self._at)
        state = world.town.get(self._at.entity_id)
        return self._trigger.next_told(moment, world.time_zone, state, self._at.offset)

    def _fire(self) -> None:
        self._site.fire({"now": self._site.world.now(), "entity_id": self._entity_id}, None)

    def close(self) -> None:
        self._task.cancel()
        if self._end is not None:
            self._end()
