"""Coded frames as they come from a camera, and sound as it goes into files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import av
from av.video.stream import VideoStream

from hub.video.files import codecs

VideoPacket: TypeAlias = "av.Packet[VideoStream]"


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """What is needed to decode sound."""

    codec: str
    """`aac` or `opus`."""
    rate: int
    """Samples per second that times are counted in."""
    channels: int
    config: bytes
    """The AudioSpecificConfig of AAC (ISO/IEC 14496-3, 1.6.2.1), the content of `dOps` of Opus."""


@dataclass(frozen=True, slots=True)
class AudioPacket:
    """A piece of coded sound, in the form that MP4 wants."""

    format: AudioFormat
    data: bytes
    samples: int
    """How long it lasts."""
    time: int | None
    """Where it begins by the sender's clock, in microseconds."""


class Frames:
    """Tells parts of one frame from frames: some senders cut frames up and give all parts one
    timestamp; others give all their frames the same one."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._last: VideoPacket | None = None
        self._dts: int | None = None
        self._begun: bool | None = None

    def goes_on(self, packet: VideoPacket) -> bool:
        """Whether this is a further part of the frame before it."""
        last, self._last = self._last, packet
        dts, self._dts = self._dts, packet.pts if packet.dts is None else packet.dts
        if last is None or dts is None or self._dts != dts:
            self._begun = None
            return False
        if self._begun is None:
            self._begun = codecs.begins_picture(self._codec, bytes(last))
        begins = codecs.begins_picture(self._codec, bytes(packet))
        another = self._begun and begins
        self._begun = self._begun or begins
        return not another
