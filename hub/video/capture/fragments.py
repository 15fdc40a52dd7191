"""Packets of one connection become fragments of fragmented MP4 (ISO/IEC 14496-12, 8.8).

FFmpeg's muxer writes the init segment; the fragments are put together here. That is a few dozen
bytes around the frames, it costs a third of what giving each frame to the muxer costs, and a
fragment ends exactly where it should: before a keyframe, or after 200 ms.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from hub.video import codecs, mp4
from hub.video.capture.packets import VideoPacket

_LONGEST_S = Fraction(19, 100)  # ends at the first frame past it: 200 ms at 5, 10, ... 30 fps
_HEAD = 1024  # parameter sets stand at the very head of a keyframe

_KEY = 0x0200_0000  # depends on no other frame
_NO_KEY = 0x0101_0000  # depends on others, is no sync sample
_MOOF = struct.Struct(">I4s I4sII I4s I4sIII I4sIQ I4sIIiI")
_SAMPLE = struct.Struct(">IIi")
_START_CODE = b"\0\0\1"
_TIME_AT = 64  # where _MOOF has the decode time


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


@dataclass(slots=True)
class Fragment:
    """At most 200 ms of video: one moof and its mdat.

    `time` and `duration` are in seconds on the connection's timeline, `start` is the Unix time of
    its first frame, known when it is handed on. `key`: it begins with a keyframe.
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


class _Raw(NamedTuple):
    """A coded frame as it came; `late`: by how much it is shown after it is decoded, in ticks."""

    time: int
    late: int
    key: bool
    data: bytes


class _Frame(NamedTuple):
    """A coded frame as it goes into a file: NAL units and their lengths, in turn."""

    time: int
    late: int
    key: bool
    parts: list[bytes | memoryview]


class Packager:
    """Turns packets (Annex B, placed on the timeline) into fragments.

    A fragment is complete when the frame behind it is there: only then is known how long its last
    frame lasts. Whenever the parameter sets change, a new epoch begins.
    """

    def __init__(self, codec: str, time_base: Fraction, extradata: bytes) -> None:
        self._codec = codec
        self._time_base = time_base
        self._longest = int(_LONGEST_S / time_base)
        self._sets = b""
        self._given = codecs.parameter_sets(codec, extradata)
        self._epoch: Epoch | None = None
        self._factor = Fraction(1)
        self._frames: list[_Frame] = []
        self._last: _Raw | None = None
        self._number = 0
        self._step = 0

    def push(self, packet: VideoPacket, time: int) -> Sequence[Fragment]:
        """Give the next frame with its place on the timeline, in ticks.

        Returns the fragments that are complete now, mostly none.
        """
        pts, dts = packet.pts, packet.dts
        late = 0 if pts is None or dts is None else pts - dts
        return self._add(_Raw(time, late, packet.is_keyframe, bytes(packet)))

    def join(self, packet: VideoPacket) -> Sequence[Fragment]:
        """Give a further part of the last frame: some senders cut frames up, with a marker bit
        after each slice, and give all parts one timestamp."""
        last = self._last
        if last is None:
            return ()
        if self._frames and self._frames[-1].time == last.time:
            self._frames.pop()
        key = last.key or packet.is_keyframe
        return self._add(_Raw(last.time, last.late, key, last.data + bytes(packet)))

    def _add(self, frame: _Raw) -> Sequence[Fragment]:
        self._last = frame
        done: Sequence[Fragment] = ()
        waiting = self._frames
        if waiting:
            self._step = frame.time - waiting[-1].time
            if frame.key or frame.time - waiting[0].time >= self._longest:
                done = self._cut(frame.time)
        if frame.key:
            self._keyframe(frame.data)
        if self._epoch is not None:  # nothing can be shown before the first keyframe
            parts = _with_lengths(frame.data)
            self._frames.append(_Frame(frame.time, frame.late, frame.key, parts))
        return done

    def close(self) -> Sequence[Fragment]:
        """What is left at the end of the stream."""
        if not self._frames:
            return ()
        step = self._step or int(Fraction(1, 25) / self._time_base)
        return self._cut(self._frames[-1].time + step)

    def _keyframe(self, data: bytes) -> None:
        """Begin a new epoch where the keyframe's parameter sets differ from the last ones. Some
        cameras tell them only when the connection is made."""
        own = codecs.parameter_sets(self._codec, data[:_HEAD])
        sets = own or self._sets or self._given
        if sets == self._sets and self._epoch is not None:
            return
        whole = data if own else sets + data
        self._epoch = Epoch.of(_init(self._codec, self._time_base, whole))
        self._factor = self._epoch.scale * self._time_base
        self._sets = sets

    def _cut(self, end: int) -> Sequence[Fragment]:
        """Make the fragment of the frames that wait; `end`: where the next one begins."""
        frames, self._frames = self._frames, []
        epoch = self._epoch
        assert epoch is not None
        self._number += 1
        times = [self._ticks(frame.time) for frame in frames]
        times.append(self._ticks(end))
        table = b"".join(
            _SAMPLE.pack(
                times[n + 1] - times[n], sum(map(len, frame.parts)), self._ticks(frame.late)
            )
            for n, frame in enumerate(frames)
        )
        head = _moof(self._number, times[0], frames[0].key, len(frames), table)
        body = b"".join(chain.from_iterable(frame.parts for frame in frames))
        data = b"".join((head, struct.pack(">I4s", len(body) + 8, b"mdat"), body))
        duration = times[-1] - times[0]
        moof = mp4.Moof(len(head), _TIME_AT, times[0], duration, frames[0].key)
        time = times[0] / epoch.scale
        return [Fragment(epoch, data, moof, moof.key, time, duration / epoch.scale)]

    def _ticks(self, time: int) -> int:
        """From the stream's ticks to those of the file."""
        return time if self._factor == 1 else round(time * self._factor)


def _moof(number: int, time: int, key: bool, count: int, table: bytes) -> bytes:
    size = _MOOF.size + len(table)
    head = _MOOF.pack(
        size, b"moof",
        16, b"mfhd", 0, number,
        size - 24, b"traf",
        20, b"tfhd", 0x02_0020, 1, _NO_KEY,  # default-base-is-moof, default flags
        20, b"tfdt", 1 << 24, time,
        24 + len(table), b"trun", 1 << 24 | 0xB05, count, size + 8,  # offset of the first byte
        _KEY if key else _NO_KEY,
    )  # fmt: skip
    return head + table


def _with_lengths(data: bytes) -> list[bytes | memoryview]:
    """NAL units from Annex B form to that of MP4, each behind its length; nothing is copied."""
    parts: list[bytes | memoryview] = []
    view = memoryview(data)
    code = data.find(_START_CODE)
    while code >= 0:
        start = code + 3
        code = data.find(_START_CODE, start)
        end = len(data) if code < 0 else code
        while end > start and not data[end - 1]:  # a unit never ends in zero
            end -= 1
        parts.append((end - start).to_bytes(4, "big"))
        parts.append(view[start:end])
    return parts


class _Sink:
    """Takes what FFmpeg writes; its buffer is valid only during the call."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


def _init(codec: str, time_base: Fraction, key: bytes) -> bytes:
    """The init segment for a stream that begins with this keyframe and its parameter sets."""
    width, height = _picture_size(codec, key)
    sink = _Sink()
    flags = {"movflags": "empty_moov+default_base_moof+frag_keyframe+skip_trailer"}
    with av.open(sink, "w", format="mp4", options=flags) as out:
        stream = out.add_mux_stream(codec, width=width, height=height, time_base=time_base)
        assert isinstance(stream, VideoStream)
        packet = av.Packet(key)
        packet.stream = stream
        packet.dts = packet.pts = 0
        packet.is_keyframe = True
        out.mux(packet)
    data = bytes(sink.data)
    for kind, offset, size in mp4.boxes(data, 0, len(data)):
        if kind == b"moov":
            # Apple's players want hvc1; FFmpeg writes hev1 for streams that it did not encode
            return data[: offset + size].replace(b"hev1", b"hvc1", 1)
    raise av.error.InvalidDataError(0, "a keyframe without parameter sets")


def _picture_size(codec: str, key: bytes) -> tuple[int, int]:
    """Width and height, from decoding one keyframe: what the stream's header says may be old."""
    decoder = VideoCodecContext.create(codec, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1
    for frame in decoder.decode(av.Packet(key)) or decoder.decode(None):
        return int(frame.width), int(frame.height)
    raise av.error.InvalidDataError(0, "a keyframe that cannot be decoded")
