"""Clips: a window of a camera as one MP4 file, cut at keyframes and never encoded again.

A clip is not made, but read: its size is known beforehand, and any part of it is put together
from the files of the archive when it is asked for, so that a browser may seek in it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, chain, pairwise

from hub.store.store import Store
from hub.video.files import boxes, codecs, mp4
from hub.video.files.archive import STREAM
from hub.video.files.opening import Opener
from hub.video.files.places import Tiers
from hub.video.indexing import index
from hub.video.status import NothingRecorded

_UNIT = 64
"""A fragment is longer than so many bytes: places in a clip, in this unit, number its fragments."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Consecutive fragments of one file. `began`: the instant of the first frame; `time`: where
    that lies on the file's timeline, like `duration` in ticks; `frame`: ticks of a frame; `groups`:
    sizes of the fragments, and ticks, of each group of pictures.
    """

    file: index.File
    init: bytes
    scale: int
    offset: int
    end_offset: int
    began: datetime
    time: int
    duration: int
    frame: float
    groups: Sequence[tuple[Sequence[int], int]]

    @property
    def size(self) -> int:
        return self.end_offset - self.offset

    @property
    def seconds(self) -> float:
        return self.duration / self.scale

    @property
    def ended(self) -> datetime:
        return self.began + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Part:
    """Where a stretch of time lies in a clip: `at` is the instant of its first frame, `time` its
    place in the clip; in seconds, like `duration`."""

    at: datetime
    time: float
    duration: float


class Clips:
    """Plans clips from the index and the outlines of the files."""

    def __init__(self, store: Store, tiers: Tiers) -> None:
        self._store = store
        self._opener = Opener(store, tiers)

    async def plan(self, camera: str, start: datetime, end: datetime, stream: str = STREAM) -> Clip:
        """The clip from the last keyframe at or before `start` to `end`, as far as files go.

        Files of other parameters than the first one's cannot be joined to it: the clip then ends
        there, and says so. Raises NothingRecorded.
        """
        files = await self._store.read(lambda c: index.files(c, camera, stream, start, end))
        cuts: list[Cut] = []
        for file in files:
            cut = await self._cut(file, start, end)
            if cut is None:
                continue
            if cuts and cut.init != cuts[0].init:
                return Clip(self._opener, cuts, cut_short=True)
            cuts.append(cut)
        if not cuts:
            raise NothingRecorded
        return Clip(self._opener, cuts, cut_short=False)

    async def _cut(self, file: index.File, start: datetime, end: datetime) -> Cut | None:
        """What a file holds of a window; None for one that went away, or was just created."""
        try:
            fd = await self._opener.open(file)
        except OSError:
            return None
        try:
            return await asyncio.to_thread(cut, file, fd, start, end)
        except boxes.Mp4Error:
            return None
        finally:
            os.close(fd)


def cut(file: index.File, fd: int, start: datetime, end: datetime) -> Cut | None:
    """The fragments of an open file from the keyframe at or before `start` to the one that holds
    `end`; None where there are none. Raises Mp4Error."""
    outline = mp4.outline(fd)
    groups = outline.groups
    if not groups:
        return None
    zero = groups[0].time
    from_tick = zero + round((start - file.start).total_seconds() * outline.scale)
    to_tick = zero + round((end - file.start).total_seconds() * outline.scale)
    times = [group.time for group in groups]
    first = max(0, bisect_right(times, from_tick) - 1)
    behind = bisect_left(times, to_tick)
    if behind <= first:
        return None
    chosen = groups[first:behind]
    closing = mp4.pieces_of(fd, chosen[-1].offset, chosen[-1].end)
    ending = [piece for piece in closing if piece.time < to_tick]
    if not ending or ending[-1].time + ending[-1].duration <= from_tick:  # or it was cut off since
        return None
    return _cut(file, fd, outline, chosen, ending)


def _cut(
    file: index.File,
    fd: int,
    outline: mp4.Outline,
    chosen: Sequence[mp4.Group],
    ending: Sequence[mp4.Piece],
) -> Cut:
    """Some groups of a file; of the last one so many fragments."""
    begin, last = chosen[0], ending[-1]
    end_time = last.time + last.duration
    groups = [(group.sizes, group.ticks) for group in chosen[:-1]]
    groups.append((tuple(piece.size for piece in ending), end_time - chosen[-1].time))
    since = timedelta(seconds=(begin.time - outline.groups[0].time) / outline.scale)
    head = os.pread(fd, begin.sizes[0], begin.offset)
    return Cut(
        file=file,
        init=outline.init,
        scale=outline.scale,
        offset=begin.offset,
        end_offset=last.offset + last.size,
        began=file.start + since,
        time=begin.time,
        duration=end_time - begin.time,
        frame=mp4.read_moof(head).duration / mp4.frames_of(head),
        groups=groups,
    )


class Clip:
    """One MP4 file that can be read in parts.

    `start`, `end`: the instants of its first and last frame's edges. `size` in bytes, exact.
    `codec`: for `video/mp4; codecs="..."`. `frame`: seconds of a frame. `parts`: where each time
    lies in it. `gaps`: where nothing was recorded; the clip goes on at once behind each.
    `cut_short`: the camera changed its parameters before `end`.
    """

    def __init__(self, opener: Opener, cuts: Sequence[Cut], *, cut_short: bool) -> None:
        self._opener = opener
        self._cuts = cuts
        init, scale = cuts[0].init, cuts[0].scale
        self._head = init + mp4.index([group for each in cuts for group in each.groups], scale)
        self._offsets = list(accumulate((each.size for each in cuts), initial=len(self._head)))
        self._times = list(accumulate((each.duration for each in cuts), initial=0))
        self.start = cuts[0].began
        self.end = cuts[-1].ended
        self.size = self._offsets[-1]
        self.codec = codecs.mime_codec(init)
        self.width, self.height = boxes.picture_size(init)
        self.frame = cuts[0].frame / scale
        self.cut_short = cut_short
        longest = timedelta(seconds=index.GAP_S)
        self.gaps = [(a.ended, b.began) for a, b in pairwise(cuts) if b.began - a.ended > longest]
        self.parts = [
            Part(each.began, time / scale, each.seconds)
            for each, time in zip(cuts, self._times, strict=False)
        ]

    @property
    def mark(self) -> str:
        """A name for its bytes."""
        places = repr([(each.file.id, each.offset, each.end_offset) for each in self._cuts])
        return hashlib.sha256(self._head + places.encode()).hexdigest()[:24]

    async def read(self, offset: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `offset` on, `length` of them or all, a fragment at a time.

        Raises OSError where a file went away in the meantime.
        """
        end = self.size if length is None else min(self.size, offset + length)
        if offset < len(self._head) and offset < end:
            yield self._head[offset:end]
            offset = len(self._head)
        first = max(0, bisect_right(self._offsets, offset) - 1)
        for number in range(first, len(self._cuts)):
            begins = self._offsets[number]
            if begins >= end:
                return
            fd = await self._opener.open(self._cuts[number].file)
            reader = _Reader(fd, self._cuts[number], begins, self._times[number])
            try:
                await asyncio.to_thread(reader.skip, offset - begins)
                while chunk := await asyncio.to_thread(reader.next):
                    at, data = chunk
                    low, high = max(0, offset - at), end - at
                    if high <= 0:
                        return
                    if low < len(data):
                        yield bytes(memoryview(data)[low:high])
            finally:
                os.close(fd)


class _Reader:
    """Reads one cut, a fragment at a time, with its place in the clip written in."""

    def __init__(self, fd: int, cut: Cut, begins: int, time: int) -> None:
        self._fd = fd
        self._cut = cut
        self._offset = cut.offset
        self._place = begins - cut.offset
        self._time = time - cut.time
        self._scales = boxes.timescales(cut.init)

    def skip(self, offset: int) -> None:
        """Pass over the fragments that end at or before an offset in the cut."""
        target = self._cut.offset + offset
        for size in chain.from_iterable(sizes for sizes, _ in self._cut.groups):
            if self._offset + size > target:
                return
            self._offset += size

    def next(self) -> tuple[int, bytes] | None:
        """(place in the clip, bytes) of the next fragment, or None at the end."""
        if self._offset >= self._cut.end_offset:
            return None
        piece = mp4.piece_at(self._fd, self._offset, self._cut.end_offset)
        if piece is None:
            raise OSError("a file of the clip was changed")
        data = os.pread(self._fd, piece.size, piece.offset)
        moof = mp4.read_moof(data, self._scales)
        place = self._offset + self._place
        head = mp4.moved(data, moof, self._time + moof.time, place // _UNIT)
        self._offset += piece.size
        return place, bytes(head) + data[moof.size :]
