"""Boxes of ISO/IEC 14496-12, and what an init segment says of its tracks."""

from __future__ import annotations

import struct
from collections.abc import Iterator


class Mp4Error(ValueError):
    """These bytes are not what a recording is made of."""


def each(data: bytes | bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, offset, size) of the boxes between two offsets; ends at the first broken one."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        if size < 8 or start + size > end:
            return
        yield kind, start, size
        start += size


def find(data: bytes, *path: bytes) -> tuple[int, int] | None:
    """Start and end of the content of a box by its path, or None."""
    start, end = 0, len(data)
    for wanted in path:
        for kind, offset, size in each(data, start, end):
            if kind == wanted:
                start, end = offset + 8, offset + size
                break
        else:
            return None
    return start, end


def tracks(init: bytes) -> list[bytes]:
    """The `trak` boxes of an init segment, with their headers; that of the video is the first."""
    place = find(init, b"moov")
    found = each(init, *place) if place is not None else ()
    return [init[offset : offset + size] for kind, offset, size in found if kind == b"trak"]


def timescales(init: bytes) -> dict[int, int]:
    """Ticks per second of each track of an init segment, by its number, the video's first."""
    scales = {}
    for trak in tracks(init):
        tkhd, mdhd = find(trak, b"trak", b"tkhd"), find(trak, b"trak", b"mdia", b"mdhd")
        if tkhd is None or mdhd is None:
            raise Mp4Error("a track without a header")
        (number,) = struct.unpack_from(">I", trak, tkhd[0] + (20 if trak[tkhd[0]] else 12))
        (scale,) = struct.unpack_from(">I", trak, mdhd[0] + (20 if trak[mdhd[0]] else 12))
        if not scale:
            raise Mp4Error("a track without a timescale")
        scales[int(number)] = int(scale)
    if not scales:
        raise Mp4Error("an init segment without a track")
    return scales


def timescale(init: bytes) -> int:
    """Ticks per second of the video of an init segment."""
    return next(iter(timescales(init).values()))


def picture_size(init: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the sample entry of an init segment."""
    entry = sample_entry(init)
    width, height = struct.unpack_from(">HH", entry, 32)
    return int(width), int(height)


def sample_entry(init: bytes) -> bytes:
    """The first sample entry (`avc1`, `hvc1`) of an init segment, with its header."""
    place = find(init, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    if place is None:
        raise Mp4Error("an init segment without a sample description")
    for _, offset, size in each(init, place[0] + 8, place[1]):
        return init[offset : offset + size]
    raise Mp4Error("an empty sample description")
