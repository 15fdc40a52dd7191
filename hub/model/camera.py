"""A camera as the video rooms need to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.model.entity import Entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """An encoded video that a camera gives.

    `url` is `rtsp://host/path`, a path to a file (played in a loop, at its own pace), or
    `tcp://127.0.0.1:port` (MPEG-TS from this machine). Credentials stand beside it, never in it,
    so that the address may be shown and logged.
    """

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera(Entity):
    """An entity of the domain `camera`; `streams` holds `main` and, where there is one, `sub`."""

    streams: Mapping[str, Stream] = field(default_factory=dict)
