"""The few parts of ISO/IEC 14496-12 that recordings need: fragments, their times, the seek index.

A file here has a track of video and perhaps one of sound: `ftyp moov`, room for the index, then
fragments, each one `moof` and one `mdat`, in which the sound stands behind the video. Times are in
ticks of the video's timescale.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from hub.video.files.boxes import Mp4Error, each, find, timescale

INDEX_ROOM = 8192
"""Bytes kept free after the init segment: the index must touch the first fragment. It names some
680 of them, twice as many as a minute has."""

_MOST_REFERENCES = 65_535  # their number has 16 bits
_HEAD = 1024  # bytes read at once per fragment; holds the moof of some 60 frames
_FRONT = 16_384  # bytes read at once of a file; holds its init segment and its index
_HOLE = bytes(64)  # never inside coded video: emulation prevention breaks runs of zeros
_STARTS_WITH_KEY = 0x9000_0000  # starts_with_SAP, SAP_type 1
_NON_SYNC = 0x10000  # sample_is_non_sync_sample


class OtherTime(NamedTuple):
    """The decode time of a further track of a fragment."""

    at: int
    """Where it stands, from the start of the moof."""
    time: int
    rate: Fraction
    """Its ticks in one tick of video."""


class Moof(NamedTuple):
    """What the head of a fragment says about its video."""

    size: int
    time_at: int
    """Where the 64-bit decode time stands, from the start of the moof."""
    time: int
    duration: int
    key: bool
    others: tuple[OtherTime, ...] = ()
    """Times of further tracks, as far as they were asked for."""


class Piece(NamedTuple):
    """One fragment inside a file."""

    offset: int
    size: int
    time: int
    duration: int
    key: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file holds. `whole` is where the last whole fragment ends."""

    init: bytes
    scale: int
    room: int | None
    pieces: Sequence[Piece]
    whole: int

    @property
    def duration(self) -> int:
        """Ticks from the first frame to the end of the last one."""
        if not self.pieces:
            return 0
        return self.pieces[-1].time + self.pieces[-1].duration - self.pieces[0].time


class Group(NamedTuple):
    """Fragments that follow each other inside a file; the first begins with a keyframe. `sizes`:
    of each of them, in bytes."""

    offset: int
    time: int
    ticks: int
    sizes: tuple[int, ...]

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.offset + sum(self.sizes)


@dataclass(frozen=True, slots=True)
class Outline:
    """What a file holds, by its groups of pictures. `whole` is where the last whole fragment
    ends."""

    init: bytes
    scale: int
    groups: Sequence[Group]
    whole: int


def read_moof(data: bytes, scales: Mapping[int, int] | None = None) -> Moof:
    """Read the moof that `data` begins with; raises Mp4Error where it is none. `scales`, those of
    the init segment, are needed for the times of further tracks."""
    try:
        moof = _read_moof(data)
        if scales is None or len(scales) < 2:
            return moof
        return moof._replace(others=tuple(_other_times(data[: moof.size], scales)))
    except struct.error:
        raise Mp4Error("a moof that ends too early") from None


def _other_times(moof: bytes, scales: Mapping[int, int]) -> Iterator[OtherTime]:
    video = next(iter(scales.values()))
    trafs = [box for box in each(moof, 8, len(moof)) if box[0] == b"traf"]
    for _, start, length in trafs[1:]:
        inside = {kind: offset for kind, offset, _ in each(moof, start + 8, start + length)}
        if b"tfhd" not in inside or b"tfdt" not in inside:
            raise Mp4Error("a track of a fragment without time")
        (track,) = struct.unpack_from(">I", moof, inside[b"tfhd"] + 12)
        at = inside[b"tfdt"] + 12
        if track not in scales or moof[at - 4] != 1:
            raise Mp4Error("a track of a fragment that cannot be read")
        yield OtherTime(at, struct.unpack_from(">Q", moof, at)[0], Fraction(scales[track], video))


def _read_moof(data: bytes) -> Moof:
    size, kind = struct.unpack_from(">I4s", data)
    if kind != b"moof" or not 8 < size <= len(data):
        raise Mp4Error("not a moof")
    inner = find(data[:size], b"moof", b"traf")
    if inner is None:
        raise Mp4Error("a moof without a track")
    defaults = (0, 0)
    time_at = time = duration = 0
    first: int | None = None
    for name, offset, _ in each(data, *inner):
        if name == b"tfhd":
            defaults = _track_defaults(data, offset)
        elif name == b"tfdt":
            if data[offset + 8] != 1:
                raise Mp4Error("a decode time of 32 bits")  # FFmpeg writes 64
            time_at = offset + 12
            (time,) = struct.unpack_from(">Q", data, time_at)
        elif name == b"trun":
            ticks, flags = _run(data, offset, defaults)
            duration += ticks
            first = flags if first is None else first
    if not time_at or first is None:
        raise Mp4Error("a fragment without time or frames")
    return Moof(size, time_at, int(time), duration, not first & _NON_SYNC)


def _track_defaults(data: bytes, offset: int) -> tuple[int, int]:
    """Default duration and flags of a sample (8.8.7)."""
    flags = struct.unpack_from(">I", data, offset + 8)[0] & 0xFFFFFF
    at = offset + 16 + 8 * bool(flags & 1) + 4 * bool(flags & 2)
    duration = sample_flags = 0
    if flags & 8:
        (duration,) = struct.unpack_from(">I", data, at)
        at += 4
    at += 4 * bool(flags & 16)
    if flags & 32:
        (sample_flags,) = struct.unpack_from(">I", data, at)
    return duration, sample_flags


def _run(data: bytes, offset: int, defaults: tuple[int, int]) -> tuple[int, int]:
    """Duration of a run of samples, and the flags of its first one (8.8.8)."""
    flags = struct.unpack_from(">I", data, offset + 8)[0] & 0xFFFFFF
    (count,) = struct.unpack_from(">I", data, offset + 12)
    at = offset + 16 + 4 * bool(flags & 1)
    duration, first = defaults
    if flags & 4:
        (first,) = struct.unpack_from(">I", data, at)
        at += 4
    step = 4 * (flags >> 8 & 0xF).bit_count()
    if flags & 0x400 and not flags & 4:
        before = 4 * bool(flags & 0x100) + 4 * bool(flags & 0x200)
        (first,) = struct.unpack_from(">I", data, at + before)
    if not flags & 0x100:
        return duration * count, first
    total = sum(struct.unpack_from(">I", data, at + n * step)[0] for n in range(count))
    return total, first


def frames_of(data: bytes) -> int:
    """How many frames of video the fragment has that `data` begins with."""
    inner = find(data, b"moof", b"traf")
    if inner is None:
        raise Mp4Error("a moof without a track")
    runs = (offset for name, offset, _ in each(data, *inner) if name == b"trun")
    return sum(struct.unpack_from(">I", data, offset + 12)[0] for offset in runs)


def moved(data: bytes, moof: Moof, time: int, number: int | None = None) -> bytearray:
    """The moof alone with another decode time (and another sequence number). Further tracks are
    moved by the same."""
    head = bytearray(data[: moof.size])
    struct.pack_into(">Q", head, moof.time_at, time)
    for other in moof.others:
        by = round((time - moof.time) * other.rate)
        struct.pack_into(">Q", head, other.at, max(0, other.time + by))
    if number is not None:
        struct.pack_into(">I", head, 20, number & 0xFFFFFFFF)  # mfhd is the first box of a moof
    return head


def room() -> bytes:
    """The free room for the index, as it stands in a file that is being written."""
    return struct.pack(">I4s", INDEX_ROOM, b"free") + bytes(INDEX_ROOM - 8)


def index(groups: Sequence[tuple[Sequence[int], int]], scale: int, start: int = 0) -> bytes:
    """A segment index (`sidx`, 8.16.3): sizes of the fragments, and ticks, of each group of
    pictures, in order; b"" where there are more fragments than one can name.

    FFmpeg, and so browsers, seek by the times of an index whether a keyframe stands there or not,
    and read twice what the index does not name when they seek back. So each fragment is named, and
    the first of a group has all of its time: no moment leads to another one.
    """
    count = sum(len(sizes) for sizes, _ in groups)
    if count > _MOST_REFERENCES:
        return b""
    head = struct.pack(
        ">I4sIIIQQHH", 40 + 12 * count, b"sidx", 1 << 24, 1, scale, start, 0, 0, count
    )
    entries: list[int] = []
    for sizes, ticks in groups:
        entries += sizes[0], ticks, _STARTS_WITH_KEY
        for size in sizes[1:]:
            entries += size, 0, 0
    return head + struct.pack(f">{3 * count}I", *entries)


def groups_of(pieces: Sequence[Piece]) -> list[tuple[tuple[int, ...], int]]:
    """Sizes and ticks of each group of pictures of consecutive fragments."""
    groups: list[tuple[tuple[int, ...], int]] = []
    for number, piece in enumerate(pieces):
        following = pieces[number + 1].time if number + 1 < len(pieces) else None
        ticks = piece.duration if following is None else following - piece.time
        if piece.key or not groups:
            groups.append(((piece.size,), ticks))
        else:
            sizes, before = groups[-1]
            groups[-1] = ((*sizes, piece.size), before + ticks)
    return groups


def scan(fd: int) -> Layout:
    """Read the heads of all boxes of an open file. What is torn at the end is left out.

    Raises Mp4Error where the file has no whole init segment.
    """
    size = os.fstat(fd).st_size
    init_end, hole = 0, None
    offset = 0
    while offset + 8 <= size:
        length, kind = struct.unpack(">I4s", os.pread(fd, 8, offset))
        if kind == b"moof" or length < 8 or offset + length > size:
            break
        if kind == b"moov":
            init_end = offset + length
        elif kind == b"free" and hole is None:
            hole = offset
        offset += length
    if not init_end:
        raise Mp4Error("no whole init segment")
    init = os.pread(fd, init_end, 0)
    pieces = list(pieces_of(fd, offset, size))
    whole = pieces[-1].offset + pieces[-1].size if pieces else offset
    return Layout(init, timescale(init), hole, pieces, whole)


def pieces_of(fd: int, offset: int, end: int) -> Iterator[Piece]:
    """The whole fragments from one offset, where one begins, to another."""
    while (piece := piece_at(fd, offset, end)) is not None:
        yield piece
        offset += piece.size


def piece_at(fd: int, offset: int, end: int) -> Piece | None:
    """The whole fragment that stands at an offset and ends at or before `end`, or None."""
    head = os.pread(fd, _HEAD, offset)
    try:
        (length,) = struct.unpack_from(">I", head)
        if offset + length + 8 > end:
            return None
        if length + 8 > len(head):
            head = os.pread(fd, length + 8, offset)
        moof = read_moof(head)
        body, kind = struct.unpack_from(">I4s", head, moof.size)
    except (Mp4Error, struct.error):
        return None
    total = moof.size + body
    if kind != b"mdat" or body < 8 or offset + total > end:
        return None
    return Piece(offset, total, moof.time, moof.duration, moof.key)


def outline(fd: int) -> Outline:
    """What an open file holds: by one read where its index covers it to its end, and else, as
    while it is being written, by the heads of all its fragments.

    Raises Mp4Error where the file has no whole init segment.
    """
    front = os.pread(fd, _FRONT, 0)
    init_end = 0
    for kind, offset, size in each(front, 0, len(front)):
        if kind == b"moov":
            init_end = offset + size
        elif kind == b"sidx" and init_end:
            whole = os.fstat(fd).st_size
            groups = _indexed(front[offset : offset + size], offset + size)
            if groups and groups[-1].end == whole:
                return Outline(front[:init_end], timescale(front[:init_end]), groups, whole)
    layout = scan(fd)
    at = layout.pieces[0].offset if layout.pieces else layout.whole
    time = layout.pieces[0].time if layout.pieces else 0
    groups = _placed(groups_of(layout.pieces), at, time)
    return Outline(layout.init, layout.scale, groups, layout.whole)


def _indexed(sidx: bytes, offset: int) -> list[Group]:
    """The groups of an index, which lie from an offset on; none where it is not as `index` makes
    it."""
    if len(sidx) < 40 or sidx[8] != 1:
        return []
    (time, first), (count,) = (
        struct.unpack_from(">QQ", sidx, 20),
        struct.unpack_from(">H", sidx, 38),
    )
    if first or len(sidx) != 40 + 12 * count:
        return []
    groups: list[tuple[tuple[int, ...], int]] = []
    for size, ticks, flags in struct.iter_unpack(">III", sidx[40:]):
        if flags or not groups:
            groups.append(((size,), ticks))
        else:
            groups[-1] = ((*groups[-1][0], size), groups[-1][1])
    return _placed(groups, offset, time)


def _placed(groups: Sequence[tuple[tuple[int, ...], int]], offset: int, time: int) -> list[Group]:
    """Sizes and ticks of groups, each where it lies."""
    placed = []
    for sizes, ticks in groups:
        group = Group(offset, time, ticks, sizes)
        placed.append(group)
        offset = group.end
        time += ticks
    return placed


def finish(fd: int, *, after_crash: bool = False) -> Layout:
    """Cut off a torn end and write the index into the room kept for it. A file that is cut anew
    with nearly every frame has more fragments than that holds, and gets none.

    A power cut may leave blocks of zeros inside fragments that look whole: `after_crash` reads
    them, and cuts before the first such one. Raises Mp4Error where nothing can be saved.
    """
    layout = scan(fd)
    pieces, whole = layout.pieces, layout.whole
    if after_crash:
        for number, piece in enumerate(pieces):
            if _HOLE in _video_of(os.pread(fd, piece.size, piece.offset)):
                pieces, whole = pieces[:number], piece.offset
                break
    os.ftruncate(fd, whole)
    if layout.room is not None and pieces:
        room = pieces[0].offset - layout.room
        seek = index(groups_of(pieces), layout.scale, pieces[0].time)
        if not 0 < len(seek) <= room - 8:
            seek = struct.pack(">I4s", 8, b"free")  # it is finished, though without an index
        gap = room - len(seek)
        os.pwrite(fd, struct.pack(">I4s", gap, b"free") + bytes(gap - 8) + seek, layout.room)
    return Layout(layout.init, layout.scale, layout.room, pieces, whole)


def _video_of(fragment: bytes) -> bytes:
    """A fragment without its sound, in which runs of zeros are nothing unusual."""
    moof = find(fragment, b"moof")
    assert moof is not None
    trafs = [box for box in each(fragment, *moof) if box[0] == b"traf"]
    for kind, offset, _ in each(fragment, trafs[-1][1] + 8, moof[1]) if len(trafs) > 1 else ():
        if kind == b"trun":
            return fragment[: struct.unpack_from(">i", fragment, offset + 16)[0]]
    return fragment
