"""The files of the archive that are being written, and those that a crash left."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from hub.video.capture.disks import Disks
from hub.video.capture.fragments import Epoch
from hub.video.capture.segment import Segment
from hub.video.files import boxes, mp4
from hub.video.files.archive import TIER, path_of, segment_report, sha256_of, start_of
from hub.video.talk.messages import SegmentReport

log = logging.getLogger("hub.video.capture")


class Archive:
    """Where files are begun. One that is being written has a mark of the same name in `open` of
    the process's own folder, which tells its tier, so that those a crash left unfinished are found
    without a search."""

    def __init__(self, data: Path, folder: Path | None = None) -> None:
        self.disks = Disks()
        self._data = data
        self._marks = (folder or data / "capture") / "open"
        self._marks.mkdir(parents=True, exist_ok=True)
        self._left = {self._path_of(mark): self._place(mark) for mark in self._marks.iterdir()}

    def create(
        self, root: Path, tier: str, camera: str, stream: str, epoch: Epoch, start: float
    ) -> Segment:
        """Begin a file for frames from `start` (Unix time) on. Raises OSError."""
        millis = round(start * 1000)
        while (root / (path := path_of(camera, stream, millis))).exists():
            millis += 1  # this machine's clock was set back
        mark = self._mark(path)
        try:
            mark.write_text(f"{tier}\n{root}")
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            return Segment(root, tier, path, epoch, start, self._unmark)
        except OSError:
            mark.unlink(missing_ok=True)
            raise

    def _mark(self, path: str) -> Path:
        return self._marks / path.replace("/", "~")

    @staticmethod
    def _path_of(mark: Path) -> str:
        return mark.name.replace("~", "/")

    def _place(self, mark: Path) -> tuple[str, Path]:
        """Tier and root of a marked file; a power cut may have left the mark empty."""
        tier, _, root = mark.read_text(errors="replace").partition("\n")
        return (tier, Path(root)) if root else (TIER, self._data)

    def _unmark(self, path: str) -> None:
        self._mark(path).unlink(missing_ok=True)

    def unfinished(self) -> list[str]:
        """Files that are being written, or that an earlier process left and nobody finished yet."""
        return [self._path_of(mark) for mark in self._marks.iterdir()]

    def leave(self, segment: Segment) -> None:
        """A file could not be sealed, for the disk failed; `repair` does it."""
        self._left[segment.path] = segment.tier, segment.root

    def repair(self) -> list[SegmentReport]:
        """Seal the files that were left: cut the torn end, write the index. Those whose disk is
        not there wait for the next time."""
        reports = []
        for path, (tier, root) in tuple(self._left.items()):
            try:
                report = self._repair(path, tier, root)
            except OSError as error:
                log.error("%s was left unfinished and cannot be written now: %s", path, error)
                continue
            except boxes.Mp4Error as error:
                log.error("%s was left unfinished and cannot be saved: %s", path, error)
                report = None
            if report is not None:
                log.info("%s was left unfinished and is sealed now", path)
                reports.append(report)
            del self._left[path]
        return reports

    def _repair(self, path: str, tier: str, root: Path) -> SegmentReport | None:
        try:
            fd = os.open(root / path, os.O_RDWR)
        except FileNotFoundError:
            if root.is_dir():
                self._unmark(path)
                return None
            raise
        try:
            try:
                layout = mp4.finish(fd, after_crash=True)
            except boxes.Mp4Error:  # killed before its first fragment
                layout = None
            os.fsync(fd)
            digest = sha256_of(fd)
        finally:
            os.close(fd)
        if layout is None or not layout.pieces:
            (root / path).unlink()
            self._unmark(path)
            return None
        self._unmark(path)
        start = start_of(path)
        end = start + layout.duration / layout.scale
        keyframes = sum(piece.key for piece in layout.pieces)
        return segment_report(
            path, tier, layout.init, start, end, layout.whole, keyframes=keyframes, sha256=digest
        )
