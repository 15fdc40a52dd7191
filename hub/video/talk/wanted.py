"""What capture is to do with the streams of the town's cameras, from their settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.model.camera import Camera
from hub.video.settings import MAIN, SUB, CameraSettings, RecordingSettings, Word
from hub.video.talk.messages import ALL, NONE, ORDERS, Source, Wanted, key_of

Streams = Mapping[str, tuple[Source, Wanted]]
"""What is to be done, by the key of the stream."""

MODES: Mapping[Word, str] = {"continuous": ALL, "events": ORDERS, "off": NONE}
_LATE_S = 5.0
"""An order comes some moments after the event that it looks back from."""


@dataclass(frozen=True, slots=True)
class Place:
    """The tier that files go to; `root` is its folder."""

    tier: str
    root: Path
    mounted: bool = False


def first_stream(camera: Camera) -> str:
    """The stream that a camera is judged by: `main`, or the only one."""
    return MAIN if MAIN in camera.streams else next(iter(camera.streams))


def streams_of(
    cameras: Mapping[str, Camera],
    settings: RecordingSettings,
    mode_of: Callable[[str, str], Word],
    is_watched: Callable[[str, str], bool],
    place: Place,
) -> Streams:
    """The streams of all cameras. `mode_of` tells the mode of a camera's stream now. A second
    stream that is not recorded is fetched only while somebody watches it."""
    return {
        key_of(name, stream): (
            _source(camera, stream, settings.of(name)),
            _wanted(settings.of(name), mode_of(name, stream), place),
        )
        for name, camera in cameras.items()
        for stream in camera.streams
        if stream == first_stream(camera)
        or (stream == SUB and (mode_of(name, stream) != "off" or is_watched(name, stream)))
    }


def _source(camera: Camera, stream: str, settings: CameraSettings) -> Source:
    address = camera.streams[stream]
    return Source(
        camera=camera.entity_id,
        stream=stream,
        url=address.url,
        username=address.username,
        password=address.password,
        audio=settings.audio,
        masks=tuple(settings.masks.values()),
    )


def _wanted(settings: CameraSettings, mode: Word, place: Place) -> Wanted:
    return Wanted(
        mode=MODES[mode],
        ring_s=settings.pre_roll.total_seconds() + _LATE_S,
        ring_bytes=settings.pre_roll_bytes,
        tier=place.tier,
        root=str(place.root.absolute()),
        mounted=place.mounted,
    )
