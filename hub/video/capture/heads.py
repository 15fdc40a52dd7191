"""The boxes that capture writes (ISO/IEC 14496-12): init segments, and heads of fragments.

FFmpeg's muxer writes the track of the pictures; a second track, for sound, is put beside it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from hub.video.capture.packets import AudioFormat
from hub.video.capture.sound import Piece
from hub.video.files import boxes, codecs, mp4

_KEY = 0x0200_0000  # depends on no other frame
_NO_KEY = 0x0101_0000  # depends on others, is no sync sample
_MOOF = struct.Struct(">I4s I4sII I4s I4sIII I4sIQ I4sIIiI")
_SOUND = struct.Struct(">I4s I4sIII I4sIQ I4sIIi")
_SOUND_TRACK = 2
TIME_AT = 64
"""Where a head has the decode time of the pictures."""
_SOUND_TIME_AT = 40  # from the start of its traf
_MATRIX = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def head(
    number: int, time: int, key: bool, count: int, table: bytes, body: int, sound: Sequence[Piece]
) -> bytes:
    """A moof. `table`: durations, sizes and offsets of `count` frames; `body`: their bytes, which
    the sound stands behind."""
    other = _MOOF.size + len(table)
    size = other + (_SOUND.size + 8 * len(sound) if sound else 0)
    moof = _MOOF.pack(
        size, b"moof",
        16, b"mfhd", 0, number,
        other - 24, b"traf",
        20, b"tfhd", 0x02_0020, 1, _NO_KEY,  # default-base-is-moof, default flags
        20, b"tfdt", 1 << 24, time,
        24 + len(table), b"trun", 1 << 24 | 0xB05, count, size + 8,  # offset of the first byte
        _KEY if key else _NO_KEY,
    )  # fmt: skip
    return moof + table + (_sound_traf(sound, size + 8 + body) if sound else b"")


def _sound_traf(sound: Sequence[Piece], offset: int) -> bytes:
    """A piece lasts until the next one begins, for there may be gaps between them."""
    times = [piece.time for piece in sound[1:]] + [sound[-1].time + sound[-1].samples]
    table = b"".join(
        struct.pack(">II", end - piece.time, len(piece.data))
        for piece, end in zip(sound, times, strict=True)
    )
    traf = _SOUND.pack(
        _SOUND.size + len(table), b"traf",
        20, b"tfhd", 0x02_0020, _SOUND_TRACK, _KEY,
        20, b"tfdt", 1 << 24, sound[0].time,
        20 + len(table), b"trun", 0x301, len(sound), offset,
    )  # fmt: skip
    return traf + table


def sound_time(head: bytes, count: int, time: int, rate: Fraction) -> mp4.OtherTime:
    """The decode time of the sound in a head with `count` pieces of it, the first at `time`."""
    traf = len(head) - _SOUND.size - 8 * count
    return mp4.OtherTime(traf + _SOUND_TIME_AT, time, rate)


class _Sink:
    """Takes what FFmpeg writes; its buffer is valid only during the call."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


def init(
    codec: str, time_base: Fraction, key: bytes, sound: AudioFormat | None, *, masked: bool
) -> bytes:
    """The init segment for a stream that begins with this keyframe and its parameter sets.

    Raises av.error.FFmpegError for a keyframe that cannot be decoded.
    """
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
    for kind, offset, size in boxes.each(data, 0, len(data)):
        if kind == b"moov":
            # Apple's players want hvc1; FFmpeg writes hev1 for streams that it did not encode
            moov = data[offset : offset + size].replace(b"hev1", b"hvc1", 1)
            if masked:
                moov = moov.replace(codecs.PLAIN, codecs.MASKED, 1)
            return data[:offset] + (moov if sound is None else _with_sound(moov, sound))
    raise av.error.InvalidDataError(0, "a keyframe without parameter sets")


def _picture_size(codec: str, key: bytes) -> tuple[int, int]:
    """Width and height, from decoding one keyframe: what the stream's header says may be old."""
    decoder = VideoCodecContext.create(codec, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1
    for frame in decoder.decode(av.Packet(key)) or decoder.decode(None):
        return int(frame.width), int(frame.height)
    raise av.error.InvalidDataError(0, "a keyframe that cannot be decoded")


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", len(content) + 8, kind) + content


def _with_sound(moov: bytes, sound: AudioFormat) -> bytes:
    parts = []
    for kind, offset, size in boxes.each(moov, 8, len(moov)):
        box = moov[offset : offset + size]
        if kind == b"mvhd":
            box = box[:-4] + struct.pack(">I", _SOUND_TRACK + 1)  # the next track's number
        elif kind == b"mvex":
            trex = _box(b"trex", struct.pack(">6I", 0, _SOUND_TRACK, 1, 0, 0, 0))
            box = _sound_trak(sound) + _box(kind, box[8:], trex)
        parts.append(box)
    return _box(b"moov", *parts)


def _sound_trak(sound: AudioFormat) -> bytes:
    tkhd = struct.pack(">I 5I 8x HHHH", 3, 0, 0, _SOUND_TRACK, 0, 0, 0, 0, 0x100, 0)
    language = 0x55C4  # "und"
    entries = b"".join(
        _box(kind, bytes(size)) for kind, size in ((b"stts", 8), (b"stsc", 8), (b"stsz", 12))
    )
    stbl = _box(
        b"stbl",
        _box(b"stsd", struct.pack(">II", 0, 1), _sample_entry(sound)),
        entries,
        _box(b"stco", bytes(8)),
    )
    source = _box(b"dref", struct.pack(">II", 0, 1), _box(b"url ", struct.pack(">I", 1)))
    minf = _box(b"minf", _box(b"smhd", bytes(8)), _box(b"dinf", source), stbl)
    mdia = _box(
        b"mdia",
        _box(b"mdhd", struct.pack(">5IHH", 0, 0, 0, sound.rate, 0, language, 0)),
        _box(b"hdlr", struct.pack(">II4s12x", 0, 0, b"soun"), b"SoundHandler\0"),
        minf,
    )
    return _box(b"trak", _box(b"tkhd", tkhd, _MATRIX, bytes(8)), mdia)


def _sample_entry(sound: AudioFormat) -> bytes:
    rate = sound.rate << 16 if sound.rate < 1 << 16 else 0  # the decoder's own word counts
    head = struct.pack(">6xH8xHHHHI", 1, sound.channels, 16, 0, 0, rate)
    if sound.codec == "opus":
        return _box(b"Opus", head, _box(b"dOps", sound.config))
    return _box(b"mp4a", head, _box(b"esds", bytes(4), _elementary_stream(sound.config)))


def _elementary_stream(config: bytes) -> bytes:
    """An ES_Descriptor (ISO/IEC 14496-1, 7.2.6.5) for AAC."""
    specific = struct.pack(">BB", 5, len(config)) + config
    decoder = struct.pack(">BB", 4, 13 + len(specific)) + struct.pack(">BB3xII", 0x40, 0x15, 0, 0)
    body = struct.pack(">HB", _SOUND_TRACK, 0) + decoder + specific + b"\6\1\2"
    return struct.pack(">BB", 3, len(body)) + body
