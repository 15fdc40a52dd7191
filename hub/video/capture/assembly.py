"""From the packets of one connection to fragments in their places."""

from __future__ import annotations

from collections.abc import Sequence

from hub.clock import Clock
from hub.video.capture.fragments import Fragment, Packager
from hub.video.capture.packets import AudioPacket, Frames, VideoPacket
from hub.video.capture.source import Feed, SourceLost
from hub.video.capture.timeline import Timeline
from hub.video.reasons import Reason

FIRST_KEY_S = 30.0
"""A stream that holds no keyframe for so long will never show anything."""
NEXT_KEY_S = 900.0
"""Without a keyframe for so long no file could be ended: connecting anew brings one."""
STALLED_S = 8.0
"""A camera that sends nothing but sound for so long has stopped."""

_US = 1e-6


class Assembly:
    """Pictures and sound each have a timeline, which says when they came: the clocks that a
    camera gives them need not agree, and some cameras set one of them in the middle."""

    def __init__(self, feed: Feed, clock: Clock) -> None:
        self.timeline = Timeline(float(feed.time_base))
        self._heard = Timeline(_US)
        self._clock = clock
        self._frames = Frames(feed.codec)
        self._packager = Packager(
            feed.codec, feed.time_base, feed.extradata, feed.audio, masked=feed.masked
        )
        self._seen = self._keyed = clock.monotonic()
        self._longest = FIRST_KEY_S

    def add(self, packet: VideoPacket | AudioPacket) -> Sequence[Fragment]:
        """Take the next packet; returns the fragments that are complete now, mostly none. Raises
        SourceLost for a stream of which nothing can be made."""
        now = self._clock.monotonic()
        if isinstance(packet, AudioPacket):
            if now - self._seen > STALLED_S:
                raise SourceLost(Reason.STALLED)
            self._hear(packet)
            return ()
        if not packet.size:
            return ()
        self._seen = now
        if packet.is_keyframe:
            self._keyed, self._longest = now, NEXT_KEY_S
        elif now - self._keyed > self._longest:
            raise SourceLost(Reason.NO_KEYFRAME)
        if self._frames.goes_on(packet):
            return self._packager.join(packet)
        dts = packet.pts if packet.dts is None else packet.dts
        time = self.timeline.place(dts, self._clock.now().timestamp())
        return self._packager.push(packet, time)

    def _hear(self, packet: AudioPacket) -> None:
        time = self._heard.place(packet.time, self._clock.now().timestamp())
        at = self._heard.instant(time * _US) - self.timeline.zero
        self._packager.audio(packet, at)

    def close(self) -> Sequence[Fragment]:
        """What is left at the end of the stream."""
        return self._packager.close()
