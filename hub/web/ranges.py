"""Parts of a file, as HTTP asks for them (RFC 9110, section 14)."""

from __future__ import annotations

import re

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class NotInFile(ValueError):
    """The part that was asked for begins behind the end."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Offset and length of the part asked for, or None for the whole: no header, one that is
    none of bytes, or more than one part, which a server may answer with the whole.

    Raises NotInFile.
    """
    found = _ONE.fullmatch((header or "").strip())
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise NotInFile
        return size - length, length
    begin = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < begin:
        return None
    if begin >= size:
        raise NotInFile
    return begin, end - begin + 1
