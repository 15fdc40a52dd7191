"""What lies in the folders of the archive, beside what the index says of them. All of it blocks."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub.video.files.places import FOLDER, Tiers
from hub.video.indexing import adopt
from hub.video.indexing.index import Row
from hub.video.talk.messages import SegmentReport

log = logging.getLogger("hub.video")

QUIET_S = 60.0
"""A file that was not written for so long is not being written: a stream that stalls ends its file
much earlier."""
MARKED_S = 3600.0
"""A mark that is older was left by a process that is no more: no file is written for so long."""

Place = tuple[str, str]
"""Tier and path."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Files that the index does not know as they are, those of them that are being written, and
    rows whose files are not there."""

    unsettled: Sequence[Place]
    open: Sequence[Place]
    gone: Sequence[Place]


def of_days(tiers: Tiers, days: Collection[str]) -> set[str]:
    """Folders of some days (`2027/01/15`), of all cameras, on the disks that are there."""
    found = set()
    for tier in filter(tiers.here, tiers):
        root = tiers.root(tier)
        names = (f"{camera}/{day}" for camera in _below(root, FOLDER) for day in days)
        found |= {name for name in names if _is_folder(root / name)}
    return found


def all_of(tiers: Tiers) -> set[str]:
    """All folders, on the disks that are there."""
    found = set()
    for tier in filter(tiers.here, tiers):
        root = tiers.root(tier)
        level = list(_below(root, FOLDER))
        for _ in ("year", "month", "day"):
            level = [name for outer in level for name in _below(root, outer)]
            level = [name for name in level if name.rpartition("/")[2].isdigit()]
        found |= set(level)
    return found


def _below(root: Path, name: str) -> Iterator[str]:
    """The folders in a folder. What cannot be read is told, and is as good as empty: nothing is
    taken for lost on its account."""
    try:
        with os.scandir(root / name) as entries:
            yield from [f"{name}/{entry.name}" for entry in entries if entry.is_dir()]
    except FileNotFoundError:
        return
    except OSError as error:
        log.error("%s cannot be read: %s", root / name, error.strerror)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return True  # whoever opens it hears why it cannot be read


def compare(
    tiers: Tiers, folder: str, rows: Mapping[str, Row], writing: Collection[str]
) -> Difference:
    """One folder, on all tiers, by names and sizes. What is being deleted is left to those who
    delete it."""
    disk, read = _listed(tiers, folder)
    unsettled, unknown = [], []
    for path, places in disk.items():
        row = rows.get(path)
        if path in writing:
            if row is None:
                unknown.append((next(iter(places)), path))
            continue
        if row is not None and row.state == "purging":
            continue
        tier = row.tier if row is not None and row.tier in places else next(iter(places))
        known = row is not None and row.state == "finished" and row.tier == tier
        if row is None or not known or row.bytes != places[tier]:
            unsettled.append((tier, path))
    gone = [
        (row.tier, path)
        for path, row in rows.items()
        if path not in disk and path not in writing and row.state in ("open", "finished")
    ]
    marks = _marks(tiers) if gone else {}
    return Difference(
        sorted(unsettled, key=lambda place: place[1]),
        unknown,
        [(tier, path) for tier, path in gone if tier in read and path not in marks],
    )


def read(
    tiers: Tiers, places: Iterable[Place], now: datetime, *, digest: bool = False
) -> tuple[list[SegmentReport], bool]:
    """What there is to say of files, with their digests if asked for; and whether one was left, for
    somebody may be writing it."""
    reports, busy = [], False
    marks = _marks(tiers)
    for tier, path in places:
        try:
            seal = not is_busy(tiers, tier, path, now, marks)
            file = tiers.file(tier, path)
            report = adopt.read(file, tier, path, seal=seal, digest=digest)
        except (OSError, ValueError) as error:
            log.warning("%s in the tier '%s' is not a recording: %s", path, tier, error)
            continue
        if report is not None:
            reports.append(report)
        elif not seal:
            busy = True
    return reports, busy


def read_open(tiers: Tiers, places: Iterable[Place]) -> list[SegmentReport]:
    """What there is to say of files that are being written."""
    reports = []
    for tier, path in places:
        try:
            reports.append(adopt.read_open(tiers.file(tier, path), tier, path))
        except (OSError, ValueError) as error:
            log.debug("%s in the tier '%s' cannot be read yet: %s", path, tier, error)
    return reports


def is_busy(
    tiers: Tiers, tier: str, path: str, now: datetime, marks: Mapping[str, float] | None = None
) -> bool:
    """Whether somebody may be writing a file that is not sealed. Raises OSError."""
    if _age(tiers.file(tier, path).stat().st_mtime, now) <= QUIET_S:
        return True
    known = _marks(tiers) if marks is None else marks
    return path in known and _age(known[path], now) < MARKED_S


def _age(then: float, now: datetime) -> float:
    """Seconds between two moments; the machine's clock may have been set back since."""
    return abs(now.timestamp() - then)


def _marks(tiers: Tiers) -> dict[str, float]:
    """Paths of files that capture processes marked as being written, and since when."""
    marks = {}
    for mark in (tiers.data / "capture").glob("**/open/*"):
        try:
            marks[mark.name.replace("~", "/")] = mark.stat().st_mtime
        except FileNotFoundError:
            continue
    return marks


def _listed(tiers: Tiers, folder: str) -> tuple[dict[str, dict[str, int]], set[str]]:
    """Path -> tier -> size of the files of a folder; and the tiers that could be read, and were
    there all the time."""
    disk: dict[str, dict[str, int]] = {}
    read = set()
    for tier in filter(tiers.here, tiers):
        try:
            for name, size in _sizes(tiers.root(tier) / folder):
                disk.setdefault(f"{folder}/{name}", {})[tier] = size
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            log.error("%s cannot be read: %s", tiers.root(tier) / folder, error.strerror)
            continue
        if tiers.here(tier):
            read.add(tier)
    return disk, read


def _sizes(folder: Path) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".mp4") and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):  # it is being deleted
                    yield entry.name, entry.stat(follow_symlinks=False).st_size
