"""Files of the archive, opened to be read: inside their tier, and wherever they were moved to."""

from __future__ import annotations

import asyncio
import os

from hub.store.store import Store
from hub.video.files.places import Tiers
from hub.video.indexing import index


class Opener:
    """Opens files that the index names."""

    def __init__(self, store: Store, tiers: Tiers) -> None:
        self._store = store
        self._tiers = tiers

    async def open(self, file: index.File) -> int:
        """A descriptor for reading, to be closed by who asks. A file that was moved to another
        tier since it was looked up is found there. Raises OSError."""
        try:
            return await asyncio.to_thread(self._open, file.tier, file.path)
        except FileNotFoundError:
            tier = await self._store.read(lambda c: index.tier_of(c, file.id))
            if tier is None or tier == file.tier:
                raise
            return await asyncio.to_thread(self._open, tier, file.path)

    def _open(self, tier: str, path: str) -> int:
        return os.open(self._tiers.file(tier, path), os.O_RDONLY | os.O_NOFOLLOW)
