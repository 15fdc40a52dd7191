"""A hub that orders a recording, says so, and waits to be killed."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.video.conftest import VideoHub, camera, until


async def main(data: Path, clip: str) -> None:
    hub = VideoHub(data)
    await hub.start(camera("a", clip))
    await until(lambda: hub.online("a"))
    await asyncio.sleep(1)
    now = hub.clock.now()
    start, end = now - timedelta(seconds=1), now + timedelta(seconds=4)
    id = await hub.video.record(key="k", camera="camera.a", start=start, end=end, incident=None)
    print(id, hub.capture_pid, start.isoformat(), end.isoformat(), flush=True)
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
