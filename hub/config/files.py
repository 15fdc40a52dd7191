"""Where the text of a configuration comes from: the disk, or a sealed copy of what was on it."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from hub.model.said import said

MAX_BYTES = 16 << 20  # of one file: tens of thousands of automations; more is a mistake
SECRETS = "secrets.yaml"


class Unreadable(Exception):
    """The text cannot be had; the message tells why, for the person who wrote the file."""


@dataclass(slots=True)
class Snapshot:
    """All that a configuration was made of: files by their path below the configuration's folder,
    and the variables of the environment that it asked for. Holds secrets. `folders` are those that
    were listed, with the files in them; known of a configuration that was read from the disk."""

    main: str
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    env: dict[str, str] = field(default_factory=dict, repr=False)
    folders: dict[str, list[str]] = field(default_factory=dict, repr=False)

    @property
    def hash(self) -> str:
        """SHA-256 of everything, in hexadecimal digits."""
        whole = {
            "main": self.main,
            "files": {name: text.hex() for name, text in self.files.items()},
            "env": self.env,
        }
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


class Files(Protocol):
    """Gives what a configuration asks for; paths are POSIX, below the configuration's folder."""

    main: str

    def read(self, name: str) -> bytes:
        """Raises Unreadable."""
        ...

    def list(self, folder: str) -> list[str]:
        """The `.yaml` files of a folder, by name. Raises Unreadable."""
        ...

    def env(self, name: str) -> str:
        """Raises Unreadable."""
        ...


class DiskFiles:
    """Reads from the disk, each file once, and remembers all of it in `snapshot`."""

    def __init__(self, path: Path, environ: Mapping[str, str] | None = None) -> None:
        self.main = path.name
        self.snapshot = Snapshot(path.name)
        self._folder = path.parent
        self._environ = os.environ if environ is None else environ

    def read(self, name: str) -> bytes:
        if name not in self.snapshot.files:
            self.snapshot.files[name] = self._read(self._inside(name))
        return self.snapshot.files[name]

    def _read(self, path: Path) -> bytes:
        try:
            kind = path.stat().st_mode
            if stat.S_ISDIR(kind):
                raise Unreadable(said("it is a folder"))
            if not stat.S_ISREG(kind):  # a pipe or a device may give its first byte never
                raise Unreadable(said("it is no regular file"))
            with path.open("rb") as file:
                text = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise Unreadable(said("there is no such file")) from None
        except (OSError, ValueError) as error:
            raise Unreadable(
                getattr(error, "strerror", None) or said("it cannot be opened")
            ) from None
        if len(text) > MAX_BYTES:
            raise Unreadable(said("it is larger than %(number)s MiB", number=MAX_BYTES >> 20))
        return text

    def _inside(self, name: str) -> Path:
        path = self._folder / name
        if name == self.main:  # may itself be a link: the person who starts the hub named it
            return path
        try:
            inside = path.resolve().is_relative_to(self._folder.resolve())
        except (OSError, RuntimeError, ValueError):
            inside = False
        if not inside:
            raise Unreadable(said("it lies outside the folder of the configuration"))
        return path

    def list(self, folder: str) -> list[str]:
        try:
            names = sorted(path.name for path in self._inside(folder).iterdir())
        except FileNotFoundError:
            raise Unreadable(said("there is no such folder")) from None
        except NotADirectoryError:
            raise Unreadable(said("it is no folder")) from None
        except (OSError, ValueError) as error:
            raise Unreadable(
                getattr(error, "strerror", None) or said("it cannot be opened")
            ) from None
        found = [str(PurePosixPath(folder) / name) for name in names if is_part(name)]
        self.snapshot.folders[folder] = found
        return found

    def env(self, name: str) -> str:
        value = self._environ.get(name)
        if value is None:
            raise Unreadable(said("it is not set in the environment of the hub"))
        self.snapshot.env[name] = value
        return value


class SealedFiles:
    """Reads from a snapshot alone."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.main = snapshot.main
        self.snapshot = snapshot

    def read(self, name: str) -> bytes:
        try:
            return self.snapshot.files[name]
        except KeyError:
            raise Unreadable(said("it is not in the sealed copy")) from None

    def list(self, folder: str) -> list[str]:
        return sorted(
            name
            for name in self.snapshot.files
            if str(PurePosixPath(name).parent) == str(PurePosixPath(folder))
            and is_part(PurePosixPath(name).name)
        )

    def env(self, name: str) -> str:
        try:
            return self.snapshot.env[name]
        except KeyError:
            raise Unreadable(said("it is not in the sealed copy")) from None


def differs(path: Path, snapshot: Snapshot) -> bool:
    """Whether the files on the disk are others than those of a snapshot; reads them."""
    disk = DiskFiles(path)
    try:
        return any(disk.read(name) != text for name, text in snapshot.files.items()) or any(
            disk.list(folder) != names for folder, names in snapshot.folders.items()
        )
    except Unreadable:
        return True


def is_part(name: str) -> bool:
    """Whether a file of a folder takes part in `!include_dir`: `*.yaml`, neither hidden nor the
    secrets."""
    return name.endswith(".yaml") and not name.startswith(".") and name != SECRETS
