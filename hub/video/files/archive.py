"""Names in the archive: `archive/<camera>/<yyyy>/<mm>/<dd>/<HHMMSS.mmm>[.<stream>].mp4`, in UTC;
only `main` is not named."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime

from hub.video.files import boxes, codecs
from hub.video.talk.messages import SegmentReport

STREAM = "main"
"""The stream that is recorded where nothing else is said."""

TIER = "main"
"""The tier of a hub that has only one."""

MARK = "archive/.tier"
"""A file that stands in the root of each tier that must be mounted."""


def path_of(camera: str, stream: str, millis: int) -> str:
    """Path, from the root of a tier, of a file of a camera (an entity id) that begins so many
    milliseconds after 1970."""
    moment = datetime.fromtimestamp(millis // 1000, UTC)
    folder = f"archive/{camera.partition('.')[2]}/{moment:%Y/%m/%d}"
    suffix = "" if stream == STREAM else f".{stream}"
    return f"{folder}/{moment:%H%M%S}.{millis % 1000:03d}{suffix}.mp4"


def start_of(path: str) -> float:
    """The instant in a file's name, Unix time; raises ValueError for a name of another form."""
    *folders, name = path.split("/")[-4:]
    time, stream = name.removesuffix(".mp4")[:10], name.removesuffix(".mp4")[10:]
    if not name.endswith(".mp4") or (stream and not stream[1:].isidentifier()):
        raise ValueError(f"'{name}' is not the name of a recording")
    moment = datetime.strptime("/".join((*folders, time)), "%Y/%m/%d/%H%M%S.%f")
    return moment.replace(tzinfo=UTC).timestamp()


def stream_of(path: str) -> str:
    """The stream in a file's path."""
    return path.rpartition("/")[2].removesuffix(".mp4")[11:] or STREAM


def camera_of(path: str) -> str:
    """The camera's entity id in a file's path."""
    return f"camera.{path.split('/')[1]}"


def sha256_of(fd: int) -> str:
    """The digest of an open file, in hexadecimal. Raises OSError."""
    digest = hashlib.sha256()
    offset = 0
    while piece := os.pread(fd, 1 << 20, offset):
        digest.update(piece)
        offset += len(piece)
    return digest.hexdigest()


def epoch_of(init: bytes) -> str:
    """A name for an init segment: files with the same one can be joined."""
    return hashlib.sha256(init).hexdigest()[:16]


def segment_report(
    path: str,
    tier: str,
    init: bytes,
    start: float,
    end: float | None,
    size: int,
    *,
    keyframes: int,
    sha256: str | None = None,
) -> SegmentReport:
    """What is told and stored about a file."""
    width, height = boxes.picture_size(init)
    return SegmentReport(
        path=path,
        tier=tier,
        camera=camera_of(path),
        stream=stream_of(path),
        start=start,
        end=end,
        bytes=size,
        epoch=epoch_of(init),
        codec=codecs.codec_of(init),
        audio=codecs.audio_of(init),
        width=width,
        height=height,
        keyframes=keyframes,
        masked=codecs.is_masked(init),
        sha256=sha256,
    )
