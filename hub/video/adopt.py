"""Reading a file that the index does not know, and sealing it where nobody did."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

from hub.video import boxes, mp4
from hub.video.archive import segment_report, sha256_of, start_of
from hub.video.instants import LONGEST_MS
from hub.video.messages import SegmentReport

log = logging.getLogger("hub.video")


def is_sealed(fd: int, layout: mp4.Layout) -> bool:
    """Whether a file ends with a whole fragment and has its index."""
    if layout.whole != os.fstat(fd).st_size:
        return False
    if layout.room is None:
        return True  # it never had room for one
    kept = int.from_bytes(os.pread(fd, 4, layout.room), "big")
    return kept != mp4.INDEX_ROOM


def read(file: Path, tier: str, path: str, *, seal: bool) -> SegmentReport | None:
    """What there is to say of a file. `seal`: nobody writes it, so cut a torn end and write the
    index where that was not done. None where it holds no whole fragment, or is not sealed and
    must not be. Raises OSError, ValueError for what is no recording."""
    start = start_of(path)
    fd = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise ValueError("no file")
        layout = mp4.scan(fd)
        if layout.pieces and not is_sealed(fd, layout):
            if not seal:
                return None
            layout = _seal(file)
        if not layout.pieces:
            return None
        seconds = layout.duration / layout.scale
        if seconds * 1000 > LONGEST_MS:
            raise ValueError(f"it claims to be {seconds:.0f} s long")
        return segment_report(
            path,
            tier,
            layout.init,
            start,
            start + seconds,
            os.fstat(fd).st_size,
            keyframes=sum(piece.key for piece in layout.pieces),
            sha256=sha256_of(fd),
        )
    finally:
        os.close(fd)


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


def _seal(file: Path) -> mp4.Layout:
    fd = os.open(file, os.O_RDWR | os.O_NOFOLLOW)
    try:
        layout = mp4.finish(fd, after_crash=True)
        os.fsync(fd)
    finally:
        os.close(fd)
    log.info("%s was left unfinished and is sealed now", file)
    return layout
