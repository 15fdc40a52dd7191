"""A device that should be heard of every so often, and is not."""

from __future__ import annotations

from datetime import timedelta

from hub.model.incident import Severity
from hub.plugin.context import PluginHub


class Silence:
    """Makes an entity unavailable, and opens a technical incident, when its device has been silent
    for longer than `expect_every`; a device that fails silently is worse than none."""

    def __init__(self, hub: PluginHub, entity_id: str, expect_every: timedelta) -> None:
        self._hub = hub
        self._entity_id = entity_id
        self._limit = expect_every.total_seconds()
        self._heard_at = hub.clock.monotonic()
        self._silent = False
        self._told = False

    def heard(self) -> None:
        """The device gave a sign of life."""
        self._heard_at = self._hub.clock.monotonic()
        if self._silent:
            self._silent = self._told = False
            self._hub.set_available(self._entity_id, True)
            self._hub.log.info("%s is heard again", self._entity_id)

    async def watch(self) -> None:
        """For `hub.loop`."""
        while True:
            left = self._heard_at + self._limit - self._hub.clock.monotonic()
            if left <= 0:
                await self._tell()
                left = self._limit  # what is heard from now on is not late before that
            await self._hub.clock.sleep(left)

    async def _tell(self) -> None:
        if not self._silent:
            self._silent = True
            self._hub.set_available(self._entity_id, False)
            self._hub.log.warning("%s is silent for %.0f s", self._entity_id, self._limit)
        if not self._told:
            await self._hub.open_incident(
                "device_silent",
                severity=Severity.LOW,
                source=self._entity_id,
                key=f"device_silent:{self._entity_id}",
            )
            self._told = True
