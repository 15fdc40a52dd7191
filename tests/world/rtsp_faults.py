"""An RTSP server whose cameras have faults: what a path is called is what it does.

    steady   nothing is wrong
    forward  its clock is set an hour forward after 3 s
    back     its clock is set half a minute back after 3 s
    gap      it sends nothing from the 3rd to the 5th second
    resized  it goes over to the second clip after 3 s
    frozen   all its frames bear the same time
    keyless  its keyframes are left out
    flapping it breaks off after a second, or in the middle of a packet
    deaf     it announces sound, and refuses it
    sliced   it sends each slice as a picture of its own, with one time for all of them

RTP over the RTSP connection (RFC 7826, 14), H.264 as in RFC 6184. The server runs in a thread of
its own; it plays a clip in a loop, at 25 frames per second.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
from av.bitstream import BitStreamFilterContext

_RATE = 25
_TICKS = 90_000 // _RATE
_MTU = 1_400
_AT = 3 * _RATE
"""The frame at which a fault begins."""


class Frame(NamedTuple):
    """A coded picture: its NAL units, without start codes."""

    key: bool
    units: list[bytes]


def frames_of(clip: Path) -> list[Frame]:
    """All pictures of an H.264 file; keyframes carry their parameter sets."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
        packets = [p for raw in container.demux(stream) if raw.size for p in to_annex_b.filter(raw)]
    found = []
    for packet in packets:
        units = [unit.rstrip(b"\0") for unit in bytes(packet).split(b"\0\0\1")[1:]]
        found.append(Frame(packet.is_keyframe, [unit for unit in units if unit]))
    return found


class RtspFaults:
    """The server, while the block lasts."""

    def __init__(self, clip: Path, other: Path | None = None) -> None:
        self._clip = frames_of(clip)
        self._other = frames_of(other) if other is not None else self._clip
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = 0

    def url(self, fault: str) -> str:
        return f"rtsp://127.0.0.1:{self.port}/{fault}"

    def __enter__(self) -> RtspFaults:
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        serving = asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        server = self._loop.run_until_complete(serving)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        playing: asyncio.Task[None] | None = None
        fault = ""
        with contextlib.suppress(
            asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError
        ):
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).lstrip(b"\r\n")
                while request[:1] == b"$":  # a receiver report
                    size = 4 + struct.unpack_from(">H", request, 2)[0]
                    request = request[size:] or await reader.readuntil(b"\r\n\r\n")
                method, url, *_ = request.decode().split()
                fault = fault or url.rpartition("/")[2]
                number = next(h for h in request.decode().split("\r\n") if h.startswith("CSeq"))
                answer, body = self._answer(method, url)
                status = "500 Internal Server Error" if url.endswith("/audio") else "200 OK"
                writer.write(f"RTSP/1.0 {status}\r\n{number}\r\n{answer}\r\n{body}".encode())
                if method == "PLAY":
                    playing = asyncio.create_task(self._play(writer, fault))
        if playing is not None:
            playing.cancel()
        writer.close()

    def _answer(self, method: str, url: str) -> tuple[str, str]:
        """Headers and body of an answer."""
        if method == "OPTIONS":
            return "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", ""
        if method == "SETUP":
            return "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n", ""
        if method != "DESCRIBE":
            return "Session: 1\r\n", ""
        sets = [u for u in self._clip[0].units if u[0] & 31 in (7, 8)]
        sprop = ",".join(base64.b64encode(each).decode() for each in sets)
        body = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
            "a=rtpmap:96 H264/90000\r\na=control:video\r\n"
            f"a=fmtp:96 packetization-mode=1; sprop-parameter-sets={sprop}\r\n"
        )
        if url.endswith("/deaf"):
            body += "m=audio 0 RTP/AVP 0\r\na=control:audio\r\n"
        head = f"Content-Base: {url}/\r\nContent-Type: application/sdp\r\n"
        return f"{head}Content-Length: {len(body)}\r\n", body

    async def _play(self, writer: asyncio.StreamWriter, fault: str) -> None:
        sequence = 0
        begun = self._loop.time()
        with contextlib.suppress(ConnectionError):
            for number, (stamp, frame) in enumerate(self._script(fault)):
                await asyncio.sleep(begun + number / _RATE - self._loop.time())
                for payload, marked in _payloads(frame.units, each=fault == "sliced"):
                    head = (0x80, 0x80 * marked | 96, sequence & 0xFFFF, stamp & 0xFFFFFFFF, 1)
                    packet = struct.pack(">BBHII", *head) + payload
                    writer.write(b"$\0" + struct.pack(">H", len(packet)) + packet)
                    sequence += 1
                await writer.drain()
                if fault == "flapping" and number >= _RATE:
                    writer.write(b"$\0\xff")
                    writer.close()
                    return

    def _script(self, fault: str) -> Iterator[tuple[int, Frame]]:
        """(RTP time, picture) of each 25th of a second."""
        clip = self._clip
        number = 0
        while True:
            frame = clip[number % len(clip)]
            stamp, late = number * _TICKS, number >= _AT
            if fault == "forward" and late:
                stamp += 3600 * 90_000
            elif fault == "back" and late:
                stamp -= 30 * 90_000
            elif fault == "frozen":
                stamp = 0
            elif fault == "resized" and late and frame.key:
                clip = self._other
                frame = clip[number % len(clip)]
            without = fault == "keyless" and frame.key
            silent = fault == "gap" and _AT <= number < _AT + 2 * _RATE
            yield stamp, Frame(frame.key, []) if without or silent else frame
            number += 1


def _payloads(units: list[bytes], *, each: bool) -> Iterator[tuple[bytes, bool]]:
    """RTP payloads (single units, or FU-A), and whether the marker stands on them: it ends a
    picture; `each`: it stands behind each unit."""
    for number, unit in enumerate(units):
        last = each or number == len(units) - 1
        if len(unit) <= _MTU:
            yield unit, last
            continue
        pieces = range(1, len(unit), _MTU)
        for at in pieces:
            end = at == pieces[-1]
            kind = unit[0] & 31 | 0x80 * (at == 1) | 0x40 * end
            yield bytes((unit[0] & 0xE0 | 28, kind)) + unit[at : at + _MTU], last and end
