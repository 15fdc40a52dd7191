"""Sound beside the pictures of one connection: where each piece of it lies, and what waits."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from hub.video.capture.packets import AudioFormat, AudioPacket

OFF_S = 0.15
"""Sound is carried on without a seam until it is so far from where it belongs."""
SILENT_S = 5.0
"""After so long without any, files go on without a track for it."""
_MOST_WAITING = 1000
"""Pieces, of 20 to 64 ms, that wait for pictures; the oldest go first."""


class Piece(NamedTuple):
    """Sound in its place; times are in samples on the timeline of the pictures."""

    time: int
    samples: int
    data: bytes


class Sound:
    """Sound is heard a little late or early, never in step with the frames, and its clock drifts
    against theirs. It is laid end to end as long as that is nearly true; else a gap is left, or
    what is too much is dropped. `given`: what the connection announced."""

    def __init__(self, given: AudioFormat | None) -> None:
        self._heard = given
        self._heard_at: float | None = None
        self._format: AudioFormat | None = None
        self._waiting: deque[Piece] = deque(maxlen=_MOST_WAITING)
        self._next: int | None = None
        self._floor = 0

    def begin(self, at: float) -> AudioFormat | None:
        """A keyframe stands at so many seconds; returns the format of sound from here on. No
        sound lies before the keyframe, for a file may begin there."""
        if self._heard_at is None:
            self._heard_at = at
        form = self._heard if at - self._heard_at <= SILENT_S else None
        if form != self._format:
            self._format = form
            self._waiting.clear()
            self._next = None
        if form is not None:
            self._floor = math.ceil(at * form.rate)
        return form

    def push(self, packet: AudioPacket, at: float) -> None:
        """The next piece, which was heard at so many seconds."""
        self._heard, self._heard_at = packet.format, at
        if packet.format != self._format:
            return
        rate = packet.format.rate
        time = round(at * rate)
        if self._next is not None:
            if abs(time - self._next) <= OFF_S * rate:
                time = self._next
            elif time < self._next:
                return
        time = max(time, self._floor)
        self._waiting.append(Piece(time, packet.samples, packet.data))
        self._next = time + packet.samples

    def take(self, end: float) -> Sequence[Piece]:
        """What begins before so many seconds."""
        if not self._waiting or self._format is None:
            return ()
        last = math.ceil(end * self._format.rate)
        taken = []
        while self._waiting and self._waiting[0].time < last:
            taken.append(self._waiting.popleft())
        return taken
