"""What hub and capture say to each other: the things that travel over `hub.video.talk.wire`.

A stream is named by its camera's entity id and its own name, `main` or `sub`; as one word, its
key, `camera.market/main`. Instants are Unix seconds of this machine, reasons and causes are words
of `hub.video.reasons`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

Polygons: TypeAlias = tuple[tuple[tuple[float, float], ...], ...]
"""Corners (x, y) of areas of a picture, as fractions of its width and height."""

ALL = "all"
"""Mode of a stream: all of it is kept."""
ORDERS = "orders"
"""Mode of a stream: what orders ask for is kept."""
NONE = "none"
"""Mode of a stream: nothing is kept, whatever is ordered; it can be watched."""
MODES = frozenset({ALL, ORDERS, NONE})


def key_of(camera: str, stream: str) -> str:
    """The key of a stream."""
    return f"{camera}/{stream}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a stream comes from, and what is done to it at once. A change connects it anew."""

    camera: str
    stream: str
    url: str
    username: str | None
    password: str | None = field(repr=False)
    audio: bool
    """Sound is taken along, where there is some."""
    masks: Polygons
    """Areas that nobody may see; with any, the stream is encoded again."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is kept of a stream, and where. A change disturbs nothing."""

    mode: str
    """One of MODES."""
    ring_s: float
    """Seconds that are kept in memory, for orders that begin in the past."""
    ring_bytes: int
    tier: str
    """Name of the place that files go to."""
    root: str
    """The absolute folder that its `archive` stands in."""
    mounted: bool
    """It must be a mounted disk: nothing is written unless its mark is there
    (`hub.video.files.archive.MARK`), for else the disk of the mount point would be filled."""


@dataclass(frozen=True, slots=True)
class Order:
    """A window of time to be recorded, of all streams of a camera whose mode is not NONE."""

    order: str
    camera: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class StreamReport:
    """How a stream is. It is told when it is lost or back, when its pictures change, when its
    recording begins or ends, and now and then while it goes on."""

    camera: str
    stream: str
    online: bool
    reason: str | None
    since: float
    """The moment of its last change between online and not; of one that was lost, the end of its
    last frame."""
    width: int | None
    height: int | None
    codec: str | None
    audio: str | None
    """The codec of its sound."""
    recording: bool
    """A file is being written."""
    until: float | None
    """The end of the last frame that is in a file."""
    bitrate: float
    """Bits per second that came lately."""


@dataclass(frozen=True, slots=True)
class SegmentReport:
    """A file was begun (`end` and `sha256` None) or finished. `path` is relative to the root of
    its tier; files of one `epoch` can be joined."""

    path: str
    tier: str
    camera: str
    stream: str
    start: float
    end: float | None
    bytes: int
    epoch: str
    codec: str
    audio: str | None
    width: int
    height: int
    keyframes: int
    masked: bool
    sha256: str | None


@dataclass(frozen=True, slots=True)
class RecordedReport:
    """All there will be of an order is on disk. `until`: the end of the last frame there is. It
    is told of one stream of the camera: `main`, or the only one."""

    order: str
    camera: str
    until: float | None


@dataclass(frozen=True, slots=True)
class Outage:
    """From when to when (None: still) a stream gave nothing that could be kept."""

    camera: str
    stream: str
    start: float
    end: float | None
    cause: str


@dataclass(frozen=True, slots=True)
class DiskReport:
    """A tier cannot be written (`why`), or can be again (None)."""

    tier: str
    why: str | None


@dataclass(frozen=True, slots=True)
class TroubleReport:
    """Something is missing of a stream that goes on."""

    camera: str
    stream: str
    why: str


@dataclass(frozen=True, slots=True)
class RingReport:
    """What is held of a stream in memory."""

    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class EpochNotice:
    """To who watches: pictures of another kind begin. The init segment is the payload."""

    epoch: int
    mime: str
    """The `codecs` parameter of `video/mp4`."""
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class MediaNotice:
    """To who watches: the next fragment, its bytes are the payload."""

    epoch: int
    at: float
    """The Unix time of its first frame."""
    time: float
    """Where that frame lies on the timeline of its epoch, in seconds."""
    key_frame: bool
