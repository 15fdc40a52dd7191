"""Live pictures: one stream from capture for all who watch it, and nobody waits for anybody."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.clock import VirtualClock
from hub.model.camera import Stream
from hub.video.watching import live
from hub.video.watching.live import (
    MAX_VIEWERS,
    UNREAD_BYTES,
    UNREAD_S,
    Init,
    Item,
    Lost,
    Media,
    Skipped,
    TooManyViewers,
    Viewer,
)
from tests.video.conftest import MakeHub, VideoHub, camera, until
from tests.world import counted_clip
from tests.world.rtsp_cameras import RtspCameras

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
INIT = Init(1, "video/mp4", 640, 368, b"init")


def media(number: int, *, key: bool = False, size: int = 10) -> Media:
    return Media(1, key, 1000.0 + number / 5, number / 5, bytes(size))


async def unread(viewer: Viewer) -> list[Item]:
    """What waits for a viewer; it is read by this."""
    viewer.end()
    return [item async for item in viewer]


async def nothing() -> None: ...


async def test_a_viewer_gets_what_comes_in_its_order() -> None:
    viewer = Viewer(VirtualClock(START))
    items = [INIT, media(0, key=True), media(1), Lost("stalled")]
    for item in items:
        viewer.put(item)
    assert await unread(viewer) == items


async def test_a_viewer_that_does_not_read_goes_on_at_a_keyframe() -> None:
    clock = VirtualClock(START)
    viewer = Viewer(clock)
    for item in (INIT, media(0, key=True), media(1)):
        viewer.put(item)
    await clock.advance(UNREAD_S + 1, nothing)
    late = [media(20), media(21), media(22, key=True), media(23)]
    for item in late:
        viewer.put(item)
    assert await unread(viewer) == [Skipped(), INIT, late[2], late[3]]


async def test_a_viewer_that_goes_on_knows_the_newest_epoch() -> None:
    clock = VirtualClock(START)
    viewer = Viewer(clock)
    viewer.put(media(0, key=True))
    await clock.advance(UNREAD_S + 1, nothing)
    newer = Init(2, "video/mp4", 320, 180, b"other")
    key = Media(2, True, 1010.0, 0.0, b"k")
    for item in (media(1), newer, Media(2, False, 1009.0, 0.0, b"p"), key):
        viewer.put(item)
    assert await unread(viewer) == [Skipped(), newer, key]


async def test_what_waits_for_a_viewer_is_bounded_in_bytes() -> None:
    viewer = Viewer(VirtualClock(START))
    viewer.put(media(0, key=True))
    for number in range(1, 200):
        viewer.put(media(number, size=UNREAD_BYTES // 50))
    assert await unread(viewer) == [Skipped()]


async def pieces(hub: VideoHub, fragments: int) -> list[Init | Media]:
    """The first init segment and so many fragments that a new viewer gets."""
    found: list[Init | Media] = []
    async with asyncio.timeout(20), hub.video.live.watch("camera.a", "main") as viewer:
        async for item in viewer:
            if isinstance(item, Init | Media):
                found.append(item)
            if len(found) > fragments:
                return found
    raise AssertionError("it ended")


async def look(hub: VideoHub, seen: list[Item]) -> None:
    """Watch until the stream is no longer there."""
    async with hub.video.live.watch("camera.a", "main") as viewer:
        async for item in viewer:
            seen.append(item)


async def test_what_is_watched_is_the_camera_from_its_last_keyframe_to_now(
    make_hub: MakeHub, rtsp: RtspCameras, tmp_path: Path
) -> None:
    hub = await make_hub(camera("a", rtsp.url("h264")))
    await until(lambda: hub.online("a"))
    first, *rest = await pieces(hub, 12)
    assert isinstance(first, Init)
    assert first.mime.startswith('video/mp4; codecs="avc1.')
    assert (first.width, first.height) == (counted_clip.WIDTH, counted_clip.HEIGHT)
    assert isinstance(rest[0], Media) and rest[0].key
    last = rest[-1]
    assert isinstance(last, Media)
    assert 0 < hub.clock.now().timestamp() - last.at < 2
    file = tmp_path / "live.mp4"
    file.write_bytes(b"".join(piece.data for piece in (first, *rest)))
    shown = counted_clip.numbers(file)
    assert shown == list(range(shown[0], shown[0] + len(shown)))


async def test_many_watch_one_stream_and_it_is_fetched_once(make_hub: MakeHub, clip: Path) -> None:
    hub = await make_hub(camera("a", str(clip)))
    await until(lambda: hub.online("a"))
    async with AsyncExitStack() as stack:
        for _ in range(50):
            await stack.enter_async_context(hub.video.live.watch("camera.a", "main"))
        await pieces(hub, 3)
        assert hub.video.live.viewers == 50
        watching = [task for task in asyncio.all_tasks() if "watch camera.a" in task.get_name()]
        assert len(watching) == 1
    assert hub.video.live.viewers == 0


async def test_there_is_an_end_to_how_many_may_watch(make_hub: MakeHub, clip: Path) -> None:
    hub = await make_hub(camera("a", str(clip)))
    async with AsyncExitStack() as stack:
        for _ in range(MAX_VIEWERS):
            await stack.enter_async_context(hub.video.live.watch("camera.a", "main"))
        with pytest.raises(TooManyViewers):
            await stack.enter_async_context(hub.video.live.watch("camera.a", "main"))
    async with hub.video.live.watch("camera.a", "main"):
        assert hub.video.live.viewers == 1


async def test_viewers_are_told_that_a_camera_is_lost_and_see_it_when_it_is_back(
    make_hub: MakeHub, clip: Path
) -> None:
    server = RtspCameras([clip])
    hub = await make_hub(camera("a", server.url("h264")))
    await until(lambda: hub.online("a"))
    seen: list[Item] = []
    looking = asyncio.create_task(look(hub, seen))
    await until(lambda: any(isinstance(item, Media) for item in seen))
    port = server.port
    server.stop()
    await until(lambda: any(isinstance(item, Lost) for item in seen), 20)
    server = RtspCameras([clip], port=port)
    lost_at = seen.index(next(item for item in seen if isinstance(item, Lost)))
    await until(lambda: any(isinstance(item, Media) for item in seen[lost_at:]), 30)
    looking.cancel()
    server.stop()
    again = [item for item in seen[lost_at:] if not isinstance(item, Lost)]
    assert isinstance(again[0], Init)
    assert isinstance(again[1], Media) and again[1].key


async def test_viewers_go_on_when_the_capture_process_is_replaced(
    make_hub: MakeHub, clip: Path
) -> None:
    hub = await make_hub(camera("a", str(clip)))
    await until(lambda: hub.online("a"))
    seen: list[Item] = []
    looking = asyncio.create_task(look(hub, seen))
    await until(lambda: any(isinstance(item, Media) for item in seen))
    os.kill(hub.capture_pid, signal.SIGKILL)
    await until(lambda: any(isinstance(item, Lost) for item in seen))
    lost_at = max(n for n, item in enumerate(seen) if isinstance(item, Lost))
    await until(lambda: any(isinstance(item, Media) for item in seen[lost_at:]), 20)
    looking.cancel()


async def test_a_camera_that_is_taken_away_ends_for_those_who_watch_it(
    make_hub: MakeHub, clip: Path
) -> None:
    hub = await make_hub(camera("a", str(clip)))
    await until(lambda: hub.online("a"))
    seen: list[Item] = []
    looking = asyncio.create_task(look(hub, seen))
    await until(lambda: seen)
    hub.video.set_cameras({})
    await asyncio.wait_for(looking, 5)


async def test_pictures_of_another_kind_begin_with_what_is_needed_to_decode_them(
    make_hub: MakeHub, clip: Path, hevc_clip: Path
) -> None:
    hub = await make_hub(camera("a", str(clip)))
    await until(lambda: hub.online("a"))
    seen: list[Item] = []
    looking = asyncio.create_task(look(hub, seen))
    await until(lambda: any(isinstance(item, Media) for item in seen))
    hub.video.set_cameras({"camera.a": camera("a", str(hevc_clip))})
    await until(lambda: isinstance(seen[-1], Media) and seen[-1].number > 1)
    looking.cancel()
    first, second = (item for item in seen if isinstance(item, Init))
    assert "avc1" in first.mime
    assert "hvc1" in second.mime
    begun = next(item for item in seen if isinstance(item, Media) and item.number == 2)
    assert begun.key


async def test_two_hundred_come_and_go_and_leave_nothing_behind(
    make_hub: MakeHub, clip: Path
) -> None:
    hub = await make_hub(camera("a", str(clip)))
    await until(lambda: hub.online("a"))
    await pieces(hub, 2)
    files = sum(1 for _ in Path("/proc/self/fd").iterdir())
    for _ in range(4):
        await asyncio.gather(*(pieces(hub, 2) for _ in range(50)))
    assert hub.video.live.viewers == 0
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) <= files + 2
    named = [task.get_name() for task in asyncio.all_tasks()]
    assert len([name for name in named if "camera.a/main" in name]) <= 2


async def test_a_second_stream_that_is_not_recorded_is_fetched_while_somebody_watches(
    make_hub: MakeHub, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LINGER_S", 0.2)
    main = camera("a", str(clip))
    both = dataclasses.replace(main, streams={**main.streams, "sub": Stream(url=str(clip))})
    hub = await make_hub(both)
    await until(lambda: hub.online("a"))

    async def fetched() -> set[str]:
        state, _ = await hub.video.processes.peers[1].request("state")
        return set(state["rings"])

    assert await fetched() == {"camera.a/main"}
    async with hub.video.live.watch("camera.a", "sub") as viewer:
        async for item in viewer:
            if isinstance(item, Media):
                break
        assert await fetched() == {"camera.a/main", "camera.a/sub"}
    await asyncio.sleep(1)
    assert await fetched() == {"camera.a/main"}
