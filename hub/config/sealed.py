"""The last configuration that checked, kept so that a mistake in the file does not stop the town.

After a good check, at start or when a running hub takes it over, all that the configuration was
made of is kept in `data_dir/config`: the text of its files, secrets included, and the variables of
the environment it asked for, with their SHA-256. Only the hub's own user may read it. A start with
a wrong configuration takes the newest of these that still checks; the caller is told what is wrong
with the present one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.config.check import check, load
from hub.config.config import Config, WrongConfig
from hub.config.core import CORE_ACTIONS
from hub.config.files import SealedFiles, Snapshot
from hub.config.plugins import PluginSource
from hub.config.tree import Excerpts
from hub.model.action import Action
from hub.model.problem import Problem

log = logging.getLogger("hub.config")

FOLDER = "config"
KEPT = 3  # the newest may be one that a changed plugin no longer takes
FORMAT = 1
_NEW = ".new-"


@dataclass(frozen=True, slots=True)
class Started:
    """The configuration to run. Where `problems` is not empty, it is a sealed one, and they are
    what is wrong with the present file: open a technical incident. `plugins` is where plugins were
    looked for."""

    config: Config
    problems: tuple[Problem, ...]
    excerpts: Excerpts
    plugins: PluginSource


def start(
    path: Path, plugins: PluginSource, *, actions: Iterable[type[Action]] = CORE_ACTIONS
) -> Started:
    """The configuration at `path`, sealed now; or else the last sealed one that still checks.

    Raises WrongConfig (exit status 2) where there is neither.
    """
    actions = tuple(actions)
    try:
        config = load(path, plugins, actions=actions)
    except WrongConfig as wrong:
        old = _last_good(path, wrong.data_dir / FOLDER, plugins, actions)
        if old is None:
            raise
        log.error("the configuration is wrong; the last one that checked is used")
        return Started(old, tuple(wrong.problems), wrong.excerpts, plugins)
    keep(config)
    return Started(config, (), config.excerpts, plugins)


def keep(config: Config, data_dir: Path | None = None) -> None:
    """Seal a configuration that has checked, in its data folder or the one that is in use; a
    failure is logged, since the town runs without it too."""
    try:
        seal(config.snapshot, (data_dir or config.data_dir) / FOLDER)
    except OSError as error:
        log.error("the configuration could not be sealed: %s", error.strerror)


def seal(snapshot: Snapshot, folder: Path) -> None:
    """Keep a snapshot; it is on the disk when this returns. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    files = _newest_first(folder)
    newest = next(_readable(files[:1]), None)
    if newest is not None and newest.hash == snapshot.hash:
        return
    number = 1 + (int(files[0].stem) if files else 0)
    _write(folder / f"{number:08}.json", _text(snapshot))
    for left in [*files[KEPT - 1 :], *folder.glob(f"{_NEW}*")]:
        left.unlink(missing_ok=True)


def unseal(folder: Path) -> Iterator[Snapshot]:
    """The sealed snapshots, the newest first; what is damaged is left out, and logged."""
    yield from _readable(_newest_first(folder))


def _last_good(
    path: Path, folder: Path, plugins: PluginSource, actions: tuple[type[Action], ...]
) -> Config | None:
    for snapshot in unseal(folder):
        if snapshot.main != path.name:
            continue
        try:
            return check(path, SealedFiles(snapshot), plugins, actions=actions)
        except WrongConfig:
            log.warning("a sealed configuration does not check any more")
    return None


def _newest_first(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        files = [path for path in folder.iterdir() if path.suffix == ".json"]
        return sorted((path for path in files if path.stem.isdecimal()), reverse=True)
    return []


def _readable(files: list[Path]) -> Iterator[Snapshot]:
    for path in files:
        try:
            kept = json.loads(path.read_bytes())
            files_of = {name: text.encode() for name, text in kept["files"].items()}
            snapshot = Snapshot(kept["main"], files_of, kept["env"])
            intact = kept["format"] == FORMAT and snapshot.hash == kept["sha256"]
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            intact = False
        if intact:
            yield snapshot
        else:
            log.error("the sealed configuration %s is damaged", path.name)


def _text(snapshot: Snapshot) -> bytes:
    kept = {
        "format": FORMAT,
        "main": snapshot.main,
        "files": {name: text.decode() for name, text in snapshot.files.items()},
        "env": snapshot.env,
        "sha256": snapshot.hash,
    }
    return json.dumps(kept, ensure_ascii=False, indent=1).encode()


def _write(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, readable by its owner only."""
    handle, name = tempfile.mkstemp(prefix=_NEW, dir=path.parent)  # mode 0600
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
