"""What an unquoted word of YAML means here.

The core schema of YAML 1.2, narrowed so that nothing a town writes changes its meaning: `22:00`,
`no`, `on`, `0123`, `1_000`, `12E34`, `0x1F` and dates stay text. A field that wants a number or a
truth takes such text too, where it reads as one.
"""

from __future__ import annotations

import re

from hub.config.tree import Scalar

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}(?:[eE][-+]?[0-9]{1,2})?")


def read_plain(text: str) -> Scalar:
    """The value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
