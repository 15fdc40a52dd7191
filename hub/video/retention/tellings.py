"""What the keeper tells the town: each thing when it begins and when it ends, not all the time."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from hub.bus import Bus
from hub.clock import Clock
from hub.model.core_events import (
    ArchiveDiskBack,
    ArchiveDiskFailed,
    ArchiveMinimumBroken,
    ArchivePurged,
    ArchivePurgePaused,
    ArchivePurgeResumed,
    ArchiveShort,
    ArchiveShortOver,
)
from hub.video.retention.forecast import Forecast
from hub.video.retention.plan import Doomed
from hub.video.talk.messages import DiskReport

log = logging.getLogger("hub.video.retention")

UNSURE_S = 120.0
"""So long after its start the hub may not yet know whether the clock is right."""
PURGED_S = 600.0
"""What was deleted is told at most so often."""
BROKEN_S = 3600.0
SHORT_S = 86_400.0
"""A shortage that lasts is told again so often."""


class Tellings:
    """Publishes and logs."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._began = clock.monotonic()
        self._is_paused = False
        self._deleted: dict[str, list[int]] = {}
        self._broken: dict[str, set[str]] = {}
        self._told: dict[str, float] = {}
        self._failing: dict[str, str] = {}
        self._short_tier: str | None = None

    def paused(self) -> None:
        """Nothing is deleted, since the clock is not trusted."""
        if self._is_paused or self._clock.monotonic() - self._began < UNSURE_S:
            return
        self._is_paused = True
        log.error("no recording is deleted: the clock is further on than it can be; set it right")
        now = self._clock.now()
        self._bus.publish(ArchivePurgePaused(source="hub", received_at=now, why="clock"))

    def resumed(self) -> None:
        """The clock is trusted."""
        if not self._is_paused:
            return
        self._is_paused = False
        log.warning("the clock is trusted again: recordings are deleted as they should be")
        self._bus.publish(ArchivePurgeResumed(source="hub", received_at=self._clock.now()))

    def keeping_all(self, why: Path) -> None:
        """Nothing is deleted while this file is in the data folder."""
        if self._may("keeping all", SHORT_S):
            log.error("no recording is deleted while '%s' is in the data folder", why)

    def disk(self, report: DiskReport) -> None:
        """A disk cannot be written, or can be again. Each capture process tells of it."""
        if self._failing.get(report.tier) == report.why:
            return
        now = self._clock.now()
        if report.why is None:
            del self._failing[report.tier]
            self._bus.publish(ArchiveDiskBack(source="hub", received_at=now, tier=report.tier))
            return
        self._failing[report.tier] = report.why
        event = ArchiveDiskFailed(source="hub", received_at=now, tier=report.tier, why=report.why)
        self._bus.publish(event)

    def deleted(self, files: Iterable[Doomed]) -> None:
        """These were deleted; it is told with others, by `flush`."""
        for each in files:
            count = self._deleted.setdefault(each.why.value, [0, 0])
            count[0] += 1
            count[1] += each.piece.bytes
            if each.early:
                self._broken.setdefault(each.why.value, set()).add(each.piece.camera)

    def flush(self) -> None:
        """Tell what is due."""
        now = self._clock.now()
        if self._deleted and self._may("purged", PURGED_S):
            for why, (files, size) in self._deleted.items():
                log.info("%d files (%d bytes) were deleted: %s", files, size, why)
                self._bus.publish(
                    ArchivePurged(
                        source="hub", received_at=now, segments=files, bytes=size, why=why
                    )
                )
            self._deleted.clear()
        if self._broken and self._may("broken", BROKEN_S):
            for why, cameras in self._broken.items():
                names = tuple(sorted(cameras))
                log.error("recordings of %s went before their shortest time: %s", names, why)
                self._bus.publish(
                    ArchiveMinimumBroken(source="hub", received_at=now, cameras=names, why=why)
                )
            self._broken.clear()

    def forecast(self, forecast: Forecast) -> None:
        """A shortage begins, lasts or is over. It is told of the disk that is written to."""
        now = self._clock.now()
        if forecast.short and forecast.days is not None:
            if self._short_tier is None or self._may("short", SHORT_S):
                self._short_tier = forecast.tiers[0].tier
                self._told["short"] = self._clock.monotonic()
                log.warning(
                    "the disks hold %.1f days, less than the shortest time of %s",
                    forecast.days, ", ".join(forecast.short),
                )  # fmt: skip
                self._bus.publish(
                    ArchiveShort(
                        source="hub", received_at=now, tier=self._short_tier,
                        days=round(forecast.days, 1), cameras=forecast.short,
                    )
                )  # fmt: skip
        elif self._short_tier is not None and forecast.is_over:
            tier, self._short_tier = self._short_tier, None
            log.info("the disks hold every camera's shortest time again")
            self._bus.publish(ArchiveShortOver(source="hub", received_at=now, tier=tier))

    def _may(self, what: str, every: float) -> bool:
        now = self._clock.monotonic()
        last = self._told.get(what)
        if last is not None and now - last < every:
            return False
        self._told[what] = now
        return True
