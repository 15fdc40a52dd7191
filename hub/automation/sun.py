"""When the sun rises and sets over the town (computed by astral, to about a minute)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import sunrise, sunset

from hub.model.entity import Location

YEAR = 367  # days to look ahead; beyond the polar circles the sun may not rise for months
_EVENTS = {"sunrise": sunrise, "sunset": sunset}


def sun_on(event: str, day: date, place: Location, zone: ZoneInfo) -> datetime | None:
    """The instant (UTC) of `sunrise` or `sunset` on a local day; None where there is none."""
    observer = Observer(place.latitude, place.longitude)
    try:
        return _EVENTS[event](observer, day, tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def next_sun(
    event: str, moment: datetime, offset: timedelta, place: Location, zone: ZoneInfo
) -> datetime | None:
    """The next sunrise or sunset, moved by `offset`, strictly later than `moment`; UTC. None
    where there is none within a year."""
    first = (moment - offset).astimezone(zone).date() - timedelta(days=1)
    for days in range(YEAR):
        found = sun_on(event, first + timedelta(days=days), place, zone)
        if found is not None and found + offset > moment:
            return found + offset
    return None
