"""Names of codecs, and the parameter sets at the head of a keyframe."""

from __future__ import annotations

import struct

from hub.video.files import boxes

_PARAMETER_SETS = {"h264": frozenset({7, 8}), "hevc": frozenset({32, 33, 34})}
"""NAL unit types of SPS and PPS (ITU-T H.264, table 7-1); of VPS, SPS, PPS (H.265, table 7-1)."""

_SLICES = frozenset({1, 2, 5})  # H.264, table 7-1

SUPPORTED = frozenset(_PARAMETER_SETS)

PLAIN = b"VideoHandler"
"""What FFmpeg calls the track of the pictures in an init segment."""
MASKED = b"Video masked"
"""The name of a track in whose pictures areas are covered; it travels with the file. Of the same
length, so that it can take the other's place."""


def parameter_sets(codec: str, data: bytes) -> bytes:
    """The parameter sets among NAL units in Annex B form, each behind a start code; b"" if none.

    They are the only sign that a camera was switched to another resolution or profile.
    """
    found: dict[bytes, None] = {}  # some senders repeat them before each slice
    for unit in data.split(b"\0\0\1")[1:]:
        if not unit:
            continue
        kind = unit[0] >> 1 & 63 if codec == "hevc" else unit[0] & 31
        if kind in _PARAMETER_SETS[codec]:
            found[b"\0\0\0\1" + unit.rstrip(b"\0")] = None
    return b"".join(found)


def begins_picture(codec: str, data: bytes) -> bool:
    """Whether NAL units in Annex B form hold the first slice of a picture.

    That one begins with a bit 1: `first_mb_in_slice` is 0 (H.264, 7.3.3), or
    `first_slice_segment_in_pic_flag` is set (H.265, 7.3.6.1).
    """
    for unit in data.split(b"\0\0\1")[1:]:
        if codec == "hevc":
            if len(unit) > 2 and unit[0] >> 1 & 63 < 32:
                return unit[2] >= 0x80
        elif len(unit) > 1 and unit[0] & 31 in _SLICES:
            return unit[1] >= 0x80
    return False


def codec_of(init: bytes) -> str:
    """`h264` or `hevc`, as FFmpeg names them."""
    kind = boxes.sample_entry(init)[4:8]
    return {b"avc1": "h264", b"hvc1": "hevc", b"hev1": "hevc"}.get(kind, kind.decode("latin-1"))


def audio_of(init: bytes) -> str | None:
    """`aac` or `opus`, as FFmpeg names them; None without sound."""
    entry = _sound_entry(init)
    return None if entry is None else {b"mp4a": "aac", b"Opus": "opus"}.get(entry[4:8])


def is_masked(init: bytes) -> bool:
    """Whether areas of the pictures are covered."""
    return MASKED in boxes.tracks(init)[0]


def mime_codec(init: bytes) -> str:
    """The `codecs` parameter of `video/mp4` (RFC 6381; ISO/IEC 14496-15, annex E)."""
    sound = _sound_entry(init)
    return _video_codec(init) + ("" if sound is None else f",{_sound_codec(sound)}")


def _video_codec(init: bytes) -> str:
    entry = boxes.sample_entry(init)
    kind = entry[4:8]
    for name, offset, size in boxes.each(entry, 86, len(entry)):
        content = entry[offset + 8 : offset + size]
        if name == b"avcC":
            return f"avc1.{content[1:4].hex()}"
        if name == b"hvcC":
            return f"{kind.decode('ascii')}.{_hevc(content)}"
    raise boxes.Mp4Error("a sample entry without decoder configuration")


def _sound_entry(init: bytes) -> bytes | None:
    """The sample entry of the second track, with its header."""
    for trak in boxes.tracks(init)[1:]:
        place = boxes.find(trak, b"trak", b"mdia", b"minf", b"stbl", b"stsd")
        if place is not None:
            return trak[place[0] + 8 : place[1]]
    return None


def _sound_codec(entry: bytes) -> str:
    if entry[4:8] == b"Opus":
        return "opus"
    config = entry.index(b"esds") + 30  # its only descriptor of the kind that is written here
    return f"mp4a.40.{entry[config] >> 3}"


def _hevc(config: bytes) -> str:
    profile, compatibility = struct.unpack_from(">BI", config, 1)
    space = ("", "A", "B", "C")[profile >> 6]
    reversed_bits = int(f"{compatibility:032b}"[::-1], 2)
    tier = "H" if profile & 0x20 else "L"
    constraints = [f"{byte:X}" for byte in config[6:12].rstrip(b"\0")]
    head = [f"{space}{profile & 31}", f"{reversed_bits:X}", f"{tier}{config[12]}"]
    return ".".join(head + constraints)
