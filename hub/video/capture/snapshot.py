"""A picture from a keyframe."""

from __future__ import annotations

import io
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext

from hub.video.capture.fragments import Fragment

_QUALITY = 4 * 118  # qscale 4 of 2 (best) to 31, in FFmpeg's lambda units


def jpeg(fragment: Fragment) -> bytes:
    """The keyframe that the fragment begins with, as JPEG in full size.

    Raises av.error.FFmpegError where it cannot be decoded.
    """
    file = io.BytesIO(fragment.epoch.init + fragment.data)
    with av.open(file, "r", format="mp4") as container:
        container.streams.video[0].codec_context.thread_count = 1
        frame = next(container.decode(video=0), None)
        if frame is None:
            raise av.error.InvalidDataError(0, "no picture in this keyframe")
        encoder = VideoCodecContext.create("mjpeg", "w")
        assert isinstance(encoder, VideoCodecContext)
        encoder.width, encoder.height = frame.width, frame.height
        encoder.pix_fmt = "yuvj420p"
        encoder.time_base = Fraction(1, 25)
        encoder.thread_count = 1
        encoder.qscale = True
        encoder.global_quality = _QUALITY
        picture = frame.reformat(format="yuvj420p")
        picture.pts = 0
        packets = [*encoder.encode(picture), *encoder.encode(None)]
        return b"".join(bytes(packet) for packet in packets)
