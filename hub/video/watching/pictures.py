"""Pictures that were stored: read by their reference, never from outside the data folder."""

from __future__ import annotations

import asyncio
from pathlib import Path


class Pictures:
    """Gives the bytes of a stored picture."""

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir

    async def read(self, ref: str) -> bytes | None:
        """The picture at a path relative to the data folder; None where it is not there (any
        more), or where the path leads out of the folder of snapshots."""
        return await asyncio.to_thread(self._read, ref)

    def _read(self, ref: str) -> bytes | None:
        folder = (self._root / "snapshots").resolve()
        path = (self._root / ref).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            return None
        return path.read_bytes()
