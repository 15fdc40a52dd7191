"""One file of the archive, from its first fragment to its index."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from hub.video import mp4, wire
from hub.video.archive import camera_of, path_of, segment_report, start_of
from hub.video.capture.fragments import Epoch, Fragment
from hub.video.capture.ring import Group

log = logging.getLogger("hub.video.capture")


class Archive:
    """The folder of recordings. A file that is being written has a mark of the same name in
    `capture/open`, so that those a crash left unfinished are found without a search."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._marks = data / "capture" / "open"
        self._marks.mkdir(parents=True, exist_ok=True)
        self._left = [self._path_of(mark) for mark in sorted(self._marks.iterdir())]

    def create(self, camera: str, epoch: Epoch, start: float) -> Segment:
        """Begin a file for frames from `start` (Unix time) on. Raises OSError."""
        millis = round(start * 1000)
        while True:
            path = path_of(camera, millis)
            mark = self._mark(path)
            mark.touch()
            try:
                (self.data / path).parent.mkdir(parents=True, exist_ok=True)
                return Segment(self, path, camera, epoch, start)
            except FileExistsError:  # this machine's clock was set back
                mark.unlink()
                millis += 1
            except OSError:
                mark.unlink()
                raise

    def _mark(self, path: str) -> Path:
        return self._marks / path.replace("/", "~")

    @staticmethod
    def _path_of(mark: Path) -> str:
        return mark.name.replace("~", "/")

    def unmark(self, path: str) -> None:
        self._mark(path).unlink(missing_ok=True)

    def unfinished(self) -> list[str]:
        """Files that are being written, or that an earlier process left and nobody finished yet."""
        return [self._path_of(mark) for mark in self._marks.iterdir()]

    def repair(self) -> list[wire.SegmentReport]:
        """Finish the files that an earlier process left: cut the torn end, write the index."""
        reports = []
        for path in self._left:
            try:
                report = self._repair(path)
            except (OSError, mp4.Mp4Error) as error:
                log.error("%s was left by a crash and cannot be saved: %s", path, error)
                continue
            if report is not None:
                log.info("%s was left by a crash and is finished now", path)
                reports.append(report)
        self._left = []
        return reports

    def _repair(self, path: str) -> wire.SegmentReport | None:
        file = self.data / path
        try:
            fd = os.open(file, os.O_RDWR)
        except FileNotFoundError:
            self.unmark(path)
            return None
        try:
            try:
                layout = mp4.finish(fd, after_crash=True)
            except mp4.Mp4Error:  # killed before its first fragment
                layout = None
            os.fsync(fd)
        finally:
            os.close(fd)
        if layout is None or not layout.pieces:
            file.unlink()
            self.unmark(path)
            return None
        self.unmark(path)
        start = start_of(path)
        end = start + layout.duration / layout.scale
        return segment_report(path, camera_of(path), layout.init, start, end, layout.whole)


class Segment:
    """A file that is being written. Each fragment is one unbuffered write, so that a killed
    process loses at most the one that it was writing."""

    def __init__(
        self, archive: Archive, path: str, camera: str, epoch: Epoch, start: float
    ) -> None:
        self.path = path
        self.epoch = epoch
        self.start = start
        self.end = start
        self._archive = archive
        self._camera = camera
        self._base: int | None = None
        self._group = self._groups = 0
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        self._fd = os.open(archive.data / path, flags, 0o640)
        self._size = 0
        try:
            self._append(epoch.init + mp4.room())
        except OSError:
            os.close(self._fd)
            (archive.data / path).unlink()
            raise

    def takes(self, group: Group, longest_s: float) -> bool:
        """Whether this group goes on where the file ends, and finds room in it."""
        length = self.end - self.start
        return (
            group.number == self._group + 1
            and group.fragments[0].epoch is self.epoch
            and length + length / self._groups <= longest_s
        )

    def begin(self, group: Group) -> None:
        """What is written next is of this group."""
        self._group = group.number
        self._groups += 1

    def write(self, fragment: Fragment) -> None:
        """Append a fragment, its time counted from the file's first one. Raises OSError; the
        file then ends with the last whole fragment."""
        if self._base is None:
            self._base = fragment.moof.time
        head = mp4.moved(fragment.data, fragment.moof, fragment.moof.time - self._base)
        self._append(head, memoryview(fragment.data)[fragment.moof.size :])
        self.end = fragment.end
        since = (fragment.moof.time - self._base) / self.epoch.scale
        self.start = min(self.start, fragment.start - since)  # frames come late, never early

    def _append(self, *parts: bytes | bytearray | memoryview) -> None:
        size = sum(len(part) for part in parts)
        written = os.writev(self._fd, parts)
        if written != size:
            os.ftruncate(self._fd, self._size)
            raise OSError(28, "the disk is full")
        self._size += size

    def opened(self) -> wire.SegmentReport:
        return self._report(None, self._size)

    def close(self) -> wire.SegmentReport | None:
        """Write the index, sync, and report; None where it holds nothing."""
        try:
            layout = mp4.finish(self._fd)
            os.fsync(self._fd)
        finally:
            os.close(self._fd)
        if not layout.pieces:
            (self._archive.data / self.path).unlink()
        self._archive.unmark(self.path)
        if not layout.pieces:
            return None
        end = self.start + layout.duration / layout.scale
        return self._report(end, layout.whole)

    def _report(self, end: float | None, size: int) -> wire.SegmentReport:
        init = self.epoch.init
        return segment_report(self.path, self._camera, init, self.start, end, size)
