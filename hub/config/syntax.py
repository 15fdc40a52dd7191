"""Text that is not YAML: where it stops to be, and what the person should look for."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.reader import ReaderError

from hub.model.problem import Position, Problem
from hub.model.said import said

LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what YAML 1.1 readers count as line ends

_BEYOND = re.compile(r"\\U(?!00(?:0[0-9A-Fa-f]|10))[0-9A-Fa-f]{8}")
_COLON = said("a ':' has no place here")
_SINGLE = said("to write a '\\' as it is, use single quotes: '...'")
_QUOTE = said("put quotes around the value if it is text")
_MEANINGS: tuple[tuple[str, str, str | None], ...] = (
    (
        r"found character '\\t'",
        said("a tab stands here"),
        said("YAML is indented with spaces only"),
    ),
    (r"mapping values are not allowed", _COLON, _QUOTE),
    (r"while scanning a .*quoted scalar.*unexpected end", said("this quote is never closed"), None),
    (r"found unknown escape", said("an unknown escape after '\\'"), _SINGLE),
    (
        r"quoted scalar.*expected escape",
        said("an unfinished escape after '\\'"),
        _SINGLE,
    ),
    (r"found character .* cannot start", said("no value may begin with this character"), _QUOTE),
    (
        r"expected ',' or '}'",
        said("',' or '}' is missing"),
        said("the '{' that it belongs to stands before"),
    ),
    (
        r"expected ',' or '\]'",
        said("',' or ']' is missing"),
        said("the '[' that it belongs to stands before"),
    ),
    (r"could not find expected ':'", said("a ':' is missing behind this"), None),
    (r"sequence entries are not allowed", said("a list's '- ' begins on a line of its own"), None),
    (
        r"block sequence.*expected <block end>|block collection",
        said("this is no item of the list above"),
        said("each item begins with '- ', all in the same column"),
    ),
    (
        r"expected <block end>|<document start>",
        said("this does not fit the lines above"),
        said("look at the indentation: keys of one block begin in the same column"),
    ),
    (
        r"block scalar",
        said("only '|', '>', '|-' or '>-' may stand here"),
        said("the text begins on the next line"),
    ),
    (r"scanning an (alias|anchor)", said("a name must follow '*' or '&'"), _QUOTE),
    (r"tag", said("this is no tag of YAML"), said("quote a value that begins with '!'")),
    (r"directive", said("'%' begins no line of a configuration"), None),
)


def unreadable(file: str, text: str, error: Exception) -> Problem:
    """The problem that PyYAML's error tells of. The file's own words are not quoted."""
    if isinstance(error, ReaderError):
        position = position_of(file, text, error.position)
        return Problem(
            said("a character that has no place in a text file"), position, said("delete it")
        )
    if not isinstance(error, yaml.MarkedYAMLError):  # raised by chr()
        found = _BEYOND.search(text)
        position = position_of(file, text, found.start() if found else 0)
        return Problem(said("an escape beyond the last character of Unicode"), position, _SINGLE)
    words = f"{error.context or ''} {error.problem or ''}"
    mark, opened = error.problem_mark, error.context_mark
    if "quoted scalar" in words and "unexpected end" in words:
        mark = opened or mark
    elif "parsing a flow" in words and mark and opened and mark.line > opened.line:
        opening = "{" if "mapping" in words else "["
        hint = said("or a ',' is missing before line %(line)s", line=mark.line + 1)
        return Problem(
            said("this '%(what)s' is never closed", what=opening), _at(file, opened), hint
        )
    position = _at(file, mark or opened)
    for pattern, message, advice in _MEANINGS:
        if re.search(pattern, words):
            if message == _COLON and _is_first_colon(text, position):
                advice = said("look at the line above, too: is a ':' or a quote missing there?")
            return Problem(message, position, advice)
    return Problem(said("this is not YAML"), position, None)


def _at(file: str, mark: Any) -> Position:
    return Position(file, mark.line + 1, mark.column + 1) if mark else Position(file, 1, 1)


def _is_first_colon(text: str, position: Position) -> bool:
    return ":" not in LINE_END.split(text)[position.line - 1][: position.column - 1]


def is_utf16(content: bytes) -> bool:
    """Whether the content begins as UTF-16 does."""
    return content.startswith((b"\xff\xfe", b"\xfe\xff"))


def undecodable(file: str, content: bytes, error: UnicodeDecodeError) -> Problem:
    """The problem of a file that is not UTF-8."""
    before = content[: error.start].decode("utf-8", "replace")
    message = said("the file is not UTF-8 text from here on")
    if is_utf16(content):
        message = said("the file is UTF-16 text")
    return Problem(message, position_of(file, before, len(before)), said("save it as UTF-8"))


def position_of(file: str, text: str, index: int) -> Position:
    """The place of a character of the text."""
    ends = [match.end() for match in LINE_END.finditer(text, 0, index)]
    return Position(file, len(ends) + 1, index - (ends[-1] if ends else 0) + 1)
