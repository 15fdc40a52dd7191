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
    return first_picture(fragment.epoch.init + fragment.data)


def first_picture(file: bytes, width: int | None = None) -> bytes:
    """The first picture of an MP4 file as JPEG, made smaller to a width where one is given.

    Raises av.error.FFmpegError where it cannot be decoded.
    """
    with av.open(io.BytesIO(file), "r", format="mp4") as container:
        container.streams.video[0].codec_context.thread_count = 1
        frame = next(container.decode(video=0), None)
        if frame is None:
            raise av.error.InvalidDataError(0, "no picture in this keyframe")
        encoder = VideoCodecContext.create("mjpeg", "w")
        assert isinstance(encoder, VideoCodecContext)
        encoder.width, encoder.height = _size(frame.width, frame.height, width)
        encoder.pix_fmt = "yuvj420p"
        encoder.time_base = Fraction(1, 25)
        encoder.thread_count = 1
        encoder.qscale = True
        encoder.global_quality = _QUALITY
        picture = frame.reformat(encoder.width, encoder.height, "yuvj420p")
        picture.pts = 0
        packets = [*encoder.encode(picture), *encoder.encode(None)]
        return b"".join(bytes(packet) for packet in packets)


def _size(width: int, height: int, wanted: int | None) -> tuple[int, int]:
    if wanted is None or wanted >= width:
        return width, height
    return wanted, max(2, round(height * wanted / width / 2) * 2)
