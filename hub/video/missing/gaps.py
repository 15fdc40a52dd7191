"""What is missing of what should have been recorded, and why: computed, with nothing looked up.

All times are milliseconds since 1970; a span reaches from its first instant up to, and without,
its second.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hub.video.reasons import Reason

PAUSE_MS = 1_000
"""What lies between two frames is no gap up to this length."""
NOTICED_MS = 30_000
"""What happened is noticed so late at most, and what was away is connected again so soon."""

Span = tuple[int, int]

RANK: tuple[Reason, ...] = (
    Reason.FILE_MISSING,
    Reason.CLOCK_SET,
    Reason.SWITCHED_OFF,
    Reason.DISK_FULL,
    Reason.DISK_INODES,
    Reason.DISK_READ_ONLY,
    Reason.DISK_GONE,
    Reason.NO_KEYFRAME,
    Reason.UNAUTHORIZED,
    Reason.NOT_FOUND,
    Reason.UNSUPPORTED,
    Reason.NO_VIDEO,
    Reason.BAD_ADDRESS,
    Reason.STALLED,
    Reason.ENDED,
    Reason.RUBBISH,
    Reason.UNREACHABLE,
    Reason.CONNECTING,
    Reason.HUB_STOPPED,
    Reason.CAPTURE_STOPPED,
    Reason.UNKNOWN,
)
"""Of several causes at one time, the first that stands here is told. What capture says of a stream
counts more than that a process was away: it was not, if it could say so."""
_RANKS = {reason.value: rank for rank, reason in enumerate(RANK)}
_WEAK = {Reason.CONNECTING.value: 1, Reason.UNKNOWN.value: 2}
"""These say no more than that nothing is there, the second less than the first: what came before or
after tells."""


@dataclass(frozen=True, slots=True)
class Due:
    """A span that should be recorded. `off_by`: somebody switched that off, and who."""

    start: int
    end: int
    off_by: str | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that keeps a stream from being recorded; `end` None: it lasts."""

    start: int
    end: int | None
    cause: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A span that is missing, with its cause, a word of `Reason`. `by`: who switched it off."""

    start: int
    end: int
    cause: str
    detail: str = ""
    by: str = ""

    @property
    def why(self) -> tuple[str, str, str]:
        return self.cause, self.detail, self.by


def gaps(due: Iterable[Due], covered: Iterable[Span], troubles: Iterable[Trouble]) -> list[Gap]:
    """The gaps, in order, none of which touches a span of `covered`. `due` are in order and do
    not overlap; `covered` and `troubles` may come in any order. Holes of up to PAUSE_MS are none.
    """
    known = sorted(troubles, key=lambda trouble: trouble.start)
    found: list[Gap] = []
    for hole in _holes(due, merged(covered)):
        if hole[-1].end - hole[0].start > PAUSE_MS:
            found += _joined(_explained(list(_split(hole, known))))
    return found


def loose_end(due: Iterable[Due], covered: Sequence[Span], end: int) -> int:
    """Up to where it is certain whether something is missing: before a hole that reaches up to
    `end` and may yet become a gap, or `end` itself. `covered` is merged."""
    hole = next(iter(deque(_holes(due, covered), maxlen=1)), None)
    if hole is not None and hole[-1].end == end and end - hole[0].start <= PAUSE_MS:
        return hole[0].start
    return end


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same instants in spans that neither overlap nor touch, in order."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        elif start < end:
            out.append((start, end))
    return out


def _holes(due: Iterable[Due], covered: Sequence[Span]) -> Iterator[list[Due]]:
    """What is due and not covered: lists of pieces that follow each other without a break."""
    hole: list[Due] = []
    for piece in _uncovered(due, covered):
        if hole and hole[-1].end != piece.start:
            yield hole
            hole = []
        hole.append(piece)
    if hole:
        yield hole


def _uncovered(due: Iterable[Due], covered: Sequence[Span]) -> Iterator[Due]:
    number = 0
    for each in due:
        at = each.start
        while number > 0 and covered[number - 1][1] > at:
            number -= 1
        while number < len(covered) and covered[number][0] < each.end:
            start, end = covered[number]
            if at < start:
                yield Due(at, start, each.off_by)
            at = max(at, end)
            number += 1
        if at < each.end:
            yield Due(at, each.end, each.off_by)


def _split(hole: Sequence[Due], troubles: Sequence[Trouble]) -> Iterator[Gap]:
    """A hole cut where its cause changes. `troubles` are in order of their beginnings."""
    start, end = hole[0].start, hole[-1].end
    near = [t for t in troubles if t.start < end and (t.end is None or t.end > start)]
    borders = {start, end, *(due.start for due in hole)}
    for trouble in near:
        borders |= {trouble.start, end if trouble.end is None else trouble.end}
    points = sorted(border for border in borders if start <= border <= end)
    active: list[tuple[int, int, Trouble]] = []
    following, dues = 0, iter(hole)
    due = next(dues)
    for at, until in itertools.pairwise(points):
        while following < len(near) and near[following].start <= at:
            trouble = near[following]
            heapq.heappush(active, (_rank(trouble.cause), following, trouble))
            following += 1
        while active and active[0][2].end is not None and active[0][2].end <= at:
            heapq.heappop(active)
        while due.end <= at:
            due = next(dues)
        yield _gap(at, until, due, active[0][2] if active else None)


def _rank(cause: str) -> int:
    return _RANKS.get(cause, len(RANK))


def _gap(start: int, end: int, due: Due, trouble: Trouble | None) -> Gap:
    off = due.off_by is not None
    if trouble is not None and not (off and _rank(trouble.cause) > _rank(Reason.SWITCHED_OFF)):
        return Gap(start, end, trouble.cause, trouble.detail)
    if off:
        return Gap(start, end, Reason.SWITCHED_OFF.value, by=due.off_by or "")
    return Gap(start, end, Reason.UNKNOWN.value)


def _explained(pieces: list[Gap]) -> list[Gap]:
    """The pieces of a hole; short ones that say nothing have the cause of what came before (it was
    being connected to again), else of what comes after (it was not noticed yet)."""
    for number in range(1, len(pieces)):
        if _says_less(pieces[number], pieces[number - 1]):
            pieces[number] = _like(pieces[number], pieces[number - 1])
    for number in range(len(pieces) - 2, -1, -1):
        if _says_less(pieces[number], pieces[number + 1]):
            pieces[number] = _like(pieces[number], pieces[number + 1])
    return pieces


def _says_less(piece: Gap, other: Gap) -> bool:
    short = piece.end - piece.start <= NOTICED_MS
    return short and _WEAK.get(piece.cause, 0) > _WEAK.get(other.cause, 0)


def _like(piece: Gap, other: Gap) -> Gap:
    return replace(other, start=piece.start, end=piece.end)


def _joined(pieces: Iterable[Gap]) -> list[Gap]:
    out: list[Gap] = []
    for piece in pieces:
        if out and out[-1].why == piece.why:
            out[-1] = replace(out[-1], end=piece.end)
        else:
            out.append(piece)
    return out
