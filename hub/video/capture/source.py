"""Opening a camera's stream: RTSP, a file in a loop, or MPEG-TS from this machine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import cast
from urllib.parse import quote, urlsplit, urlunsplit

import av
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.video.stream import VideoStream

from hub.clock import SystemClock
from hub.video.capture.audio import AudioTrack, open_track
from hub.video.capture.packets import AudioFormat, AudioPacket, VideoPacket
from hub.video.files import codecs
from hub.video.reasons import Reason
from hub.video.talk.messages import Source

_OPEN_S = 8.0
_READ_S = 4.0  # FFmpeg may wait twice as long before it gives up
_PROBE_US = "500000"
_MOST_UNDATED = 50
_LONGEST_BURST = 500
_SECOND = 1_000_000
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class SourceLost(Exception):
    """The stream cannot be opened, or ended; the message is never shown, the reason is."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


_REASONS: tuple[tuple[type[BaseException], Reason], ...] = (
    (av.error.HTTPUnauthorizedError, Reason.UNAUTHORIZED),
    (av.error.HTTPForbiddenError, Reason.UNAUTHORIZED),
    (av.error.HTTPNotFoundError, Reason.NOT_FOUND),
    (FileNotFoundError, Reason.NOT_FOUND),
    (av.error.ExitError, Reason.STALLED),
    (TimeoutError, Reason.STALLED),
    (EOFError, Reason.ENDED),
    (ConnectionResetError, Reason.ENDED),
    (BrokenPipeError, Reason.ENDED),
    (OSError, Reason.UNREACHABLE),
    (ValueError, Reason.RUBBISH),
    (av.error.FFmpegError, Reason.RUBBISH),
)


def reason_of(error: BaseException) -> Reason:
    """The word for what FFmpeg raised (its text may hold the address with the password)."""
    return next((word for kind, word in _REASONS if isinstance(error, kind)), Reason.RUBBISH)


class Feed:
    """An open stream. Its frames are in Annex B form, whatever they came in."""

    live = False
    """Packets wait in the socket until they are read."""
    masked = False
    """Areas of the pictures are covered."""
    unheard = False
    """It has sound, but none that can be kept."""

    def __init__(
        self,
        codec: str,
        time_base: Fraction,
        extradata: bytes,
        audio: AudioFormat | None = None,
    ) -> None:
        self.codec = codec
        self.time_base = time_base
        self.extradata = extradata
        self.audio = audio

    def packets(self) -> Iterator[VideoPacket | AudioPacket]:
        """Packets in order of decoding, as they come, some of them without any time; an empty one
        is FFmpeg's mark of the end."""
        raise AssertionError("each kind of feed has its own")


class _LiveFeed(Feed):
    live = True

    def __init__(self, container: av.container.InputContainer, sound: bool) -> None:
        self._container = container
        self._stream = _video(container)
        self._track = track = open_track(container, sound)
        self.unheard = sound and track is None and bool(container.streams.audio)
        context = self._stream.codec_context
        assert self._stream.time_base is not None
        super().__init__(
            context.name,
            self._stream.time_base,
            context.extradata or b"",
            None if track is None else track.format,
        )

    def packets(self) -> Iterator[VideoPacket | AudioPacket]:
        track = self._track
        packets: Iterator[VideoPacket | AudioPacket]
        if track is None:
            packets = self._container.demux(self._stream)
        else:
            packets = _both(self._container, self._stream, track)
        return chain(self._first(packets), packets)

    def _first(
        self, packets: Iterator[VideoPacket | AudioPacket]
    ) -> Iterator[VideoPacket | AudioPacket]:
        """FFmpeg's probing leaves the first packets without times, the keyframe among them: they
        are counted back from the first one that has one. Where no packet has any, those that the
        probing took in are counted on from zero."""
        undated: list[VideoPacket] = []
        step = round(1 / (float(self._stream.average_rate or 25) * float(self.time_base)))
        for packet in packets:
            if isinstance(packet, AudioPacket):
                yield packet
                continue
            if packet.dts is None:
                undated.append(packet)
                if len(undated) < _MOST_UNDATED:
                    continue
                if packet.pts is None:
                    undated += _burst(packets, step * float(self.time_base))
                    yield from _counted_back(undated, len(undated) * step, step)
                    return
                packet.dts = packet.pts  # a stream that never tells its order of decoding
                undated.pop()
            yield from _counted_back(undated, packet.dts, step)
            yield packet
            return


def _both(
    container: av.container.InputContainer, video: VideoStream, track: AudioTrack
) -> Iterator[VideoPacket | AudioPacket]:
    for packet in container.demux(video, track.stream):
        if packet.stream_index == video.index:
            yield cast(VideoPacket, packet)
        else:
            yield from track.convert(cast("av.Packet[AudioStream]", packet))


def _burst(packets: Iterator[VideoPacket | AudioPacket], frame_s: float) -> list[VideoPacket]:
    """The frames that are there already, and the first one that had to be waited for."""
    clock = SystemClock()
    found: list[VideoPacket] = []
    asked = clock.monotonic()
    for packet in packets:
        if isinstance(packet, AudioPacket):
            continue
        found.append(packet)
        came = clock.monotonic()
        if came - asked > frame_s / 2 or len(found) >= _LONGEST_BURST:
            break
        asked = came
    return found


def _counted_back(undated: list[VideoPacket], dts: int, step: int) -> Iterator[VideoPacket]:
    for number, packet in enumerate(undated):
        packet.dts = dts - (len(undated) - number) * step
        if packet.pts is None:
            packet.pts = packet.dts
        yield packet


class _FileFeed(Feed):
    """A file for ever: each round goes on where the one before ended."""

    def __init__(self, path: str, sound: bool, stopped: threading.Event) -> None:
        self._path = path
        self._sound = sound
        self._stopped = stopped
        with av.open(path) as container:
            stream = _video(container)
            track = open_track(container, sound)
            self.unheard = sound and track is None and bool(container.streams.audio)
            context = stream.codec_context
            assert stream.time_base is not None
            super().__init__(
                context.name,
                stream.time_base,
                context.extradata or b"",
                None if track is None else track.format,
            )

    def packets(self) -> Iterator[VideoPacket | AudioPacket]:
        tick = float(self.time_base)
        clock = SystemClock()
        began = clock.monotonic()
        start = last = 0
        while True:
            given = last
            for packet, step in self._round():
                if isinstance(packet, AudioPacket):
                    at = start * tick + (packet.time or 0) / _SECOND
                    packet = replace(packet, time=round(at * _SECOND))
                else:
                    assert packet.dts is not None
                    packet.dts += start
                    packet.pts = None if packet.pts is None else packet.pts + start
                    last = max(last, packet.dts + step)
                    at = packet.dts * tick
                wait = began + at - clock.monotonic()
                if wait > 0 and self._stopped.wait(wait):
                    return
                yield packet
            if last == given:
                raise SourceLost(Reason.NO_VIDEO)
            start = last

    def _round(self) -> Iterator[tuple[VideoPacket | AudioPacket, int]]:
        """The packets of the file with the length of each frame; times are counted from its first
        frame."""
        with av.open(self._path) as container:
            stream = _video(container)
            track = open_track(container, self._sound)
            to_annex_b = None
            if (stream.codec_context.extradata or b"")[:1] == b"\1":
                to_annex_b = BitStreamFilterContext(f"{self.codec}_mp4toannexb", stream)
            step = round(1 / (float(stream.average_rate or 25) * float(self.time_base)))
            first: int | None = None
            raws = container.demux(stream) if track is None else _both(container, stream, track)
            for raw in raws:
                if isinstance(raw, AudioPacket):
                    if first is not None and raw.time is not None:
                        zero = round(first * float(self.time_base) * _SECOND)
                        yield replace(raw, time=raw.time - zero), 0
                    continue
                if not raw.size:
                    continue
                for packet in to_annex_b.filter(raw) if to_annex_b else (raw,):
                    if packet.dts is None:
                        continue
                    first = packet.dts if first is None else first
                    packet.dts -= first
                    packet.pts = None if packet.pts is None else packet.pts - first
                    yield packet, packet.duration or step


def _video(container: av.container.InputContainer) -> VideoStream:
    if not container.streams.video:
        raise SourceLost(Reason.NO_VIDEO)
    stream = container.streams.video[0]
    if stream.codec_context.name not in codecs.SUPPORTED:
        raise SourceLost(Reason.UNSUPPORTED)
    return stream


@contextlib.contextmanager
def opened(source: Source, stopped: threading.Event) -> Iterator[Feed]:
    """Open a stream; all that goes wrong in it, then or later, comes out as SourceLost."""
    container = None
    connected = False
    try:
        if "://" not in source.url:
            yield _FileFeed(str(Path(source.url).expanduser()), source.audio, stopped)
            return
        container, mute = _connect(source)
        feed = _LiveFeed(container, source.audio)
        feed.unheard |= mute
        connected = True
        yield feed
    except (av.error.FFmpegError, OSError) as error:
        reason = reason_of(error)
        broke_off = connected and reason == Reason.UNREACHABLE
        raise SourceLost(Reason.ENDED if broke_off else reason) from None
    finally:
        if container is not None:
            container.close()


def _connect(source: Source) -> tuple[av.container.InputContainer, bool]:
    """Connect, without the sound where the camera refuses that: it must not cost the pictures."""
    if source.audio:
        try:
            return _container(source, "video+audio"), False
        except av.error.FFmpegError as error:
            if reason_of(error) is not Reason.RUBBISH:
                raise
    return _container(source, "video"), source.audio


def _container(source: Source, media: str) -> av.container.InputContainer:
    parts = urlsplit(source.url)
    options = {"analyzeduration": _PROBE_US}
    timeout = (_OPEN_S, _READ_S)
    if parts.scheme == "rtsp":
        options |= {"rtsp_transport": "tcp", "allowed_media_types": media}
        return av.open(_with_credentials(source), options=options, timeout=timeout)
    if parts.scheme == "tcp" and parts.hostname in _LOCAL:
        return av.open(source.url, format="mpegts", options=options, timeout=timeout)
    raise SourceLost(Reason.BAD_ADDRESS)


def _with_credentials(source: Source) -> str:
    """FFmpeg takes user and password only inside the address."""
    if source.username is None:
        return source.url
    parts = urlsplit(source.url)
    login = f"{quote(source.username, safe='')}:{quote(source.password or '', safe='')}"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{login}@{host}"))
