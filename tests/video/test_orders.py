"""Windows that were ordered: closed by what is on disk, whatever became of the camera."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.video import service
from hub.video.indexing import index
from tests.video.conftest import MakeHub, VideoHub, until


async def state(hub: VideoHub, id: str) -> str:
    found = await hub.store.read(lambda connection: index.recording(connection, id))
    assert found is not None
    return found.state


async def test_an_order_of_a_camera_that_is_gone_is_closed_by_the_next_hub(
    make_hub: MakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SETTLE_S", 0.5)
    first = await make_hub()
    now = first.clock.now()
    start, end = now - timedelta(seconds=5), now
    id = await first.video.record(
        key="k", camera="camera.gone", start=start, end=end, incident=None
    )
    await first.stop()

    second = await make_hub()
    await until(lambda: second.heard("recording.finished"))
    [done] = second.heard("recording.finished")
    assert (done.recording, done.complete) == (id, False)
    assert await state(second, id) == "incomplete"
