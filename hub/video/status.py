"""What the rest of the hub hears about a camera."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.video.reasons import explain


class CameraUnavailable(Exception):
    """The camera gives no picture now; `reason` is a word of `hub.video.reasons`."""

    def __init__(self, camera: str, reason: str) -> None:
        super().__init__(f"{camera} gives no picture: {explain(reason)}")
        self.camera = camera
        self.reason = reason


class NothingRecorded(Exception):
    """No file holds anything of the window asked for."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A picture, and the instant that it shows."""

    jpeg: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraStatus:
    """How a camera is. `reason`: a word of `hub.video.reasons` while it is not online; `since`:
    its last change between the two. Size in pixels and codec (`h264`, `hevc`) once known."""

    online: bool
    reason: str | None
    since: datetime
    width: int | None = None
    height: int | None = None
    codec: str | None = None
