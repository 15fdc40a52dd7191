"""Names in the archive: `archive/<camera>/<yyyy>/<mm>/<dd>/<HHMMSS.mmm>.mp4`, in UTC."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from hub.video import codecs, mp4
from hub.video.wire import SegmentReport

STREAM = "main"
"""The stream that is recorded."""


def path_of(camera: str, millis: int) -> str:
    """Path, from the data folder, of a file of a camera (an entity id) that begins so many
    milliseconds after 1970."""
    moment = datetime.fromtimestamp(millis // 1000, UTC)
    folder = f"archive/{camera.partition('.')[2]}/{moment:%Y/%m/%d}"
    return f"{folder}/{moment:%H%M%S}.{millis % 1000:03d}.mp4"


def start_of(path: str) -> float:
    """The instant in a file's name, Unix time; raises ValueError for a name of another form."""
    name = "/".join(path.split("/")[-4:])
    moment = datetime.strptime(name, "%Y/%m/%d/%H%M%S.%f.mp4")
    return moment.replace(tzinfo=UTC).timestamp()


def camera_of(path: str) -> str:
    """The camera's entity id in a file's path."""
    return f"camera.{path.split('/')[1]}"


def epoch_of(init: bytes) -> str:
    """A name for an init segment: files with the same one can be joined."""
    return hashlib.sha256(init).hexdigest()[:16]


def segment_report(
    path: str, camera: str, init: bytes, start: float, end: float | None, size: int
) -> SegmentReport:
    """What is told and stored about a file."""
    width, height = mp4.picture_size(init)
    return SegmentReport(
        path=path,
        camera=camera,
        stream=STREAM,
        start=start,
        end=end,
        bytes=size,
        epoch=epoch_of(init),
        codec=codecs.codec_of(init),
        width=width,
        height=height,
    )
