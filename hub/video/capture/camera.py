"""One stream's thread: connect, read, mux, hand on; and again when it is lost."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Sequence
from itertools import chain, islice

from hub.clock import Clock
from hub.video.capture.assembly import Assembly
from hub.video.capture.fragments import Epoch, Fragment
from hub.video.capture.masked import masked
from hub.video.capture.outages import Outages
from hub.video.capture.recorder import Recorder, Tell
from hub.video.capture.source import Feed, SourceLost, opened
from hub.video.capture.timeline import Timeline
from hub.video.reasons import Reason, explain
from hub.video.talk.messages import Source, StreamReport, TroubleReport

log = logging.getLogger("hub.video.capture")

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
REFUSED_PAUSE_S = 60.0  # cameras lock out who tries wrong passwords quickly
_HEALTHY_S = 10.0
SETTLE_S = 1.0
"""The first frames come late, out of the probing's buffer. They are held back so long, until the
timeline has seen some that came on time, so that they get their true instants."""

_REST_S = 0.185  # a fragment ends 190 ms after its first frame at the earliest
_GATHERED = 1 << 16  # bytes; half of the least buffer that Linux gives a socket

_PERSON_NEEDED = frozenset({Reason.UNAUTHORIZED, Reason.UNSUPPORTED, Reason.BAD_ADDRESS})


class CameraThread(threading.Thread):
    """Reads a camera's stream until told to stop. What goes wrong in it stays in it."""

    def __init__(
        self, source: Source, recorder: Recorder, clock: Clock, tell: Tell, outages: Outages
    ) -> None:
        super().__init__(name=recorder.name, daemon=True)
        self.source = source
        self._recorder = recorder
        self._clock = clock
        self._tell = tell
        self._outages = outages
        self._stopped = threading.Event()
        self._stop_asked = False
        self._lost_told = self._unheard_told = False
        self._epoch: Epoch | None = None
        self._reason: Reason | None = Reason.CONNECTING
        self._since = self._now()
        begun = self._since if recorder.seen is None else min(recorder.seen, self._since)
        outages.begin("source", source.camera, source.stream, begun, Reason.CONNECTING.value)

    @property
    def report(self) -> StreamReport:
        """How the stream is now."""
        epoch, recorder = self._epoch, self._recorder
        return StreamReport(
            camera=self.source.camera,
            stream=self.source.stream,
            online=self._reason is None,
            reason=None if self._reason is None else self._reason.value,
            since=self._since,
            width=None if epoch is None else epoch.width,
            height=None if epoch is None else epoch.height,
            codec=None if epoch is None else epoch.codec,
            audio=None if epoch is None else epoch.audio,
            recording=recorder.recording,
            until=recorder.until,
            bitrate=round(recorder.bitrate.value),
        )

    def stop(self) -> None:
        """Ask it to end; it does within the time that a read may take."""
        self._stop_asked = True  # what the loop reads; cheaper than the event at each frame
        self._stopped.set()

    def run(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopped.is_set():
            began = self._clock.monotonic()
            reason = self._read()
            if self._stopped.is_set():
                return
            self._lost(reason)
            if self._clock.monotonic() - began > _HEALTHY_S:
                pause = FIRST_PAUSE_S
            longest = REFUSED_PAUSE_S if reason in _PERSON_NEEDED else pause
            self._stopped.wait(longest * random.uniform(0.75, 1.25))
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _read(self) -> Reason:
        try:
            with opened(self.source, self._stopped) as feed:
                self._record(masked(feed, self.source.masks, self._stopped))
            return Reason.ENDED
        except SourceLost as lost:
            return lost.reason
        except Exception:
            if not self._lost_told:
                log.exception("%s: reading it failed", self.name)
            return Reason.RUBBISH
        finally:
            if not self._stopped.is_set():  # else another thread has the recorder already
                self._recorder.interrupt()

    def _record(self, feed: Feed) -> None:
        self._tell_of_sound(feed)
        held: list[Fragment] | None = []
        packets = feed.packets()
        first = list(islice(packets, 1))  # it may have been waited for
        began = self._clock.monotonic()
        assembly = Assembly(feed, self._clock)
        timeline = assembly.timeline
        try:
            for packet in chain(first, packets):
                if self._stop_asked:
                    return
                done = assembly.add(packet)
                if held is None:
                    if done:
                        self._hand_on(done, timeline)
                        if feed.live:
                            self._rest(done[-1])
                    continue
                held += done
                if self._clock.monotonic() - began > SETTLE_S:
                    self._hand_on(held, timeline)
                    held = None
        finally:
            self._hand_on([*(held or ()), *assembly.close()], timeline)

    def _tell_of_sound(self, feed: Feed) -> None:
        """Say once that there is sound which cannot be kept."""
        if feed.unheard and not self._unheard_told:
            self._unheard_told = True
            log.warning("%s: %s", self.name, explain(Reason.AUDIO_UNSUPPORTED))
            why = Reason.AUDIO_UNSUPPORTED.value
            self._tell("trouble", TroubleReport(self.source.camera, self.source.stream, why))

    def _rest(self, fragment: Fragment) -> None:
        """Let the frames of the next fragment gather in the socket, and wake shortly before the
        one that completes it: one wake instead of one per frame saves a quarter of the CPU, and
        delays nothing but frames of a keyframe out of turn. Much data must not wait there."""
        share = min(1.0, _GATHERED / len(fragment.data))
        wait = fragment.end + _REST_S * share - self._now()
        if wait > 0:
            self._stopped.wait(min(wait, _REST_S))

    def _hand_on(self, fragments: Sequence[Fragment], timeline: Timeline) -> None:
        for fragment in fragments:
            if self._stop_asked:
                return
            fragment.start = timeline.instant(fragment.time)
            self._recorder.take(fragment, self)
            if fragment.epoch is not self._epoch or self._reason is not None:
                self._online(fragment)

    def _online(self, fragment: Fragment) -> None:
        self._epoch = fragment.epoch
        if self._reason is not None:
            self._reason, self._since = None, self._now()
            camera, stream = self.source.camera, self.source.stream
            self._outages.end("source", camera, stream, fragment.start)
        if self._lost_told:
            log.info("%s is back", self.name)
            self._lost_told = False
        self._tell("stream", self.report)

    def _lost(self, reason: Reason) -> None:
        if not self._lost_told:
            log.warning("%s is lost: %s", self.name, explain(reason))
            self._lost_told = True
        elif reason == self._reason:
            return
        if self._reason is None:
            self._since = min(self._now(), self._recorder.seen or self._since)
        camera, stream = self.source.camera, self.source.stream
        begun = self._since if self._reason in (None, Reason.CONNECTING) else self._now()
        self._outages.begin("source", camera, stream, begun, reason.value)
        self._reason = reason
        self._tell("stream", self.report)

    def _now(self) -> float:
        return self._clock.now().timestamp()
