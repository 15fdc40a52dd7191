"""Names of codecs, and the parameter sets at the head of a keyframe."""

from __future__ import annotations

import struct

from hub.video import mp4

_PARAMETER_SETS = {"h264": frozenset({7, 8}), "hevc": frozenset({32, 33, 34})}
"""NAL unit types of SPS and PPS (ITU-T H.264, table 7-1); of VPS, SPS, PPS (H.265, table 7-1)."""

_SLICES = frozenset({1, 2, 5})  # H.264, table 7-1

SUPPORTED = frozenset(_PARAMETER_SETS)


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
    kind = mp4.sample_entry(init)[4:8]
    return {b"avc1": "h264", b"hvc1": "hevc", b"hev1": "hevc"}.get(kind, kind.decode("latin-1"))


def mime_codec(init: bytes) -> str:
    """The `codecs` parameter of `video/mp4` (RFC 6381; ISO/IEC 14496-15, annex E)."""
    entry = mp4.sample_entry(init)
    kind = entry[4:8]
    for name, offset, size in mp4.boxes(entry, 86, len(entry)):
        content = entry[offset + 8 : offset + size]
        if name == b"avcC":
            return f"avc1.{content[1:4].hex()}"
        if name == b"hvcC":
            return f"{kind.decode('ascii')}.{_hevc(content)}"
    raise mp4.Mp4Error("a sample entry without decoder configuration")


def _hevc(config: bytes) -> str:
    profile, compatibility = struct.unpack_from(">BI", config, 1)
    space = ("", "A", "B", "C")[profile >> 6]
    reversed_bits = int(f"{compatibility:032b}"[::-1], 2)
    tier = "H" if profile & 0x20 else "L"
    constraints = [f"{byte:X}" for byte in config[6:12].rstrip(b"\0")]
    head = [f"{space}{profile & 31}", f"{reversed_bits:X}", f"{tier}{config[12]}"]
    return ".".join(head + constraints)
