"""One file of the archive, from its first fragment to its seal."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from hub.video.capture.fragments import Epoch, Fragment
from hub.video.capture.ring import Group
from hub.video.files import mp4
from hub.video.files.archive import segment_report, sha256_of
from hub.video.talk.messages import SegmentReport

MOST_BYTES = 1 << 30
"""No file grows beyond it; an index can name twice as much between two keyframes."""

CLOCK_SET_S = 2.0
"""Instants of one stream differ by as much only where this machine's clock was set."""


class Segment:
    """A file that is being written. Each fragment is one unbuffered write, so that a killed
    process loses at most the one that it was writing."""

    def __init__(
        self,
        root: Path,
        tier: str,
        path: str,
        epoch: Epoch,
        start: float,
        over: Callable[[str], None],
    ) -> None:
        """`over` is called with the path when the file is sealed. Raises OSError."""
        self.path = path
        self.tier = tier
        self.root = root
        self.epoch = epoch
        self.start = start
        self.end = start
        self._over = over
        self._base: int | None = None
        self._group = self._groups = 0
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        self._fd = os.open(root / path, flags, 0o640)
        self._size = 0
        try:
            self._append(epoch.init + mp4.room())
        except OSError:
            os.close(self._fd)
            (root / path).unlink()
            raise

    def takes(self, group: Group, longest_s: float) -> bool:
        """Whether this group goes on where the file ends, and finds room in it. It does not where
        this machine's clock was set in between."""
        length = self.end - self.start
        return (
            group.number == self._group + 1
            and group.epoch is self.epoch
            and length + length / self._groups <= longest_s
            and abs(group.start - self.end) < CLOCK_SET_S
        )

    @property
    def full(self) -> bool:
        """It may not grow any more, though no keyframe has come."""
        return self._size >= MOST_BYTES

    def begin(self, group: Group) -> None:
        """What is written next is of this group."""
        self._group = group.number
        self._groups += 1

    def write(self, fragment: Fragment) -> None:
        """Append a fragment, its time counted from the file's first one. Raises OSError; the
        file then ends with the last whole fragment."""
        if self._base is None:
            self._base = fragment.moof.time
        head = mp4.moved(fragment.data, fragment.moof, fragment.moof.time - self._base)
        self._append(head, memoryview(fragment.data)[fragment.moof.size :])
        since = (fragment.moof.time - self._base) / self.epoch.scale
        begun = fragment.start - since
        if self.start - CLOCK_SET_S < begun < self.start:  # frames come late, never early
            self.start = begun
        self.end = self.start + since + fragment.duration

    def _append(self, *parts: bytes | bytearray | memoryview) -> None:
        size = sum(len(part) for part in parts)
        written = os.writev(self._fd, parts)
        if written != size:
            os.ftruncate(self._fd, self._size)
            raise OSError(errno.ENOSPC, "the disk is full")
        self._size += size

    def opened(self) -> SegmentReport:
        """What is told of it at its beginning."""
        return self._report(None, self._size, None)

    def close(self) -> SegmentReport | None:
        """Write the index, sync, seal with a digest of what is on disk, and report; None where it
        holds nothing. Raises OSError, Mp4Error."""
        try:
            layout = mp4.finish(self._fd)
            os.fsync(self._fd)
            digest = sha256_of(self._fd)
        finally:
            os.close(self._fd)
        if not layout.pieces:
            (self.root / self.path).unlink()
        self._over(self.path)
        if not layout.pieces:
            return None
        end = self.start + layout.duration / layout.scale
        return self._report(end, layout.whole, digest)

    def _report(self, end: float | None, size: int, digest: str | None) -> SegmentReport:
        return segment_report(
            self.path,
            self.tier,
            self.epoch.init,
            self.start,
            end,
            size,
            keyframes=self._groups,
            sha256=digest,
        )
