"""A hub that records cameras all the time, and waits to be killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.video.conftest import VideoHub, camera


async def main(data: Path, clip: str, names: list[str]) -> None:
    hub = VideoHub(data, mode="continuous")
    await hub.start(*(camera(name, clip) for name in names))
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
