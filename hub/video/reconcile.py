"""Bringing the index up to the disk after the hub was away."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from hub.store.store import Store
from hub.video import index, mp4
from hub.video.archive import camera_of, segment_report, start_of
from hub.video.wire import SegmentReport

log = logging.getLogger("hub.video")


class Reconciler:
    """Compares files and rows, one folder (a day of a camera) at a time. Files without a row are
    adopted, rows without a file are marked as missing; files that are being written are left."""

    def __init__(self, data: Path, store: Store) -> None:
        self._data = data
        self._store = store

    async def run(self, writing: Collection[str]) -> None:
        known = await self._store.read(index.folders)
        adopted = missing = 0
        for folder in sorted(known | set(await asyncio.to_thread(self._folders))):
            rows = await self._store.read(index.settled(folder))
            found, gone = await asyncio.to_thread(self._compare, folder, rows, writing)
            if found or gone:
                await self._store.write(index.corrected(found, gone))
            adopted += len(found)
            missing += len(gone)
        if adopted:
            log.info("%d files were recorded while the hub was away; they are indexed", adopted)
        if missing:
            log.warning("%d files of the index are no longer on disk", missing)

    def _folders(self) -> list[str]:
        archive = self._data / "archive"
        days = archive.glob("*/[0-9]*/[0-9]*/[0-9]*")
        return [day.relative_to(self._data).as_posix() for day in days]

    def _compare(
        self, folder: str, rows: dict[str, str], writing: Collection[str]
    ) -> tuple[list[SegmentReport], list[str]]:
        on_disk = set(self._files(folder)) - set(writing)
        gone = {
            path
            for path, state in rows.items()
            if path not in on_disk and path not in writing and state != "missing"
        }
        unsettled = {path for path in on_disk if rows.get(path) != "finished"}
        found = [report for path in sorted(unsettled) if (report := self._adopt(path))]
        return found, sorted(gone)

    def _files(self, folder: str) -> Iterator[str]:
        try:
            with os.scandir(self._data / folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".mp4"):
                        yield f"{folder}/{entry.name}"
        except FileNotFoundError:
            return

    def _adopt(self, path: str) -> SegmentReport | None:
        try:
            start = start_of(path)
            fd = os.open(self._data / path, os.O_RDONLY)
            try:
                layout = mp4.scan(fd)
            finally:
                os.close(fd)
        except (OSError, ValueError) as error:
            log.warning("%s is not a recording: %s", path, error)
            return None
        if not layout.pieces:
            return None
        end = start + layout.duration / layout.scale
        return segment_report(path, camera_of(path), layout.init, start, end, layout.whole)
