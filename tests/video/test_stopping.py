"""The end of the hub's video room."""

from __future__ import annotations

from pathlib import Path

from tests.video.archive_rows import report
from tests.video.conftest import VideoHub


async def test_a_database_that_is_away_keeps_nobody_from_stopping(tmp_path: Path) -> None:
    hub = VideoHub(tmp_path)
    hub.store.open()
    hub.video.indexer.put(report(0, 60, path="archive/a/2027/01/15/080000.000.mp4"))
    await hub.store.close()
    await hub.stop()
