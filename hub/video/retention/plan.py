"""Which files are deleted next, and why. Pure: it reads no disk, no clock and no database.

First goes all that is older than it may be. Then, as far as a disk needs room: what is past its
shortest time before what is within it, then by class (continuous, event, incident), then by age.
What is held never goes. A file is one piece: its age counts from its first frame when it may be
kept no longer, and from its last while it must be kept, so that nothing is kept beyond its longest
time, and nothing within its shortest is called past it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hub.video.indexing.classes import Cls
from hub.video.settings import Keep, Keeping, RecordingSettings


class Why(StrEnum):
    """Why a file is deleted."""

    TOO_OLD = "too_old"
    QUOTA = "quota"
    """The tier holds more than its quota."""
    RESERVE = "reserve"
    """The disk has less room left than is kept free."""
    INODES = "inodes"
    """The disk has hardly any room for further files."""
    UNFINISHED = "unfinished"
    """It was being deleted when the hub ended."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, as far as keeping goes. Milliseconds since 1970; `held`: the number of a hold that
    is in force for it."""

    id: int
    camera: str
    stream: str
    tier: str
    path: str
    start: int
    end: int
    bytes: int
    cls: Cls
    held: int | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """How long a class is kept, in milliseconds; no `longest`: while there is room."""

    shortest: int
    longest: int | None


class Terms:
    """How long what a camera recorded is kept, by its class."""

    def __init__(self, default: Keeping, own: Mapping[str, Keeping]) -> None:
        self._default = {cls: _term(default, cls) for cls in Cls}
        self._own = {
            camera: {cls: _term(keeping, cls) for cls in Cls} for camera, keeping in own.items()
        }

    @classmethod
    def of_settings(cls, settings: RecordingSettings) -> Terms:
        """As the configuration has them; a camera that it no longer names has the default's."""
        own = {name: settings.of(name).keep for name, its in settings.cameras.items() if its.keep}
        return cls(settings.default.keep, own)

    def of(self, camera: str, cls: Cls) -> Term:
        return self._own.get(camera, self._default)[cls]

    def default(self, cls: Cls) -> Term:
        """That of all cameras without one of their own."""
        return self._default[cls]

    def own(self, cls: Cls) -> Iterator[tuple[str, Term]]:
        """Cameras with terms of their own."""
        return ((camera, terms[cls]) for camera, terms in self._own.items())

    def all(self, cls: Cls) -> list[Term]:
        """Every term that a file of this class may have."""
        return [self._default[cls], *(term for _, term in self.own(cls))]


def _term(keeping: Keeping, cls: Cls) -> Term:
    keep: Keep = getattr(keeping, cls.name.lower())
    longest = None if keep.max is None else round(keep.max.total_seconds() * 1000)
    return Term(round(keep.min.total_seconds() * 1000), longest)


@dataclass(frozen=True, slots=True)
class Need:
    """What a disk lacks: so many bytes and so many files must go, for `why`."""

    bytes: int = 0
    files: int = 0
    why: Why = Why.RESERVE


@dataclass(frozen=True, slots=True)
class Doomed:
    """A file that goes. `early`: before its shortest time."""

    piece: Piece
    why: Why
    early: bool = False


class Shelf(Protocol):
    """The files there are. Those that are being written are not among them."""

    def too_old(self) -> Iterable[Piece]:
        """At least all that are older than they may be."""
        ...

    def oldest(self, tier: str, cls: Cls, *, past: bool) -> Iterable[Piece]:
        """Files of a class on a disk, the oldest first. `past`: at least those that are past
        their shortest time; else all."""
        ...


def is_too_old(piece: Piece, terms: Terms, now: int) -> bool:
    """Whether it may be kept no longer."""
    longest = terms.of(piece.camera, piece.cls).longest
    return longest is not None and piece.start < now - longest


def is_early(piece: Piece, terms: Terms, now: int) -> bool:
    """Whether it is within its shortest time."""
    return piece.end > now - terms.of(piece.camera, piece.cls).shortest


def plan(
    shelf: Shelf, *, terms: Terms, now: int, need: Mapping[str, Need], most: int | None = None
) -> Iterator[Doomed]:
    """What goes, in this order; at most so many. Lazy: no more is read than is asked for."""
    left = {tier: [lack.bytes, lack.files] for tier, lack in need.items()}
    for count, doomed in enumerate(_all(shelf, terms, now, need, left)):
        if count == most:
            return
        yield doomed


def _all(
    shelf: Shelf, terms: Terms, now: int, need: Mapping[str, Need], left: dict[str, list[int]]
) -> Iterator[Doomed]:
    for piece in shelf.too_old():
        if piece.held is None and is_too_old(piece, terms, now):
            _take(left, piece)
            yield Doomed(piece, Why.TOO_OLD)
    for early in (False, True):
        for cls in Cls:
            for tier, lack in need.items():
                if not _lacks(left[tier]):
                    continue
                for piece in shelf.oldest(tier, cls, past=not early):
                    if piece.held is not None or is_too_old(piece, terms, now):
                        continue
                    if is_early(piece, terms, now) != early:
                        continue
                    _take(left, piece)
                    yield Doomed(piece, lack.why, early)
                    if not _lacks(left[tier]):
                        break


def _take(left: dict[str, list[int]], piece: Piece) -> None:
    lack = left.get(piece.tier)
    if lack is not None:
        lack[0] -= piece.bytes
        lack[1] -= 1


def _lacks(lack: list[int]) -> bool:
    return lack[0] > 0 or lack[1] > 0
