"""Packets of one connection, muxed into fragments of fragmented MP4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from hub.video import codecs, mp4
from hub.video.capture.packets import copy_of

_FRAGMENT_US = 190_000  # closes at the first frame past this: 200 ms at 5, 10, 15, 20, 25, 30 fps
_BUFFER = 1 << 18
_HEAD = 1024  # parameter sets stand at the very head of a keyframe


@dataclass(frozen=True, slots=True)
class Epoch:
    """An init segment: what is needed to decode the fragments that carry it."""

    init: bytes
    scale: int
    codec: str
    width: int
    height: int

    @classmethod
    def of(cls, init: bytes) -> Epoch:
        width, height = mp4.picture_size(init)
        return cls(init, mp4.timescale(init), codecs.codec_of(init), width, height)


@dataclass(frozen=True, slots=True)
class Fragment:
    """At most 200 ms of video: one moof and its mdat.

    `time` and `duration` are in seconds on the connection's timeline, `start` is the Unix time of
    its first frame. `key`: it begins with a keyframe.
    """

    epoch: Epoch
    data: bytes
    moof: mp4.Moof
    key: bool
    time: float
    duration: float
    start: float = 0.0

    @property
    def end(self) -> float:
        return self.start + self.duration

    def dated(self, start: float) -> Fragment:
        """This fragment with the instant of its first frame."""
        return replace(self, start=start)


class _Sink:
    """Takes what the muxer writes; its buffer is valid only during the call."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


class Muxer:
    """Turns packets (Annex B, timestamps from the timeline) into fragments.

    A fragment appears when the packet after it shows that it is complete. A new muxer is made
    inside whenever the parameter sets change: a new epoch.
    """

    def __init__(self, codec: str, time_base: Fraction, extradata: bytes) -> None:
        self._codec = codec
        self._time_base = time_base
        self._sets = b""
        self._given = codecs.parameter_sets(codec, extradata)
        self._sink = _Sink()
        self._out: av.container.OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._epoch: Epoch | None = None
        self._base = 0

    def push(self, packet: av.Packet[VideoStream], time: int) -> Iterator[Fragment]:
        """Give the next packet with its place on the timeline, in ticks; takes the packet over."""
        if packet.is_keyframe:
            head = bytes(memoryview(packet)[:_HEAD])
            sets = codecs.parameter_sets(self._codec, head) or self._sets or self._given
            if sets != self._sets or self._out is None:
                yield from self.close()
                self._open(packet, sets, time)
                if not codecs.parameter_sets(self._codec, head):
                    # the muxer takes them from the first packet; some cameras only tell them when
                    # the connection is made
                    packet = copy_of(packet, sets + bytes(packet))
        stream = self._stream
        if self._out is None or stream is None:
            return  # nothing can be shown before the first keyframe
        late = 0 if packet.pts is None or packet.dts is None else packet.pts - packet.dts
        packet.dts = time - self._base
        packet.pts = packet.dts + max(0, late)
        packet.stream = stream
        self._out.mux(packet)
        if data := self._sink.take():
            yield from self._fragments(data)

    def close(self) -> Iterator[Fragment]:
        """Flush what is complete; the next keyframe begins a new epoch."""
        if self._out is None:
            return
        self._out.close()
        self._out = None
        if data := self._sink.take():
            yield from self._fragments(data)

    def _open(self, key: av.Packet[VideoStream], sets: bytes, time: int) -> None:
        width, height = _picture_size(self._codec, sets, key)
        self._out = av.open(
            self._sink,
            "w",
            format="mp4",
            buffer_size=_BUFFER,
            options={
                "movflags": "empty_moov+default_base_moof+frag_keyframe+skip_trailer",
                "frag_duration": str(_FRAGMENT_US),
            },
        )
        stream = self._out.add_mux_stream(
            self._codec, width=width, height=height, time_base=self._time_base
        )
        assert isinstance(stream, VideoStream)
        self._stream, self._sets, self._base, self._epoch = stream, sets, time, None

    def _fragments(self, data: bytes) -> Iterator[Fragment]:
        start = 0
        for kind, offset, size in mp4.boxes(data, 0, len(data)):
            if kind == b"moov":
                # Apple's players want hvc1; FFmpeg writes hev1 for streams that it did not encode
                init = data[: offset + size].replace(b"hev1", b"hvc1", 1)
                self._epoch = Epoch.of(init)
            elif kind == b"moof":
                start = offset
            elif kind == b"mdat" and self._epoch is not None:
                yield self._fragment(data[start : offset + size], self._epoch)

    def _fragment(self, data: bytes, epoch: Epoch) -> Fragment:
        moof = mp4.read_moof(data)
        base = float(self._base * self._time_base)
        time, duration = moof.time / epoch.scale, moof.duration / epoch.scale
        return Fragment(epoch, data, moof, moof.key, base + time, duration)


def _picture_size(codec: str, sets: bytes, key: av.Packet[VideoStream]) -> tuple[int, int]:
    """Width and height, from decoding one keyframe: what the stream's header says may be old."""
    decoder = VideoCodecContext.create(codec, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1
    frames = decoder.decode(av.Packet(sets + bytes(key))) or decoder.decode(None)
    for frame in frames:
        return int(frame.width), int(frame.height)
    raise av.error.InvalidDataError(0, "a keyframe that cannot be decoded")
