"""Pictures in which areas are covered, before anything else gets them.

They are decoded, covered and encoded again: the ring, files, snapshots and whoever watches never
hold what lies under a mask.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from hub.clock import SystemClock
from hub.video.capture.packets import AudioPacket, Frames, VideoPacket
from hub.video.capture.polygons import Span, halved, spans
from hub.video.capture.source import Feed, SourceLost
from hub.video.reasons import Reason
from hub.video.talk.messages import Polygons

log = logging.getLogger("hub.video.capture")

GROUP_S = 2.0
UNREADABLE_S = 30.0
"""A stream of which nothing could be decoded for so long is given up, and connected anew."""
_OPTIONS = {"preset": "superfast", "tune": "zerolatency", "crf": "23", "forced-idr": "1"}
BEHIND_S = 1.0
"""No packet had to be waited for in so long: this machine is too slow."""
START_S = 4.0
"""That is so at first in any case: what the probing of the stream took in is there already."""
_EASE_S = 10.0
"""After so long more frames are tried again."""
_MOST_LEFT_OUT = 4  # one of so many frames is kept
_WAITED_S = 0.002
_FORMATS = frozenset({"yuv420p", "yuvj420p"})  # 8 bits, colour in half the size
_BLACK, _GREY = 16, 128
_MOST_WAITING = 64
"""Frames that a decoder holds back are fewer."""


def masked(feed: Feed, polygons: Polygons, stopped: threading.Event) -> Feed:
    """The feed with areas of its pictures covered; itself where there are none."""
    return _MaskedFeed(feed, polygons, stopped) if polygons else feed


@dataclass(frozen=True, slots=True)
class _Whole:
    """A coded frame, put together. `time`: when it is shown, in ticks."""

    data: bytes
    time: int | None


class _MaskedFeed(Feed):
    """It is not `live`: nobody should rest between its packets, for coding them takes its time."""

    masked = True

    def __init__(self, inner: Feed, polygons: Polygons, stopped: threading.Event) -> None:
        super().__init__("h264", inner.time_base, b"", inner.audio)
        self.unheard = inner.unheard
        self._inner = inner
        self._polygons = polygons
        self._stopped = stopped
        self._clock = SystemClock()
        self._waited = self._clock.monotonic()
        self._changed = self._waited + START_S
        self._one_of = 1
        self._slow_told = False

    def packets(self) -> Iterator[VideoPacket | AudioPacket]:
        decoder = _Decoder(self._inner.codec, self._inner.extradata)
        painter = _Painter(self._polygons, self.time_base)
        read = self._clock.monotonic()
        count = 0
        for whole in self._whole():
            if self._stopped.is_set():
                return
            if isinstance(whole, AudioPacket):
                yield whole
                continue
            for frame, time in decoder.decode(whole):
                read = self._clock.monotonic()
                count += 1
                self._pace(read)
                if count % self._one_of == 0:
                    yield from painter.paint(frame, time)
            if self._clock.monotonic() - read > UNREADABLE_S:
                raise SourceLost(Reason.RUBBISH)

    def _pace(self, now: float) -> None:
        """Choose how many frames one is kept of. A file can wait instead."""
        if not self._inner.live or now - self._changed < BEHIND_S:
            return
        if now - self._waited > BEHIND_S:
            self._one_of = min(self._one_of + 1, _MOST_LEFT_OUT)
            self._changed = now
            if not self._slow_told:
                log.warning("masks take more than this machine has; frames are left out")
                self._slow_told = True
        elif self._one_of > 1 and now - self._changed > _EASE_S:
            self._one_of -= 1
            self._changed = now

    def _read(self) -> Iterator[VideoPacket | AudioPacket]:
        asked = self._clock.monotonic()
        for packet in self._inner.packets():
            came = self._clock.monotonic()
            if came - asked > _WAITED_S:
                self._waited = came
            yield packet
            asked = self._clock.monotonic()

    def _whole(self) -> Iterator[_Whole | AudioPacket]:
        """Frames in one piece each: a decoder wants them so."""
        frames = Frames(self._inner.codec)
        parts: list[bytes] = []
        time: int | None = None
        for packet in self._read():
            if isinstance(packet, AudioPacket):
                yield packet
                continue
            if not packet.size:
                continue
            if not frames.goes_on(packet):
                if parts:
                    yield _Whole(b"".join(parts), time)
                parts, time = [], packet.dts if packet.pts is None else packet.pts
            parts.append(bytes(packet))
        if parts:
            yield _Whole(b"".join(parts), time)


class _Decoder:
    """Frames in the order in which they are shown, each one's to draw in."""

    def __init__(self, codec: str, extradata: bytes) -> None:
        context = VideoCodecContext.create(codec, "r")
        assert isinstance(context, VideoCodecContext)
        context.thread_count = 1
        if extradata:
            context.extradata = extradata
        self._context = context
        self._times: dict[int, int | None] = {}
        self._count = 0
        self._broken_told = False

    def decode(self, whole: _Whole) -> Iterator[tuple[VideoFrame, int | None]]:
        """The frames that are complete now, and when they are shown; a broken one is left out."""
        packet = av.Packet(whole.data)
        packet.pts = self._count
        self._times[self._count] = whole.time
        self._count += 1
        if len(self._times) > _MOST_WAITING:
            del self._times[next(iter(self._times))]
        try:
            frames = self._context.decode(packet)
        except av.error.FFmpegError:
            if not self._broken_told:
                log.info("a frame that is to be covered cannot be decoded; it is left out")
                self._broken_told = True
            return
        for frame in frames:
            time = None if frame.pts is None else self._times.pop(frame.pts, None)
            if frame.format.name not in _FORMATS:
                frame = frame.reformat(format="yuv420p")
            frame.make_writable()  # the decoder may still need it to make others from
            yield frame, time


class _Painter:
    """Covers areas, and codes what is left; begins anew with each kind of picture."""

    def __init__(self, polygons: Polygons, time_base: Fraction) -> None:
        self._polygons = polygons
        self._time_base = time_base
        self._kind: tuple[int, int, str] | None = None
        self._cover: _Cover
        self._encoder: _Encoder

    def paint(self, frame: VideoFrame, time: int | None) -> Iterator[VideoPacket]:
        kind = frame.width, frame.height, frame.format.name
        if kind != self._kind:
            self._kind = kind
            self._cover = _Cover(self._polygons, frame.width, frame.height)
            self._encoder = _Encoder(frame, self._time_base)
        self._cover.lay(frame)
        yield from self._encoder.encode(frame, time)


class _Cover:
    """What is drawn into pictures of one size."""

    def __init__(self, polygons: Polygons, width: int, height: int) -> None:
        luma = spans(polygons, width, height)
        colour = halved(luma)
        self._planes: list[tuple[list[Span], bytes]] = [
            (luma, bytes([_BLACK]) * width),
            (colour, bytes([_GREY]) * width),
            (colour, bytes([_GREY]) * width),
        ]

    def lay(self, frame: VideoFrame) -> None:
        """Draw it."""
        for plane, (found, filling) in zip(frame.planes, self._planes, strict=True):
            line = plane.line_size
            view = memoryview(plane)
            for row, begin, end in found:
                at = row * line
                view[at + begin : at + end] = filling[: end - begin]


class _Encoder:
    """H.264 of pictures of one kind; what goes in comes out at once."""

    def __init__(self, frame: VideoFrame, time_base: Fraction) -> None:
        context = VideoCodecContext.create("libx264", "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height = frame.width, frame.height
        context.pix_fmt = frame.format.name
        context.color_range = frame.color_range
        context.time_base = Fraction(1, 25)
        context.thread_count = 1
        context.options = dict(_OPTIONS)
        self._context = context
        self._tick_s = float(time_base)
        self._count = 0
        self._key_at: float | None = None
        self._times: dict[int, int | None] = {}

    def encode(self, frame: VideoFrame, time: int | None) -> Iterator[VideoPacket]:
        """The coded frame; its parameter sets stand in each keyframe."""
        at = self._count / 25 if time is None else time * self._tick_s
        due = self._key_at is None or abs(at - self._key_at) >= GROUP_S
        frame.pict_type = PictureType.I if due else PictureType.NONE
        frame.pts, frame.time_base = self._count, Fraction(1, 25)
        self._times[self._count] = time
        self._count += 1
        for packet in self._context.encode(frame):
            if packet.is_keyframe:
                self._key_at = at
            assert packet.pts is not None
            packet.pts = packet.dts = self._times.pop(packet.pts)
            yield packet
