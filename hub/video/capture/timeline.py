"""A camera's timestamps in this machine's time."""

from __future__ import annotations

JUMP_S = 2.0
"""A frame from further in the future than this shows a jump of the camera's clock."""
_WINDOW_S = 10.0


class Timeline:
    """Makes timestamps start at zero and never jump, and tells what time it is at zero.

    A frame can only come late, never early: so the least (arrival - timestamp) of the last 10 to
    20 s is the instant of timestamp zero, and follows the drift of the camera's clock. Stalls and
    bursts do not disturb it. Timestamps that go back, or ahead of the present, are carried on at
    their time of arrival, and frames without any are placed there.
    """

    def __init__(self, tick_s: float) -> None:
        self._tick_s = tick_s
        self._shift = 0
        self._last: int | None = None
        self._least = self._before = float("inf")
        self._turned = 0.0
        self.zero = 0.0
        """Unix time of timestamp zero."""

    def place(self, raw: int | None, arrival: float) -> int:
        """The continuous timestamp, in ticks, of a frame; `raw` is its own (decode) timestamp."""
        if self._last is None:
            self._shift = raw or 0
            self._turned = arrival
            time = 0
        elif raw is None:
            time = self._arrived(self._last, arrival)
        else:
            time = raw - self._shift
            if time <= self._last or time * self._tick_s + self.zero > arrival + JUMP_S:
                time = self._arrived(self._last, arrival)
                self._shift = raw - time
        self._last = time
        self._learn(arrival - time * self._tick_s, arrival)
        return time

    def _arrived(self, last: int, arrival: float) -> int:
        return max(last + 1, round((arrival - self.zero) / self._tick_s))

    def _learn(self, zero: float, arrival: float) -> None:
        if not 0 <= arrival - self._turned <= _WINDOW_S:  # below 0: this machine's clock was set
            self._before = self._least if arrival > self._turned else float("inf")
            self._least = float("inf")
            self._turned = arrival
        self._least = min(self._least, zero)
        self.zero = min(self._least, self._before)

    def instant(self, time: float) -> float:
        """Unix time of a number of seconds on this timeline."""
        return self.zero + time
