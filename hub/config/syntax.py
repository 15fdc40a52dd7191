"""Text that is not YAML: where it stops to be, and what the person should look for."""

from __future__ import annotations

import re

import yaml
from yaml.reader import ReaderError

from hub.model.problem import Position, Problem

LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what YAML 1.1 readers count as line ends

_QUOTE = "put quotes around the value if it is text"
_MEANINGS: tuple[tuple[str, str, str | None], ...] = (
    (r"found character '\\t'", "a tab stands here", "YAML is indented with spaces only"),
    (r"mapping values are not allowed", "a ':' has no place here", _QUOTE),
    (r"while scanning a .*quoted scalar.*unexpected end", "this quote is never closed", None),
    (r"found unknown escape", "an unknown escape after '\\'", "use single quotes: '...'"),
    (
        r"quoted scalar.*expected escape",
        "an unfinished escape after '\\'",
        "use single quotes: '...'",
    ),
    (r"found character .* cannot start", "no value may begin with this character", _QUOTE),
    (r"expected ',' or '}'", "',' or '}' is missing", "the '{' that it belongs to stands before"),
    (r"expected ',' or '\]'", "',' or ']' is missing", "the '[' that it belongs to stands before"),
    (r"could not find expected ':'", "a ':' is missing behind this", None),
    (r"sequence entries are not allowed", "a list's '- ' begins on a line of its own", None),
    (
        r"block sequence.*expected <block end>|block collection",
        "this is no item of the list above",
        "each item begins with '- ', all in the same column",
    ),
    (
        r"expected <block end>|<document start>",
        "this does not fit the lines above",
        "look at the indentation: keys of one block begin in the same column",
    ),
    (
        r"block scalar",
        "only '|', '>', '|-' or '>-' may stand here",
        "the text begins on the next line",
    ),
    (r"scanning an (alias|anchor)", "a name must follow '*' or '&'", _QUOTE),
    (r"tag", "this is no tag of YAML", "quote a value that begins with '!'"),
    (r"directive", "'%' begins no line of a configuration", None),
)


def unreadable(file: str, text: str, error: Exception) -> Problem:
    """The problem that PyYAML's error tells of. The file's own words are not quoted."""
    if isinstance(error, ReaderError):
        position = position_of(file, text, error.position)
        return Problem("a character that has no place in a text file", position, "delete it")
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem("this is not YAML", Position(file, 1, 1), None)
    said = f"{error.context or ''} {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    if "quoted scalar" in said and "unexpected end" in said:
        mark = error.context_mark or mark
    position = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file, 1, 1)
    for pattern, message, hint in _MEANINGS:
        if re.search(pattern, said):
            return Problem(message, position, hint)
    return Problem("this is not YAML", position, None)


def undecodable(file: str, content: bytes, error: UnicodeDecodeError) -> Problem:
    """The problem of a file that is not UTF-8."""
    before = content[: error.start].decode("utf-8", "replace")
    message = "the file is not UTF-8 text from here on"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = "the file is UTF-16 text"
    return Problem(message, position_of(file, before, len(before)), "save it as UTF-8")


def position_of(file: str, text: str, index: int) -> Position:
    """The place of a character of the text."""
    ends = [match.end() for match in LINE_END.finditer(text, 0, index)]
    return Position(file, len(ends) + 1, index - (ends[-1] if ends else 0) + 1)
