"""Coded frames as they come from a camera."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias, cast

import av
from av.video.stream import VideoStream

VideoPacket: TypeAlias = "av.Packet[VideoStream]"


def joined(packets: Iterator[VideoPacket]) -> Iterator[VideoPacket]:
    """Put frames together that a sender cut up (a marker bit after each slice): their parts share
    one timestamp. Only a sender that was seen to do so has its packets held until the next one."""
    held: VideoPacket | None = None
    last: int | None = None
    cuts = False
    for packet in packets:
        if not cuts:
            cuts = packet.dts == last
            last = packet.dts
            yield packet
        elif held is not None and packet.dts == held.dts:
            held = _sum(held, packet)
        else:
            if held is not None:
                yield held
            held = packet
    if held is not None:
        yield held


def _sum(first: VideoPacket, second: VideoPacket) -> VideoPacket:
    whole = copy_of(first, bytes(first) + bytes(second))
    whole.is_keyframe = first.is_keyframe or second.is_keyframe
    return whole


def copy_of(packet: VideoPacket, data: bytes) -> VideoPacket:
    """A packet with other bytes."""
    made = cast(VideoPacket, av.Packet(data))
    made.time_base = packet.time_base
    made.pts, made.dts, made.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
    return made
