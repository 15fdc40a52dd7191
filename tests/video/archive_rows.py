"""An index of the archive without files: reports as capture would send them, in a real database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.store.store import Store
from hub.store.tables import bulk
from hub.video import tables  # noqa: F401 - its tables belong to `bulk`
from hub.video.files.archive import path_of
from hub.video.talk.messages import SegmentReport

START = datetime(2027, 1, 15, 8, tzinfo=UTC).timestamp()


def store_at(folder: Path) -> Store:
    """A store with all tables, not yet opened for writing."""
    store = Store.at(folder / "bulk.db", synchronous="OFF")
    bulk.create_all(store.engine)
    return store


def report(
    start: float,
    end: float | None,
    *,
    camera: str = "camera.a",
    stream: str = "main",
    size: int = 1_000_000,
    **other: Any,
) -> SegmentReport:
    """A file from `start` to `end`, in seconds from START on."""
    begin = START + start
    fields: dict[str, Any] = {
        "path": path_of(camera, stream, round(begin * 1000)),
        "tier": "main",
        "camera": camera,
        "stream": stream,
        "start": begin,
        "end": None if end is None else START + end,
        "bytes": size,
        "epoch": "e" * 16,
        "codec": "h264",
        "audio": None,
        "width": 1920,
        "height": 1080,
        "keyframes": 60,
        "masked": False,
        "sha256": None if end is None else "0" * 64,
    }
    return SegmentReport(**(fields | other))
