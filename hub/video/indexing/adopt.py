"""Reading a file that the index does not know, and sealing it where nobody did."""

from __future__ import annotations

import logging
import os
import stat
import struct
from pathlib import Path

from hub.video.files import boxes, mp4
from hub.video.files.archive import segment_report, sha256_of, start_of
from hub.video.instants import LONGEST_MS
from hub.video.talk.messages import SegmentReport

log = logging.getLogger("hub.video")


def read(
    file: Path, tier: str, path: str, *, seal: bool, digest: bool = False
) -> SegmentReport | None:
    """What there is to say of a file. `seal`: nobody writes it, so cut a torn end and write the
    index where that was not done. `digest`: read it whole, too. None where it holds no whole
    fragment, or is not sealed and must not be. Raises OSError, ValueError for what is no
    recording."""
    start = start_of(path)
    fd = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise ValueError("no file")
        outline = mp4.outline(fd)
        if outline.groups and not _is_sealed(fd, outline):
            if not seal:
                return None
            _seal(file)
            outline = mp4.outline(fd)
        if not outline.groups:
            return None
        return _report(fd, outline, path, tier, start, digest=digest)
    finally:
        os.close(fd)


def _report(
    fd: int, outline: mp4.Outline, path: str, tier: str, start: float, *, digest: bool
) -> SegmentReport:
    first, last = outline.groups[0], outline.groups[-1]
    seconds = (last.time + last.ticks - first.time) / outline.scale
    if seconds * 1000 > LONGEST_MS:
        raise ValueError(f"it claims to be {seconds:.0f} s long")
    return segment_report(
        path,
        tier,
        outline.init,
        start,
        start + seconds,
        os.fstat(fd).st_size,
        keyframes=len(outline.groups),
        sha256=sha256_of(fd) if digest else None,
    )


def _is_sealed(fd: int, outline: mp4.Outline) -> bool:
    """Whether a file ends with a whole fragment and has its index, or never had room for one."""
    if outline.whole != os.fstat(fd).st_size:
        return False
    offset, room = 0, False
    while len(head := os.pread(fd, 8, offset)) == 8:
        size, kind = struct.unpack(">I4s", head)
        if kind == b"moof" or size < 8:
            break
        room = kind == b"free" and size > 8  # an empty box says that no index could be written
        offset += size
    return not room


def is_empty(file: Path) -> bool:
    """Whether a file was begun as a recording and holds not one whole fragment. Raises OSError."""
    fd = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if os.pread(fd, 8, 0)[4:] not in (b"", b"ftyp"):
            return False
        return not mp4.scan(fd).pieces
    except boxes.Mp4Error:
        return True
    finally:
        os.close(fd)


def read_open(file: Path, tier: str, path: str) -> SegmentReport:
    """What there is to say of a file that is being written. Raises OSError, ValueError."""
    start = start_of(path)
    fd = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        layout = mp4.scan(fd)
        keyframes = sum(piece.key for piece in layout.pieces)
        return segment_report(
            path, tier, layout.init, start, None, layout.whole, keyframes=keyframes
        )
    finally:
        os.close(fd)


def _seal(file: Path) -> None:
    fd = os.open(file, os.O_RDWR | os.O_NOFOLLOW)
    try:
        mp4.finish(fd, after_crash=True)
        os.fsync(fd)
    finally:
        os.close(fd)
    log.info("%s was left unfinished and is sealed now", file)
