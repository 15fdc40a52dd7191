"""Problems as a person reads them: place, message, the line, carets under the value, advice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from unicodedata import category, east_asian_width

from hub.config.tree import Excerpts
from hub.config.words import count
from hub.model.problem import Position, Problem
from hub.model.said import Gettext, told

MASK = "***"
WIDEST = 110  # characters of a line that are shown
_SECRET_KEY = re.compile(
    r"""(?ix) (?:passw|passphrase|pwd|token|secret|credential|api_?key|private_?key|webhook_?id)
    [\w-]{0,60} ["']? \s{0,60} : \s{0,60}"""
)

_IN_ADDRESS = re.compile(r"""://[^\s/@:'"]*:([^\s/@'"]+)@""")
"""A password in an address: rtsp://user:password@host."""

_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control characters and their kin


def render(problems: Iterable[Problem], excerpts: Excerpts, gettext: Gettext = str) -> str:
    """All problems in the order of their places, each with its line where that may be shown, in
    the language of `gettext`."""
    ordered = sorted(problems, key=lambda each: (each.position is not None, _place(each)))
    return "".join(_render(problem, excerpts, gettext) for problem in ordered)


def refusal(problems: Iterable[Problem], excerpts: Excerpts) -> str:
    """What is told when nothing is started: all problems, and their number."""
    found = list(problems)
    return f"{render(found, excerpts)}\n{count(len(found), 'problem')}; nothing was started.\n"


@lru_cache(maxsize=1_000)
def looks_secret(key: str) -> bool:
    """Whether a key is named like a secret, so that its value is not shown."""
    return _SECRET_KEY.search(f"{key}:") is not None


def scrub(text: str, excerpts: Excerpts) -> str:
    """Text without the secrets that are known. Short ones are taken out as whole words only."""
    for found in _IN_ADDRESS.findall(text):
        text = text.replace(found, MASK)
    for word in sorted(excerpts.words, key=len, reverse=True):
        if len(word) >= 6:
            text = text.replace(word, MASK)
        else:
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", MASK, text)
    return text


def visible_line(file: str, number: int, excerpts: Excerpts) -> str | None:
    """A line of a file as it may be shown, secrets masked; None where it may not."""
    lines = excerpts.lines.get(file)
    if lines is None or file in excerpts.hidden or not 0 < number <= len(lines):
        return None
    line = lines[number - 1]
    spans = _spans(Position(file, number, 1), line, excerpts)
    return _visible(_masked(line, 0, len(line), spans))


def _place(problem: Problem) -> tuple[str, int, int]:
    at = problem.position
    return (at.file, at.line, at.column) if at else ("", 0, 0)


def _render(problem: Problem, excerpts: Excerpts, gettext: Gettext) -> str:
    at = problem.position
    message = scrub(told(problem.message, gettext), excerpts)
    hint = scrub(told(problem.hint, gettext), excerpts) if problem.hint else None
    if at is None:
        return f"{message}\n" + (f"    {hint}\n" if hint else "")
    head = f"{at.file}:{at.line}:{at.column}: {message}\n"
    shown = _line(at, excerpts)
    if shown is None:
        return head + (f"    {hint}\n" if hint else "")
    line, before, marked = shown
    number = str(at.line)
    margin = " " * len(number)
    carets = " " * _width(before) + "^" * max(1, _width(marked))
    advice = f" {hint}" if hint else ""
    return f"{head}{margin} |\n{number} | {line}\n{margin} | {carets}{advice}\n"


def _line(at: Position, excerpts: Excerpts) -> tuple[str, str, str] | None:
    """The line as it is shown, its part before the marked one, and the marked one."""
    lines = excerpts.lines.get(at.file)
    if lines is None or at.file in excerpts.hidden or at.line > len(lines):
        return None
    line = lines[at.line - 1]
    if not line.strip():
        return None
    begin = min(at.column - 1, len(line))
    end = max(begin, min(begin + at.length, len(line)))
    while end > begin + 1 and line[end - 1].isspace():
        end -= 1
    spans = _spans(at, line, excerpts)
    for low, high in spans:
        if low < end and begin < high:
            begin, end = min(begin, low), max(end, high)
    before = _masked(line, 0, begin, spans)[-WIDEST - 1 :]
    marked = _masked(line, begin, end, spans)[: WIDEST + 1]
    after = _masked(line, end, len(line), spans)[: WIDEST + 1]
    return _fit(_visible(before), _visible(marked), _visible(after))


def _masked(line: str, low: int, high: int, spans: list[tuple[int, int]]) -> str:
    """The part [low, high) of a line; the masked spans become the mask. No span crosses a cut."""
    text, here = "", low
    for begin, end in spans:
        if end <= low or begin >= high:
            continue
        text += line[here:begin] + MASK
        here = end
    return text + line[here:high]


def _spans(at: Position, line: str, excerpts: Excerpts) -> list[tuple[int, int]]:
    """What to mask of the line, as disjoint spans of indices in order."""
    found: list[tuple[int, int]] = []
    for (first, column), (last, behind) in excerpts.masks.get(at.file, ()):
        if first <= at.line <= last:
            low = column - 1 if first == at.line else 0
            high = behind - 1 if last == at.line else len(line)
            found.append((low, min(high, len(line))))
    found += [match.span(1) for match in _IN_ADDRESS.finditer(line)]
    for word in excerpts.words:
        if len(word) >= 6:
            found += [match.span() for match in re.finditer(re.escape(word), line)]
    if at.file in excerpts.unparsed:
        found += [(match.end(), len(line)) for match in _SECRET_KEY.finditer(line)]
    merged: list[tuple[int, int]] = []
    for low, high in sorted(span for span in found if span[0] < span[1]):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _visible(text: str) -> str:
    """Text as it stands on a terminal: a tab as an arrow, what moves the cursor as a dot."""
    return "".join(
        "→" if letter == "\t" else "·" if category(letter) in _UNSEEN else letter for letter in text
    )


def _width(text: str) -> int:
    """Columns that a text takes on a terminal: wide letters two, combining marks none."""
    return sum(
        0 if category(letter) in ("Mn", "Me") else 2 if east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _fit(before: str, marked: str, after: str) -> tuple[str, str, str]:
    """A long line cut around the marked part."""
    if len(before) + len(marked) + len(after) > WIDEST:
        marked = marked if len(marked) <= 60 else marked[:59] + "…"
        room = WIDEST - len(marked)
        if len(before) > room * 2 // 3:
            before = "…" + before[-(room * 2 // 3) + 1 :]
        room -= len(before)
        after = after if len(after) <= room else after[: max(0, room - 1)] + "…"
    return (before + marked + after).rstrip(), before, marked
