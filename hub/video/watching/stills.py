"""Pictures of the past: the keyframe before a moment, decoded in a process of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import struct
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import hub
from hub.store.store import Store
from hub.video.files import mp4
from hub.video.files.archive import STREAM
from hub.video.files.boxes import Mp4Error
from hub.video.files.opening import Opener
from hub.video.files.places import Tiers
from hub.video.indexing import index
from hub.video.reasons import Reason
from hub.video.status import CameraUnavailable, NothingRecorded, Snapshot
from hub.video.watching.clips import cut

log = logging.getLogger("hub.video")

TIMEOUT_S = 5.0
WAITING = 64
"""So many pictures may be waited for; who comes then is sent away."""
MOST_BYTES = 32 << 20
_ASKED = struct.Struct(">II")
_ANSWERED = struct.Struct(">I")
_MOMENT = timedelta(milliseconds=1)


class TooManyStills(Exception):
    """More pictures are asked for at once than can be made."""


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A keyframe as a file of its own, and the instant that it shows."""

    file: bytes
    at: datetime


class Stills:
    """Makes pictures of what was recorded, one after the other."""

    def __init__(self, store: Store, tiers: Tiers) -> None:
        self._store = store
        self._opener = Opener(store, tiers)
        self._worker = _Worker()
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def picture(
        self, camera: str, at: datetime, *, width: int | None = None, stream: str = STREAM
    ) -> Snapshot:
        """The last keyframe at or before a moment that is recorded, in full size or in a width of
        so many pixels. Raises NothingRecorded, CameraUnavailable where it cannot be decoded, and
        TooManyStills."""
        if self._waiting >= WAITING:
            raise TooManyStills
        self._waiting += 1
        try:
            async with self._turn:
                found = await self._find(camera, at, stream)
                jpeg = await self._worker.decode(found.file, width or 0)
        finally:
            self._waiting -= 1
        if not jpeg:
            raise CameraUnavailable(camera, Reason.RUBBISH)
        return Snapshot(jpeg, found.at)

    async def is_recorded(self, camera: str, start: datetime, end: datetime) -> bool:
        """Whether files hold something of a window, as far as the index knows."""
        return bool(await self._store.read(lambda c: index.files(c, camera, STREAM, start, end)))

    async def close(self) -> None:
        """End the process."""
        await self._worker.end()

    async def _find(self, camera: str, at: datetime, stream: str) -> Keyframe:
        query = (camera, stream, at, at + _MOMENT)
        for file in reversed(await self._store.read(lambda c: index.files(c, *query))):
            try:
                fd = await self._opener.open(file)
            except OSError:
                continue
            try:
                found = await asyncio.to_thread(_keyframe, file, fd, at)
            except Mp4Error:
                continue
            finally:
                os.close(fd)
            if found is not None:
                return found
        raise NothingRecorded


def _keyframe(file: index.File, fd: int, at: datetime) -> Keyframe | None:
    found = cut(file, fd, at, at + _MOMENT)
    if found is None:
        return None
    piece = mp4.piece_at(fd, found.offset, found.end_offset)
    if piece is None or piece.size > MOST_BYTES:
        return None
    return Keyframe(found.init + os.pread(fd, piece.size, piece.offset), found.began)


class _Worker:
    """The process that decodes. It is started when there is work, and ends by itself when there was
    none for a while."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def decode(self, file: bytes, width: int) -> bytes:
        """The picture as JPEG; b"" where it cannot be decoded, or the process dies of it."""
        for _ in range(2):  # it may have been about to end, or have died of something else
            process = self._process or await self._start()
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    return await self._ask(process, file, width)
            except TimeoutError:
                log.warning("a picture was not decoded within %g s", TIMEOUT_S)
                await self.end()
                return b""
            except (ConnectionError, asyncio.IncompleteReadError):
                if code := await self.end():
                    log.warning("the process that decodes pictures has died (%d)", code)
            except BaseException:  # what it answers now, nobody would understand
                await self.end()
                raise
        return b""

    async def _ask(self, process: asyncio.subprocess.Process, file: bytes, width: int) -> bytes:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(_ASKED.pack(len(file), width) + file)
        await process.stdin.drain()
        (length,) = _ANSWERED.unpack(await process.stdout.readexactly(_ANSWERED.size))
        return await process.stdout.readexactly(length)

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "hub.video.still_worker")
        self._process = await asyncio.create_subprocess_exec(
            *command,
            cwd=Path(hub.__file__ or "").parents[1],
            stdin=pipe,
            stdout=pipe,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        return self._process

    async def end(self) -> int:
        """Make sure that it does not run; returns how it ended."""
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(0.2):
                return await process.wait()
        except TimeoutError:
            process.kill()
            return await process.wait()
