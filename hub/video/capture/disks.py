"""Which tiers can be written, and why one cannot."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

from hub.video.files.archive import MARK
from hub.video.reasons import Reason
from hub.video.talk.messages import DiskReport, Wanted

PAUSE_S = 10.0
"""Where writing failed, it is tried again after so long."""


class NotMounted(OSError):
    """The disk of a tier is not there; its empty mount point must not be filled."""


def ready(wanted: Wanted) -> None:
    """Raise NotMounted where a tier has to be a mounted disk and is none."""
    if wanted.mounted and not (Path(wanted.root) / MARK).is_file():
        raise NotMounted(errno.ENODEV, f"'{wanted.root}/{MARK}' is missing")


def reason_of(error: OSError, root: str) -> Reason:
    """The word for what the system said."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Reason.DISK_INODES if _without_inodes(root) else Reason.DISK_FULL
    if error.errno == errno.EROFS:
        return Reason.DISK_READ_ONLY
    return Reason.DISK_GONE


def _without_inodes(root: str) -> bool:
    """Whether a disk has room for bytes but for no further file. Some file systems have no bound
    of files at all, and tell zero."""
    try:
        stat = os.statvfs(root)
    except OSError:
        return False
    return stat.f_files > 0 and stat.f_favail == 0 and stat.f_bavail > 0


class Disks:
    """The tiers that fail now, for all streams of this process. A tier works again when none of
    the streams that failed on it does any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failing: dict[str, set[str]] = {}
        self._told: dict[str, Reason] = {}

    def failed(self, tier: str, stream: str, why: Reason) -> DiskReport | None:
        """A stream could not be written; returns what is to be told of it, if it is news."""
        with self._lock:
            self._failing.setdefault(tier, set()).add(stream)
            if self._told.get(tier) == why:
                return None
            self._told[tier] = why
        return DiskReport(tier, why.value)

    def works(self, tier: str, stream: str) -> DiskReport | None:
        """A stream was written, or is no longer to be; returns what is to be told of it."""
        with self._lock:
            failing = self._failing.get(tier, set())
            failing.discard(stream)
            if failing or self._told.pop(tier, None) is None:
                return None
            del self._failing[tier]
        return DiskReport(tier, None)
