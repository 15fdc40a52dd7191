"""The event loop never touches a disk of the archive: one that stands still would stop the hub."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from hub.video.indexing.indexer import Indexer
from hub.video.retention.tiers import NAMES
from hub.video.tables import segments
from tests.video.archive_rows import report
from tests.video.kept_archive import KeptArchive

PATH = "archive/a/2027/01/15/080000.000.mp4"


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What of Path was called in the event loop's thread."""
    found: list[str] = []
    for name in ("resolve", "lstat", "stat", "is_dir"):
        was = getattr(Path, name)

        def call(path: Path, *args: Any, _was: Any = was, _name: str = name, **more: Any) -> Any:
            if threading.current_thread() is threading.main_thread():
                found.append(f"{_name} {path}")
            return _was(path, *args, **more)

        monkeypatch.setattr(Path, name, call)
    return found


async def test_who_hears_of_files_and_who_settles_deletions_and_moves_leaves_disks_to_threads(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    kept = KeptArchive(tmp_path)
    await kept.put(3)
    await kept.store.write(lambda c: c.execute(update(segments).values(state="purging")))
    (kept.data / NAMES).parent.mkdir()
    (kept.data / NAMES).write_text('{"old": "main", "new": "main", "paths": []}')
    indexer = Indexer(kept.store, kept.clock, kept.tiers)
    touched = request.getfixturevalue("touched")
    indexer.put(report(0, 60, path=PATH))
    indexer.put(report(0, 60, path="archive/../bulk.db"))
    await kept.keeper._mover.resume()
    await kept.keeper._purge.resume()
    assert touched == []
    await indexer.flush()
    assert PATH in await kept.rows("finished")
    await kept.close()
