"""The camera's encoder, and the readers of its video: MPEG-TS over TCP."""

from __future__ import annotations

import asyncio
import socket
import sys
from fractions import Fraction

import av
from av.video.reformatter import Interpolation
from PIL import Image

from .view import HEIGHT, WIDTH

RATE = Fraction(25, 2)
"""Frames per second."""
GROUP = 12
"""Frames from one keyframe to the next: about a second."""
LONGEST_BACKLOG = 1 << 20
"""Bytes that may wait for a reader before it is dropped: about eight seconds of video."""


class _Sink:
    """Where the muxer writes; what comes of one packet is taken together."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data, self._parts = b"".join(self._parts), []
        return data


class Encoder:
    """One encoder for all readers."""

    def __init__(self) -> None:
        self._sink = _Sink()
        options = {
            # tables before each frame, so that a reader may join at any keyframe
            "mpegts_flags": "pat_pmt_at_frames+resend_headers",
            "flush_packets": "1",
        }
        self._container = av.open(self._sink, "w", format="mpegts", options=options)
        settings = {"preset": "ultrafast", "tune": "zerolatency", "crf": "24"}
        stream = self._container.add_stream("libx264", rate=RATE, options=settings)
        self._stream = stream
        self._stream.width, self._stream.height = WIDTH, HEIGHT
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.gop_size = GROUP
        context.thread_count = 1
        context.time_base = 1 / RATE

    def encode(self, picture: Image.Image, number: int) -> tuple[bytes, bool]:
        """The bytes of one frame, and whether a reader may begin with them."""
        frame = av.VideoFrame(WIDTH, HEIGHT, "rgb24")
        frame.planes[0].update(picture.tobytes())
        frame = frame.reformat(format="yuv420p", interpolation=Interpolation.POINT)
        frame.pts, frame.time_base = number, 1 / RATE
        keyframe = False
        for packet in self._stream.encode(frame):
            keyframe = keyframe or packet.is_keyframe
            self._container.mux(packet)
        return self._sink.take(), keyframe


class Feed:
    """Serves one camera to any number of readers. One that does not keep up is dropped."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: set[asyncio.StreamWriter] = set()
        self._readers: set[asyncio.StreamWriter] = set()

    async def serve(self, listener: socket.socket) -> None:
        """Take in readers for ever."""
        server = await asyncio.start_server(self._join, sock=listener)
        async with server:
            await server.serve_forever()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._waiting.add(writer)
        try:
            while await reader.read(1024):
                pass  # a reader has nothing to say; this ends when it leaves
        except (ConnectionError, asyncio.CancelledError):
            pass  # cancelled only when the process ends
        finally:
            self._drop(writer)

    def send(self, data: bytes, *, keyframe: bool) -> None:
        """Hand out one frame; those who wait to begin do so at a keyframe."""
        if keyframe:
            self._readers |= self._waiting
            self._waiting.clear()
        for writer in list(self._readers):
            if writer.transport.get_write_buffer_size() > LONGEST_BACKLOG:
                sys.stderr.write(f"{self._name}: a reader is too slow and was dropped\n")
                self._drop(writer)
            else:
                writer.write(data)

    def _drop(self, writer: asyncio.StreamWriter) -> None:
        self._waiting.discard(writer)
        self._readers.discard(writer)
        writer.transport.abort()
