"""Small pictures of the past, for looking through it: made when they are asked for, and kept within
a bound."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.video.status import NothingRecorded
from hub.video.watching.stills import Stills

log = logging.getLogger("hub.video")

STEP = timedelta(seconds=10)
WIDTH = 240
MOST_BYTES = 256 << 20
MOST_FORGOTTEN = 1_000
"""Pictures of more than so many steps (of a longer stretch than any file) go when they are asked
for."""


class Thumbnails:
    """One picture for each ten seconds of a camera, in `thumbnails/<camera>/<day>/<time>.jpg`. They
    are asked for only while the recording is there; what was deleted of it goes here too."""

    def __init__(self, stills: Stills, data: Path, most_bytes: int = MOST_BYTES) -> None:
        self._stills = stills
        self._root = data / "thumbnails"
        self._most = most_bytes
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._bytes = 0
        self._is_known = False
        self._looking = asyncio.Lock()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def picture(self, camera: str, at: datetime) -> bytes:
        """The small picture of the ten seconds that a moment lies in. Raises what
        Stills.picture raises."""
        await self._know()
        begin = _grid(at)
        name = _name(camera, begin)
        async with self._turns[camera]:
            if name in self._sizes:
                kept = None
                if await self._stills.is_recorded(camera, begin, begin + STEP):
                    kept = await asyncio.to_thread(_read, self._root / name)
                if kept is not None:
                    self._sizes.move_to_end(name)
                    return kept
                await self._drop([name])
            jpeg = await self._make(camera, begin, at)
            await self._keep(name, jpeg)
            return jpeg

    async def forget(self, camera: str, start: datetime, end: datetime) -> None:
        """Recordings were deleted: so are their pictures."""
        await self._know()
        begin = _grid(start)
        steps = min(math.ceil((end - begin) / STEP), MOST_FORGOTTEN)
        await self._drop([_name(camera, begin + n * STEP) for n in range(steps)])

    async def _make(self, camera: str, begin: datetime, at: datetime) -> bytes:
        try:
            return (await self._stills.picture(camera, begin, width=WIDTH)).jpeg
        except NothingRecorded:  # it was recorded from later on
            return (await self._stills.picture(camera, at, width=WIDTH)).jpeg

    async def _know(self) -> None:
        """Look once what is there of an earlier run of the hub, the oldest first."""
        async with self._looking:
            if self._is_known:
                return
            for name, size in await asyncio.to_thread(_look, self._root):
                self._sizes[name] = size
                self._bytes += size
            self._is_known = True

    async def _keep(self, name: str, jpeg: bytes) -> None:
        try:
            await asyncio.to_thread(_write, self._root / name, jpeg)
        except OSError as error:
            log.warning("a small picture is not kept: %s", error)
            return
        self._sizes[name] = len(jpeg)
        self._bytes += len(jpeg)
        over: list[str] = []
        left = self._bytes
        for oldest, size in self._sizes.items():
            if left <= self._most:
                break
            over.append(oldest)
            left -= size
        await self._drop(over)

    async def _drop(self, names: Iterable[str]) -> None:
        known = [name for name in names if name in self._sizes]
        for name in known:
            self._bytes -= self._sizes.pop(name)
        await asyncio.to_thread(_delete, [self._root / name for name in known])


def _grid(at: datetime) -> datetime:
    step = STEP.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // step * step, UTC)


def _name(camera: str, at: datetime) -> str:
    return f"{camera.partition('.')[2]}/{at:%Y-%m-%d/%H%M%S}.jpg"


def _look(root: Path) -> list[tuple[str, int]]:
    found = []
    for path in root.glob("*/*/*.jpg"):
        status = path.stat()
        found.append((status.st_mtime, path.relative_to(root).as_posix(), status.st_size))
    return [(name, size) for _, name, size in sorted(found)]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, data: bytes) -> None:
    """It need not survive a power cut, but is never there in part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent):
            with contextlib.suppress(OSError):  # others lie in it
                folder.rmdir()
