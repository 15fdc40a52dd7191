"""Where files of the archive lie: each is named by its tier and its path in the tier."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from hub.video.files.archive import MARK, TIER
from hub.video.settings import Tier

FOLDER = "archive"
"""All files of a tier lie below it."""


class OutsideArchive(OSError):
    """This is no place of a file of the archive: nothing there is read, written or deleted."""


class Tiers:
    """The disks of the archive, in the order of the configuration. The data folder is one of them
    by the name `main`, unless another has that name: files that were recorded before there were
    tiers lie there."""

    def __init__(self, tiers: Sequence[Tier], data: Path) -> None:
        self.data = data
        self.configured = tuple(tiers)
        self._roots = {tier.name: tier.path for tier in tiers}
        self._mounted = {tier.name for tier in tiers if tier.mounted}
        self._roots.setdefault(TIER, data)

    def __iter__(self) -> Iterator[str]:
        return iter(self._roots)

    def __contains__(self, tier: object) -> bool:
        return tier in self._roots

    def root(self, tier: str) -> Path:
        """The folder that `archive` stands in. Raises OutsideArchive for an unknown tier."""
        try:
            return self._roots[tier]
        except KeyError:
            raise OutsideArchive(f"there is no tier '{tier}'") from None

    def named(self, tier: str, path: str) -> Path:
        """Where a file is by its name alone; no disk is asked. Raises OutsideArchive for what is
        no name of the archive."""
        parts = PurePosixPath(path).parts
        if len(parts) < 2 or parts[0] != FOLDER or ".." in parts or "\0" in path:
            raise OutsideArchive(f"'{path}' is no path of the archive")
        return self.root(tier) / path

    def file(self, tier: str, path: str) -> Path:
        """Where a file is, or was; ask each time before it is opened, moved or deleted. Raises
        OutsideArchive where a name, or a link on the way, leads out of the tier, or to something
        that is no file."""
        root, file = self.root(tier), self.named(tier, path)
        parts = PurePosixPath(path).parts
        if file.parent.resolve() != root.resolve().joinpath(*parts[:-1]):
            raise OutsideArchive(f"'{path}' leads out of the tier '{tier}'")
        try:
            mode = file.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return file
        if not stat.S_ISREG(mode):
            raise OutsideArchive(f"'{path}' in the tier '{tier}' is no file")
        return file

    def here(self, tier: str) -> bool:
        """Whether the disk of a tier is there. An empty mount point is not: what is missing below
        it is not lost."""
        if tier not in self._roots:
            return False
        root = self._roots[tier]
        try:
            return root.is_dir() and (tier not in self._mounted or (root / MARK).is_file())
        except OSError:  # the disk fails
            return False
