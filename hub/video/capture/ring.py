"""The pre-roll: the last seconds of a stream, in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from hub.video.capture.fragments import Epoch, Fragment


@dataclass(slots=True, eq=False)
class Group:
    """A group of pictures: a keyframe's fragment and those up to the next keyframe."""

    number: int
    """One more than the group before it, if nothing is missing between the two."""
    epoch: Epoch
    start: float
    end: float
    fragments: list[Fragment] = field(default_factory=list)
    """All of them, or none at all where they were too many."""
    bytes: int = 0
    kept: bool = False
    """It was, or is being, written to a file; or it must not be."""


class Ring:
    """Whole groups of pictures, bounded in seconds and in bytes.

    A single group may be over the bytes, where keyframes are rare. One that is being written goes
    on without being held in memory; of any other nothing is left until the next keyframe.
    """

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self.seconds = seconds
        self.most_bytes = most_bytes
        self.bytes = 0
        self._groups: deque[Group] = deque()
        self._broken = True
        self._number = 0

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups)

    @property
    def last(self) -> Group | None:
        """The group that is growing, or was the last to."""
        try:
            return self._groups[-1]
        except IndexError:
            return None

    @property
    def span(self) -> float:
        """Seconds of video that it holds."""
        return sum(group.end - group.start for group in tuple(self._groups) if group.fragments)

    def add(self, fragment: Fragment) -> Group | None:
        """Take a fragment; returns its group, or None while a keyframe is waited for. The ring may
        be over its bounds then, until `trim`."""
        if fragment.key:
            self._number += 2 if self._broken else 1
            group = Group(self._number, fragment.epoch, fragment.start, fragment.end)
            self._groups.append(group)
            self._broken = False
        if self._broken:
            return None
        group = self._groups[-1]
        group.end = fragment.end
        if fragment.key or group.fragments:
            group.fragments.append(fragment)
            group.bytes += len(fragment.data)
            self.bytes += len(fragment.data)
        return group

    def interrupt(self) -> None:
        """The stream broke off: what comes next does not follow what is here."""
        self._broken = True

    def clear(self) -> None:
        """Let go of everything; the next keyframe begins anew."""
        self._groups.clear()
        self.bytes = 0
        self._broken = True

    def resize(self, seconds: float, most_bytes: int) -> None:
        self.seconds = seconds
        self.most_bytes = most_bytes
        self.trim()

    def trim(self) -> None:
        """Let go of what is over the bounds, the oldest first."""
        while len(self._groups) > 1 and (
            self.bytes > self.most_bytes
            or self._groups[-1].end - self._groups[1].start > self.seconds
        ):
            self.bytes -= self._groups.popleft().bytes
        if self.bytes <= self.most_bytes:
            return
        last = self._groups[-1]
        last.fragments.clear()
        last.bytes = self.bytes = 0
        if not last.kept:
            self.clear()
