"""Packets of one connection become fragments of fragmented MP4 (ISO/IEC 14496-12, 8.8).

FFmpeg's muxer writes the init segment; the fragments are put together here. That is a few dozen
bytes around the frames, it costs a third of what giving each frame to the muxer costs, and a
fragment ends exactly where it should: before a keyframe, or after 200 ms. Sound that has come
until then goes with it; it never makes a fragment wait.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

from hub.video.capture import heads
from hub.video.capture.packets import AudioFormat, AudioPacket, VideoPacket
from hub.video.capture.sound import Sound
from hub.video.files import boxes, codecs, mp4

_LONGEST_S = Fraction(19, 100)  # ends at the first frame past it: 200 ms at 5, 10, ... 30 fps
_HEAD = 1024  # parameter sets stand at the very head of a keyframe

_SAMPLE = struct.Struct(">IIi")
_START_CODE = b"\0\0\1"


@dataclass(frozen=True, slots=True)
class Epoch:
    """An init segment: what is needed to decode the fragments that carry it."""

    init: bytes
    scale: int
    codec: str
    width: int
    height: int
    audio: str | None

    @classmethod
    def of(cls, init: bytes) -> Epoch:
        width, height = boxes.picture_size(init)
        codec, audio = codecs.codec_of(init), codecs.audio_of(init)
        return cls(init, boxes.timescale(init), codec, width, height, audio)


@dataclass(slots=True)
class Fragment:
    """At most 200 ms of video, and its sound: one moof and its mdat.

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
    frame lasts. Whenever the parameter sets change, or there is sound of another format, or none
    any more, a new epoch begins with the next keyframe.
    """

    def __init__(
        self,
        codec: str,
        time_base: Fraction,
        extradata: bytes,
        audio: AudioFormat | None = None,
        *,
        masked: bool = False,
    ) -> None:
        """`audio`: what the connection announced; `masked`: parts of the pictures are covered."""
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
        self._masked = masked
        self._sound = Sound(audio)
        self._format: AudioFormat | None = None

    def audio(self, packet: AudioPacket, time: float) -> None:
        """Give a piece of sound with its place on the timeline, in seconds. What comes before the
        first keyframe is dropped."""
        self._sound.push(packet, time)

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
            self._keyframe(frame.data, float(frame.time * self._time_base))
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

    def _keyframe(self, data: bytes, at: float) -> None:
        """Begin a new epoch where the keyframe's parameter sets differ from the last ones. Some
        cameras tell them only when the connection is made."""
        sound = self._sound.begin(at)
        own = codecs.parameter_sets(self._codec, data[:_HEAD])
        sets = own or self._sets or self._given
        if sets == self._sets and sound == self._format and self._epoch is not None:
            return
        whole = data if own else sets + data
        init = heads.init(self._codec, self._time_base, whole, sound, masked=self._masked)
        self._epoch = Epoch.of(init)
        self._format = sound
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
        parts = list(chain.from_iterable(frame.parts for frame in frames))
        pieces = self._sound.take(float(end * self._time_base))
        size = sum(map(len, parts))
        key, count = frames[0].key, len(frames)
        head = heads.head(self._number, times[0], key, count, table, size, pieces)
        parts += (piece.data for piece in pieces)
        body = b"".join(parts)
        data = b"".join((head, struct.pack(">I4s", len(body) + 8, b"mdat"), body))
        duration = times[-1] - times[0]
        moof = mp4.Moof(len(head), heads.TIME_AT, times[0], duration, key)
        if pieces:
            assert self._format is not None
            rate = Fraction(self._format.rate, epoch.scale)
            sound = heads.sound_time(head, len(pieces), pieces[0].time, rate)
            moof = moof._replace(others=(sound,))
        time = times[0] / epoch.scale
        return [Fragment(epoch, data, moof, key, time, duration / epoch.scale)]

    def _ticks(self, time: int) -> int:
        """From the stream's ticks to those of the file."""
        return time if self._factor == 1 else round(time * self._factor)


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
