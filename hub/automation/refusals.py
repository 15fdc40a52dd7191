"""Tells that an automation was triggered and did not run: nothing is refused in silence."""

from __future__ import annotations

import logging
from datetime import datetime

from hub.automation.gates import LOOP_S, Refusal
from hub.bus import Bus
from hub.clock import Clock
from hub.model.core_events import AutomationLimited, AutomationRefused
from hub.model.event import Event

log = logging.getLogger("hub.automation")

LEVELS = {
    "silent": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


class Refusals:
    """What is told of one automation: each refusal by an event, one because of how often it is
    triggered only when it begins and once a minute while it goes on."""

    def __init__(self, automation: str, loud: str, bus: Bus, clock: Clock) -> None:
        self._automation = automation
        self._loud = LEVELS[loud]
        self._bus = bus
        self._clock = clock
        self._telling = False
        self._limited_until = 0.0

    def tell(self, refusal: Refusal, at: datetime, by: Event | None) -> None:
        """Tell it in the log and, unless it only waits for another signal, on the bus. A refusal
        that such an event leads to (`by`) is not told again: it would be without end, and many
        automations that hear of refusals would multiply them."""
        if refusal.waits:
            log.debug("automation '%s': %s", self._automation, refusal.why)
            return
        if self._telling:
            return
        event = self._event(refusal, at)
        if event is None:
            return
        told = by is None or by.type not in (AutomationRefused.type, AutomationLimited.type)
        log.log(self._loud, "automation '%s' refused: %s", self._automation, refusal.why)
        if not told:
            return
        self._telling = True
        try:
            self._bus.publish(event)
        finally:
            self._telling = False

    def _event(self, refusal: Refusal, at: datetime) -> Event | None:
        kind: type[AutomationRefused | AutomationLimited] = AutomationRefused
        if refusal.limit:
            now = self._clock.monotonic()
            if now < self._limited_until:
                return None
            self._limited_until = now + LOOP_S
            kind = AutomationLimited
        source = f"automation.{self._automation}"
        return kind(source=source, received_at=at, automation=self._automation, why=refusal.why)
