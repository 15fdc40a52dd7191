"""How a stream is recorded at an instant: by its settings, the hour, and modes of the town."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from hub.model.config import WEEKDAYS
from hub.video.settings import CameraSettings, Stretch, Word

Why = Literal["config", "schedule", "mode", "switched_off"]
"""What decides: the setting itself, an hour of the schedule, or a mode of the town; `switched_off`
is a mode of the town which takes away what would be recorded all the time."""

DAY = timedelta(days=1)
WEEK = 8  # days to look ahead, so that each day of the week is among those that begin


@dataclass(frozen=True, slots=True)
class Mode:
    """How a stream is to be recorded.

    - `by`: the mode of the town that decides; empty where none does.
    - `until`: the schedule may say something else from then on; None: not within a week.
    """

    word: Word
    why: Why
    by: str = ""
    until: datetime | None = None


def mode_of(
    settings: CameraSettings, stream: str, at: datetime, zone: ZoneInfo, on: Collection[str]
) -> Mode:
    """The mode of a stream at an instant. `on` are the modes of the town that are on.

    A mode of the town wins over the schedule, the schedule over the setting; in each list the
    first that fits counts. A part of the day begins and ends by the clocks of the town: a local
    time that comes twice is the first of them, one that does not exist is when it would have come.
    """
    until = _next_border(settings.schedule, at, zone)
    word: Word = settings.mode.of(stream)
    why: Why = "config"
    for stretch in settings.schedule:
        if any(begin <= at < end for begin, end in _spans(stretch, at, zone, ahead=0)):
            word, why = stretch.mode.of(stream), "schedule"
            break
    for name, mode in settings.modes.items():
        if name in on:
            ruled = mode.of(stream)
            taken = word == "continuous" and ruled != "continuous"
            return Mode(ruled, "switched_off" if taken else "mode", name, until)
    return Mode(word, why, "", until)


def _next_border(schedule: Collection[Stretch], at: datetime, zone: ZoneInfo) -> datetime | None:
    borders = (
        border
        for stretch in schedule
        for span in _spans(stretch, at, zone, ahead=WEEK)
        for border in span
        if border > at
    )
    return min(borders, default=None)


def _spans(
    stretch: Stretch, at: datetime, zone: ZoneInfo, *, ahead: int
) -> Iterator[tuple[datetime, datetime]]:
    """Where the stretch lies, for the days on which it begins: from yesterday's, seen at an
    instant, to that of so many days later."""
    today = at.astimezone(zone).date()
    for number in range(-1, ahead + 1):
        day = today + number * DAY
        if stretch.days is None or WEEKDAYS[day.weekday()] in stretch.days:
            last = day if stretch.from_ < stretch.to else day + DAY
            yield _instant(day, stretch.from_, zone), _instant(last, stretch.to, zone)


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
