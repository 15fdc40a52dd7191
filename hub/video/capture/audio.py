"""The sound of a camera: AAC and Opus are kept as they are, G.711 becomes AAC."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from fractions import Fraction

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.context import CodecContext, Flags

from hub.video.capture.packets import AudioFormat, AudioPacket

_DECODED = frozenset({"pcm_mulaw", "pcm_alaw"})
_RATES = (
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
)  # fmt: skip
"""Of AAC, by their index (ISO/IEC 14496-3, table 1.18)."""
_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)
_AAC_KINDS = frozenset({2, 5, 29})  # LC, and that with SBR (and PS): what browsers play
_AAC_SAMPLES = 1024
_OPUS_RATE = 48_000
_BITS_PER_SAMPLE = 3  # of the AAC that is made here

Convert = Callable[[bytes, int | None], Iterable[AudioPacket]]
"""From coded bytes and their time in microseconds."""


class AudioTrack:
    """The sound of a connection. `stream`: where its packets come from."""

    def __init__(self, stream: AudioStream, form: AudioFormat, convert: Convert) -> None:
        assert stream.time_base is not None
        self.stream = stream
        self.format = form
        self._convert = convert
        self._tick_us = stream.time_base * 1_000_000

    def convert(self, packet: av.Packet[AudioStream]) -> Iterable[AudioPacket]:
        """What goes into files for a packet: none for a broken one, and for G.711 more for some
        and none for others."""
        if not packet.size:
            return ()
        time = None if packet.pts is None else round(packet.pts * self._tick_us)
        try:
            return self._convert(bytes(packet), time)
        except av.error.FFmpegError:
            return ()


def open_track(container: av.container.InputContainer, wanted: bool) -> AudioTrack | None:
    """The first sound of a camera that can be kept; None where there is none, or it is not
    wanted."""
    for stream in container.streams.audio if wanted else ():
        track = _track(stream)
        if track is not None:
            return track
    return None


def _track(stream: AudioStream) -> AudioTrack | None:
    context = stream.codec_context
    config = context.extradata or b""
    if context.name == "aac":
        form = _aac(config) if config else _announced(context)
        return None if form is None else AudioTrack(stream, form, _as_it_is(form))
    if context.name == "opus":
        form = _opus(config, context.channels)
        return None if form is None else AudioTrack(stream, form, _opus_packets(form))
    if context.name in _DECODED:
        encoder = _Encoder(context)
        return AudioTrack(stream, encoder.format, encoder.convert)
    return None


def _aac(config: bytes) -> AudioFormat | None:
    """From an AudioSpecificConfig; None for what browsers do not play."""
    bits = f"{int.from_bytes(config, 'big'):0{8 * len(config)}b}"
    kind, index = int(bits[:5], 2), int(bits[5:9], 2)
    at = 33 if index == 15 else 9
    if len(bits) < at + 4 or kind not in _AAC_KINDS or (index >= len(_RATES) and index != 15):
        return None
    rate = int(bits[9:33], 2) if index == 15 else _RATES[index]
    return _aac_format(rate, int(bits[at : at + 4], 2), config)


def _aac_format(rate: int, channels: int, config: bytes) -> AudioFormat | None:
    if not rate or not 0 < channels < len(_CHANNELS):
        return None
    return AudioFormat("aac", rate, _CHANNELS[channels], config)


def _announced(context: AudioCodecContext) -> AudioFormat | None:
    """What FFmpeg found of a stream whose packets tell their format themselves."""
    if context.sample_rate not in _RATES or context.channels not in _CHANNELS[1:]:
        return None
    index, channels = _RATES.index(context.sample_rate), _CHANNELS.index(context.channels)
    return _aac_format(context.sample_rate, channels, _config(2, index, channels))


def _config(kind: int, index: int, channels: int) -> bytes:
    return (kind << 11 | index << 7 | channels << 3).to_bytes(2, "big")


def _as_it_is(form: AudioFormat) -> Convert:
    def convert(data: bytes, time: int | None) -> Iterable[AudioPacket]:
        if len(data) > 7 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
            return _from_adts(data, time)
        return (AudioPacket(form, data, _AAC_SAMPLES, time),)

    return convert


def _from_adts(data: bytes, time: int | None) -> Iterable[AudioPacket]:
    """A frame with a header of its own, as in MPEG-TS (ISO/IEC 14496-3, 1.A.2.2)."""
    kind, index = (data[2] >> 6) + 1, data[2] >> 2 & 15
    channels = (data[2] & 1) << 2 | data[3] >> 6
    head = 7 if data[1] & 1 else 9
    several = data[6] & 3
    if index >= len(_RATES) or kind not in _AAC_KINDS or several:
        return ()
    form = _aac_format(_RATES[index], channels, _config(kind, index, channels))
    return () if form is None else (AudioPacket(form, data[head:], _AAC_SAMPLES, time),)


def _opus(head: bytes, channels: int) -> AudioFormat | None:
    """From an OpusHead (RFC 7845, 5.1), which RTP does not carry."""
    mapping = b""
    skip, rate, gain, family = 0, _OPUS_RATE, 0, 0
    if head[:8] == b"OpusHead" and len(head) >= 19:
        channels, skip, rate, gain, family = struct.unpack_from("<BHIhB", head, 9)
        mapping = head[19 : 21 + channels] if family else b""
    if channels < 1 or (channels > 2 and not mapping):
        return None
    config = struct.pack(">BBHIhB", 0, channels, skip, rate, gain, family) + mapping
    return AudioFormat("opus", _OPUS_RATE, channels, config)


def _opus_packets(form: AudioFormat) -> Convert:
    def convert(data: bytes, time: int | None) -> Iterable[AudioPacket]:
        samples = _opus_samples(data)
        return (AudioPacket(form, data, samples, time),) if samples else ()

    return convert


def _opus_samples(data: bytes) -> int:
    """How long a packet lasts (RFC 6716, 3.1 and 3.2); 0 for a broken one."""
    mode, code = data[0] >> 3, data[0] & 3
    if mode < 12:
        length = (480, 960, 1920, 2880)[mode & 3]
    elif mode < 16:
        length = (480, 960)[mode & 1]
    else:
        length = (120, 240, 480, 960)[mode & 3]
    if code == 3:
        return length * (data[1] & 63) if len(data) > 1 else 0
    return length * (1, 2, 2)[code]


class _Encoder:
    """Decodes, and encodes as AAC. Frames of the two are of different lengths: the times of those
    that come out are counted from the last packet that came in."""

    def __init__(self, source: AudioCodecContext) -> None:
        rate, layout = source.sample_rate, source.layout.name
        decoder = CodecContext.create(source.name, "r")
        assert isinstance(decoder, AudioCodecContext)
        decoder.sample_rate, decoder.layout = rate, layout
        self._decoder = decoder
        self._encoder = CodecContext.create("aac", "w")
        assert isinstance(self._encoder, AudioCodecContext)
        self._encoder.sample_rate, self._encoder.layout = rate, layout
        self._encoder.format = "fltp"
        self._encoder.bit_rate = _BITS_PER_SAMPLE * rate * source.channels
        self._encoder.flags |= Flags.global_header
        self._encoder.open()
        self._framed = AudioResampler("fltp", layout, rate, _AAC_SAMPLES)
        self._samples = 0
        self._zero: int | None = None
        self.format = AudioFormat("aac", rate, source.channels, self._encoder.extradata or b"")

    def convert(self, data: bytes, time: int | None) -> Iterable[AudioPacket]:
        rate = self.format.rate
        self._zero = None if time is None else time - self._samples * 1_000_000 // rate
        made: list[AudioPacket] = []
        for frame in self._decoder.decode(av.Packet(data)):
            frame.pts, frame.time_base = self._samples, Fraction(1, rate)
            self._samples += frame.samples
            for whole in self._framed.resample(frame):
                made += (self._packet(packet) for packet in self._encoder.encode(whole))
        return made

    def _packet(self, packet: av.Packet[AudioStream]) -> AudioPacket:
        begun = None
        if self._zero is not None and packet.pts is not None:
            begun = self._zero + packet.pts * 1_000_000 // self.format.rate
        return AudioPacket(self.format, bytes(packet), _AAC_SAMPLES, begun)
