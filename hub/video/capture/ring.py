"""The pre-roll: the last seconds of a camera, in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from hub.video.capture.fragments import Fragment


@dataclass(slots=True, eq=False)
class Group:
    """A group of pictures: a keyframe's fragment and those up to the next keyframe."""

    number: int
    """One more than the group before it, if nothing is missing between the two."""
    fragments: list[Fragment] = field(default_factory=list)
    bytes: int = 0
    kept: bool = False
    """It was, or is being, written to a file."""

    @property
    def start(self) -> float:
        return self.fragments[0].start

    @property
    def end(self) -> float:
        return self.fragments[-1].end


class Ring:
    """Whole groups of pictures, bounded in seconds and in bytes.

    Without a keyframe for so long that a single group is over the bytes, that group goes, and the
    ring stays empty until the next keyframe.
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
    def span(self) -> float:
        """Seconds of video that it holds."""
        return sum(group.end - group.start for group in self._groups)

    def add(self, fragment: Fragment) -> Group | None:
        """Take a fragment; returns its group, or None while a keyframe is waited for."""
        if fragment.key:
            self._number += 2 if self._broken else 1
            self._groups.append(Group(self._number))
            self._broken = False
        if self._broken:
            return None
        group = self._groups[-1]
        group.fragments.append(fragment)
        group.bytes += len(fragment.data)
        self.bytes += len(fragment.data)
        self._evict()
        return group if self._groups else None

    def interrupt(self) -> None:
        """The stream broke off: what comes next does not follow what is here."""
        self._broken = True

    def resize(self, seconds: float, most_bytes: int) -> None:
        self.seconds = seconds
        self.most_bytes = most_bytes
        self._evict()

    def _evict(self) -> None:
        while len(self._groups) > 1 and (
            self.bytes > self.most_bytes
            or self._groups[-1].end - self._groups[1].start > self.seconds
        ):
            self._drop()
        if self.bytes > self.most_bytes and self._groups:
            self._drop()
            self._broken = True

    def _drop(self) -> None:
        self.bytes -= self._groups.popleft().bytes
