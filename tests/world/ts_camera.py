"""Cameras that send MPEG-TS over TCP, as a program on this machine does."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext

_PACKET = 188
_VIDEO = 0xE0  # stream_id of video (ISO/IEC 13818-1, table 2-22)


def transport_stream(clip: Path) -> bytes:
    """A clip as MPEG-TS, not encoded again."""
    sink = io.BytesIO()
    with av.open(str(clip)) as source, av.open(sink, "w", format="mpegts") as out:
        stream = source.streams.video[0]
        name = stream.codec_context.name
        to_annex_b = BitStreamFilterContext(f"{name}_mp4toannexb", stream)
        copy = out.add_stream_from_template(stream)
        for raw in source.demux(stream):
            for packet in to_annex_b.filter(raw) if raw.size else ():
                packet.stream = copy
                out.mux(packet)
    return sink.getvalue()


def _pictures(stream: bytes) -> Iterator[tuple[int, int]]:
    """For each packet in which a picture begins: where it stands, and where its PES header does."""
    for at in range(0, len(stream), _PACKET):
        adapted = stream[at + 3] & 0x20
        head = at + 4 + (1 + stream[at + 4] if adapted else 0)
        if stream[at + 1] & 0x40 and stream[head : head + 4] == bytes((0, 0, 1, _VIDEO)):
            yield at, head


def undated(stream: bytes) -> bytes:
    """The same without any time of a picture: PES headers say that they bear none, and what stood
    there is filled up (ISO/IEC 13818-1, 2.4.3.7)."""
    data = bytearray(stream)
    for _, head in _pictures(stream):
        data[head + 7] &= 0x3F
        size = data[head + 8]
        data[head + 9 : head + 9 + size] = b"\xff" * size
    return bytes(data)


def first(stream: bytes, pictures: int) -> bytes:
    """The first pictures of a stream."""
    return stream[: [at for at, _ in _pictures(stream)][pictures]]


class TsCamera:
    """A server that sends one stream after the other, each to one connection, 25 pictures in a
    second; then it closes."""

    def __init__(self, streams: Sequence[bytes]) -> None:
        self._streams = streams
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        for stream in self._streams:
            try:
                connection, _ = self._listening.accept()
                with connection:
                    self._send(connection, stream)
            except OSError:
                continue

    def _send(self, connection: socket.socket, stream: bytes) -> None:
        borders = [0, *(at for at, _ in _pictures(stream)), len(stream)]
        begun = time.monotonic()
        for number, (start, end) in enumerate(pairwise(borders)):
            time.sleep(max(0.0, begun + number / 25 - time.monotonic()))
            connection.sendall(stream[start:end])

    def close(self) -> None:
        self._listening.close()
