"""Where on the hub's own pages can be seen what cameras gave: references for actions, pages and
programs."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote, urlencode

from hub.video.files.archive import STREAM


def clip(camera: str, start: datetime, end: datetime, stream: str = STREAM) -> str:
    """A window of a camera, as one file."""
    return f"/api/v1/cameras/{quote(camera)}/clip.mp4?{_window(start, end, stream)}"


def contents(camera: str, start: datetime, end: datetime, stream: str = STREAM) -> str:
    """What that file holds."""
    return f"/api/v1/cameras/{quote(camera)}/clip.json?{_window(start, end, stream)}"


def still(camera: str, at: datetime) -> str:
    """A picture of the past."""
    query = urlencode({"at": at.isoformat()})
    return f"/api/v1/cameras/{quote(camera)}/snapshot.jpg?{query}"


def player(camera: str, at: datetime) -> str:
    """The page that plays a camera from a moment on."""
    return f"/archive?{urlencode({'camera': camera, 'at': at.isoformat()})}"


def _window(start: datetime, end: datetime, stream: str) -> str:
    window = {"from": start.isoformat(), "to": end.isoformat()}
    if stream != STREAM:
        window["stream"] = stream
    return urlencode(window)
