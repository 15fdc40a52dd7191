"""Coded frames as they come from a camera."""

from __future__ import annotations

from typing import TypeAlias, cast

import av
from av.video.stream import VideoStream

VideoPacket: TypeAlias = "av.Packet[VideoStream]"


def copy_of(packet: VideoPacket, data: bytes) -> VideoPacket:
    """A packet with other bytes."""
    made = cast(VideoPacket, av.Packet(data))
    made.time_base = packet.time_base
    made.pts, made.dts, made.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
    return made
