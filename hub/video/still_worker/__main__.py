"""Reads keyframes from its standard input, writes pictures to its standard output; ends where the
input does, or after a while without work.

Asked: length (4 bytes) and width (4 bytes, 0: as it is), then an MP4 file. Answered: length of the
picture (4 bytes, 0: it cannot be decoded), then the picture.
"""

from __future__ import annotations

import os
import resource
import select
import struct
import sys
from typing import BinaryIO

import av

from hub.video.capture.snapshot import first_picture

ASKED = struct.Struct(">II")
ANSWERED = struct.Struct(">I")
IDLE_S = 60.0
MEMORY = 2 << 30
"""More than the pictures of any camera need."""


def main() -> None:
    """Serve until there is nothing more to do."""
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    av.logging.set_level(av.logging.PANIC)
    asking, answering = open(0, "rb", buffering=0), sys.stdout.buffer  # noqa: SIM115
    while select.select([asking], [], [], IDLE_S)[0]:
        head = _read(asking, ASKED.size)
        if len(head) < ASKED.size:
            return
        length, width = ASKED.unpack(head)
        picture = _picture(_read(asking, length), width or None)
        answering.write(ANSWERED.pack(len(picture)) + picture)
        answering.flush()


def _picture(file: bytes, width: int | None) -> bytes:
    try:
        return first_picture(file, width)
    except (av.error.FFmpegError, MemoryError):
        return b""


def _read(source: BinaryIO, length: int) -> bytes:
    data = bytearray()
    while len(data) < length and (part := source.read(length - len(data))):
        data += part
    return bytes(data)


main()
