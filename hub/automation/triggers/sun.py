"""Trigger `sun`: the sun rises or sets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from hub.automation.fields import Offset, SunEvent
from hub.automation.sun import next_sun
from hub.automation.times import keep_time
from hub.automation.triggers.base import CannotListen, Detach, Site, Trigger


class SunTrigger(Trigger):
    """The sun rises or sets over the town (`hub: location`), or so long before or after it."""

    word: ClassVar[str] = "sun"

    trigger: Literal["sun"]
    """`sun`."""
    event: SunEvent
    """`sunrise` or `sunset`."""
    offset: Offset = timedelta(0)
    """How much later (`30m`) or earlier (`-30m`)."""

    def listen(self, site: Site) -> Detach:
        """Wait for it day by day."""
        world, place = site.world, site.world.location
        if place is None:
            raise CannotListen("the town has not said where it lies ('hub: location')")

        def next_after(moment: datetime) -> datetime | None:
            return next_sun(self.event, moment, self.offset, place, world.time_zone)

        def fire() -> None:
            site.fire({"event": self.event, "offset": self.offset}, None)

        task = site.tasks.start(keep_time(world.clock, next_after, fire), f"sun of {site.owner}")

        def detach() -> None:
            task.cancel()

        return detach
