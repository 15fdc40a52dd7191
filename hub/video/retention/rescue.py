"""Nothing is deleted by a database that was begun anew, before it knows what keeps recordings.

Two files in the data folder say so, that it may outlast the hub's end: UNFINISHED until all disks
were compared with the new index, since of what it does not know yet the oldest would not go first;
LOOK until a person removes it, where orders or holds may have been lost with the old database.
"""

from __future__ import annotations

import os
from pathlib import Path

from hub.holds import COPY, hold_cameras, holds
from hub.store.damage import PutAside
from hub.video.tables import recordings

UNFINISHED = Path("records/index-unfinished")
LOOK = Path("records/perhaps-lost")
CLOCK = "history_clock"
"""The witness by which a clock that is ahead is known."""


def begun_anew(data: Path, aside: PutAside) -> None:
    """A database takes the place of a damaged one; blocks. Raises OSError."""
    lost = {recordings.name, CLOCK} & {*aside.incomplete}
    if not (data / COPY).exists():
        lost |= {holds.name, hold_cameras.name} & {*aside.incomplete}
    _write(data / UNFINISHED, f"{aside.file.name}\n")
    if lost:
        _write(data / LOOK, f"{aside.file.name}: {', '.join(sorted(lost))}\n")


def compared(data: Path) -> None:
    """The index knows all files; blocks. Raises OSError."""
    (data / UNFINISHED).unlink(missing_ok=True)


def keeps_all(data: Path) -> Path | None:
    """The file for the sake of which nothing is deleted, if there is one; blocks."""
    return next((name for name in (LOOK, UNFINISHED) if (data / name).exists()), None)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
