"""How much a stream sends."""

from __future__ import annotations

from hub.video.capture.fragments import Fragment

_SPAN_S = 10.0


class Bitrate:
    """Bits per second of the last ten seconds or so."""

    def __init__(self) -> None:
        self.value = 0.0
        self._bytes = 0
        self._since: float | None = None

    def add(self, fragment: Fragment) -> None:
        """The next fragment has come."""
        if self._since is None or fragment.end < self._since:
            self._since, self._bytes = fragment.start, 0
        self._bytes += len(fragment.data)
        span = fragment.end - self._since
        if span >= _SPAN_S or not self.value:
            self.value = 8 * self._bytes / max(span, fragment.duration, 1e-3)
        if span >= _SPAN_S:
            self._since, self._bytes = fragment.end, 0
