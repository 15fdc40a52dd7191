"""Coded frames as they come from a camera."""

from __future__ import annotations

from typing import TypeAlias

import av
from av.video.stream import VideoStream

VideoPacket: TypeAlias = "av.Packet[VideoStream]"
