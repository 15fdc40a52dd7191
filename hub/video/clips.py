"""Clips: a window of a camera as one MP4 file, cut at keyframes and never encoded again.

A clip is not made, but read: its size is known beforehand, and any part of it is put together
from the files of the archive when it is asked for, so that a browser may seek in it.
"""

from __future__ import annotations

import asyncio
import os
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from pathlib import Path

from sqlalchemy import Connection

from hub.store.store import Store
from hub.video import codecs, index, mp4
from hub.video.archive import STREAM
from hub.video.status import NothingRecorded


@dataclass(frozen=True, slots=True)
class _Part:
    """Consecutive fragments of one file. `time`: where they begin in the clip, in ticks."""

    path: Path
    first: mp4.Piece
    end_offset: int
    time: int
    number: int
    count: int
    groups: Sequence[tuple[int, int]]
    duration: int
    start: datetime
    end: datetime

    @property
    def size(self) -> int:
        return self.end_offset - self.first.offset


class Clips:
    """Plans clips from the index and the heads of the files."""

    def __init__(self, data: Path, store: Store) -> None:
        self._data = data
        self._store = store

    async def plan(self, camera: str, start: datetime, end: datetime) -> Clip:
        """The clip from the last keyframe at or before `start` to `end`, as far as files go.

        Files of other parameters than the first one's cannot be joined to it: the clip then ends
        there, and says so. Raises NothingRecorded.
        """

        def run(connection: Connection) -> Clip:
            return self._plan(index.files(connection, camera, STREAM, start, end), start, end)

        return await self._store.read(run)

    def _plan(self, files: Sequence[index.File], start: datetime, end: datetime) -> Clip:
        parts: list[_Part] = []
        head: mp4.Layout | None = None
        for file in files:
            layout = self._scan(file)
            if layout is None:
                continue
            if head is not None and layout.init != head.init:
                return Clip(head.init, head.scale, parts, cut_short=True)
            part = _cut(self._data / file.path, file.start, layout, start, end, parts)
            if part is not None:
                head = head or layout
                parts.append(part)
        if head is None:
            raise NothingRecorded
        return Clip(head.init, head.scale, parts, cut_short=False)

    def _scan(self, file: index.File) -> mp4.Layout | None:
        try:
            fd = os.open(self._data / file.path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            return mp4.scan(fd)
        except mp4.Mp4Error:  # just created
            return None
        finally:
            os.close(fd)


def _cut(
    path: Path,
    began: datetime,
    layout: mp4.Layout,
    start: datetime,
    end: datetime,
    before: Sequence[_Part],
) -> _Part | None:
    """The fragments of a file from the keyframe at or before `start` to the one that holds
    `end`."""
    pieces = layout.pieces
    if not pieces:
        return None
    zero = pieces[0].time
    from_tick = zero + (start - began).total_seconds() * layout.scale
    to_tick = zero + (end - began).total_seconds() * layout.scale
    keys = [n for n, piece in enumerate(pieces) if piece.key and piece.time <= from_tick]
    first = keys[-1] if keys else 0
    last = next((n for n, piece in enumerate(pieces) if piece.time >= to_tick), len(pieces))
    chosen = pieces[first:last]
    if not chosen or chosen[-1].time + chosen[-1].duration <= from_tick:
        return None
    begin, finish = chosen[0].time, chosen[-1].time + chosen[-1].duration
    return _Part(
        path=path,
        first=chosen[0],
        end_offset=chosen[-1].offset + chosen[-1].size,
        time=before[-1].time + before[-1].duration if before else 0,
        number=before[-1].number + before[-1].count if before else 1,
        count=len(chosen),
        groups=mp4.groups_of(chosen),
        duration=finish - begin,
        start=began + timedelta(seconds=(begin - zero) / layout.scale),
        end=began + timedelta(seconds=(finish - zero) / layout.scale),
    )


class Clip:
    """One MP4 file that can be read in parts.

    `start`, `end`: the instants of its first and last frame's edges. `size` in bytes, exact.
    `codec`: for `video/mp4; codecs="..."`. `gaps`: where nothing was recorded; the clip goes on
    at once behind each. `cut_short`: the camera changed its parameters before `end`.
    """

    def __init__(self, init: bytes, scale: int, parts: Sequence[_Part], *, cut_short: bool) -> None:
        self._parts = parts
        groups = [group for part in parts for group in part.groups]
        self._head = init + mp4.index(groups, scale)
        self._offsets = list(accumulate((part.size for part in parts), initial=len(self._head)))
        self.start = parts[0].start
        self.end = parts[-1].end
        self.size = self._offsets[-1]
        self.codec = codecs.mime_codec(init)
        self.cut_short = cut_short
        longest = timedelta(seconds=index.GAP_S)
        self.gaps = [(a.end, b.start) for a, b in pairwise(parts) if b.start - a.end > longest]

    async def read(self, offset: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `offset` on, `length` of them or all, a fragment at a time.

        Raises OSError where a file went away in the meantime.
        """
        end = self.size if length is None else min(self.size, offset + length)
        if offset < len(self._head) and offset < end:
            yield self._head[offset:end]
            offset = len(self._head)
        number = max(0, bisect_right(self._offsets, offset) - 1)
        for part, begins in list(zip(self._parts, self._offsets, strict=False))[number:]:
            if begins >= end:
                return
            reader = await asyncio.to_thread(_Reader, part)
            try:
                while chunk := await asyncio.to_thread(reader.next):
                    at, data = chunk
                    low, high = max(0, offset - begins - at), end - begins - at
                    if high <= 0:
                        return
                    if low < len(data):
                        yield bytes(memoryview(data)[low:high])
            finally:
                await asyncio.to_thread(reader.close)


class _Reader:
    """Reads one part, a fragment at a time, with its place in the clip written in."""

    def __init__(self, part: _Part) -> None:
        self._part = part
        self._offset = part.first.offset
        self._number = part.number
        self._fd = os.open(part.path, os.O_RDONLY)

    def next(self) -> tuple[int, bytes] | None:
        """(offset in the part, bytes) of the next fragment, or None at the end."""
        part = self._part
        if self._offset >= part.end_offset:
            return None
        piece = mp4.piece_at(self._fd, self._offset, part.end_offset)
        if piece is None:
            raise OSError("a file of the clip was changed")
        data = os.pread(self._fd, piece.size, piece.offset)
        moof = mp4.read_moof(data)
        time = part.time + moof.time - part.first.time
        head = mp4.moved(data, moof, time, self._number)
        at = self._offset - part.first.offset
        self._offset += piece.size
        self._number += 1
        return at, bytes(head) + data[moof.size :]

    def close(self) -> None:
        os.close(self._fd)
