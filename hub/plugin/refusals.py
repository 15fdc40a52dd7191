"""One log line for a source that sends rubbish, instead of one for each message."""

from __future__ import annotations

from logging import Logger

from hub.clock import Clock

QUIET_S = 60.0


class Refusals:
    """Tells of refused messages: for each source at once, then at most once a minute."""

    def __init__(self, log: Logger, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._told_at: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def note(self, source: str, why: str) -> None:
        """`why` says what is wrong, and quotes nothing of the message."""
        now = self._clock.monotonic()
        told_at = self._told_at.get(source)
        if told_at is not None and now - told_at < QUIET_S:
            self._untold[source] = self._untold.get(source, 0) + 1
            return
        self._told_at[source] = now
        more = self._untold.pop(source, 0)
        tail = f" ({more} more refused since the last line)" if more else ""
        self._log.warning("%s: refused a message: %s%s", source, why, tail)
