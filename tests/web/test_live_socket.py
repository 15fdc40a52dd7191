"""The socket of live pictures: who may open it, what it says, and that nobody waits for others."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSCloseCode, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from hub.model.camera import Camera, Stream
from hub.video.watching.live import Init, Item, Lost, Media, Skipped, TooManyViewers, Viewer
from hub.web.live import FRAME, LET_GO_S
from hub.web.server import make_app
from tests.web.conftest import FakeVideo, WebTown

ADDRESS = "/api/v1/cameras/camera.gate/live"
INIT = Init(3, 'video/mp4; codecs="avc1.64001f"', 1280, 720, b"init")


class Pictures(FakeVideo):
    """Cameras whose live pictures a test gives."""

    def __init__(self, town: WebTown) -> None:
        super().__init__(town.clock)
        self.viewers: list[Viewer] = []
        self.streams: list[tuple[str, str]] = []
        self.full = False
        self.live = self

    @asynccontextmanager
    async def watch(self, camera: str, stream: str) -> AsyncIterator[Viewer]:
        if self.full:
            raise TooManyViewers
        viewer = Viewer(self.clock)
        self.viewers.append(viewer)
        self.streams.append((camera, stream))
        try:
            yield viewer
        finally:
            self.viewers.remove(viewer)

    def give(self, *items: Item) -> None:
        for item in items:
            for viewer in self.viewers:
                viewer.put(item)


@pytest.fixture
def pictures(town: WebTown) -> Pictures:
    streams = {"main": Stream(url="rtsp://x/main"), "sub": Stream(url="rtsp://x/sub")}
    gate = Camera(entity_id="camera.gate", name="Ворота", plugin="t", streams=streams)
    town.registry.add([(gate, None)])
    return Pictures(town)


@pytest.fixture
async def client(town: WebTown, pictures: Pictures) -> AsyncIterator[TestClient[Any, Any]]:
    services = dataclasses.replace(town.services, video=pictures)
    async with TestClient(TestServer(make_app(services))) as made:
        yield made


async def read(socket: ClientWebSocketResponse, count: int) -> list[Any]:
    """The next messages: texts as what they say, bytes as they are."""
    messages = [await socket.receive(timeout=5) for _ in range(count)]
    return [json.loads(m.data) if m.type is WSMsgType.TEXT else m.data for m in messages]


async def test_a_viewer_is_told_of_epochs_and_gets_their_bytes(
    town: WebTown, client: TestClient[Any, Any], pictures: Pictures
) -> None:
    async with client.ws_connect(f"{ADDRESS}?stream=sub") as socket:
        pictures.give(INIT, Media(3, True, 1800.5, 7.25, b"moof"), Skipped(), Lost("stalled"))
        told, init, media, skipped, lost = await read(socket, 5)
    assert (told["tell"], told["mime"], told["width"]) == ("epoch", INIT.mime, 1280)
    assert abs(told["now"] - town.clock.now().timestamp()) < 5
    assert FRAME.unpack(init[:24]) == (0, 0, 0, 3, 0.0, 0.0)
    assert init[24:] == b"init"
    assert FRAME.unpack(media[:24]) == (1, 1, 0, 3, 1800.5, 7.25)
    assert media[24:] == b"moof"
    assert skipped == {"tell": "skipped"}
    assert (lost["tell"], lost["reason"]) == ("lost", "stalled")
    assert lost["text"]
    assert pictures.streams == [("camera.gate", "sub")]


async def test_a_look_is_noted_once(
    town: WebTown, client: TestClient[Any, Any], pictures: Pictures
) -> None:
    for _ in range(2):
        async with client.ws_connect(ADDRESS):
            pass
    looks = [row for row in await town.audited() if row[1] == "camera:camera.gate"]
    assert looks == [("cameras.view", "camera:camera.gate", "done")]


async def test_who_does_not_read_holds_nobody_up(
    client: TestClient[Any, Any], pictures: Pictures
) -> None:
    async with client.ws_connect(ADDRESS), client.ws_connect(ADDRESS) as reading:
        received = 0
        for number in range(100):
            pictures.give(Media(1, True, float(number), 0.0, bytes(500_000)))
            [data] = await read(reading, 1)
            received += len(data)
    assert received > 50_000_000


async def test_a_viewer_who_leaves_is_let_go(
    client: TestClient[Any, Any], pictures: Pictures
) -> None:
    async with client.ws_connect(ADDRESS):
        assert len(pictures.viewers) == 1
    async with asyncio.timeout(5):
        while pictures.viewers:
            await asyncio.sleep(0.01)


async def test_the_socket_closes_when_the_stream_is_taken_away(
    client: TestClient[Any, Any], pictures: Pictures
) -> None:
    async with client.ws_connect(ADDRESS) as socket:
        pictures.viewers[0].end()
        message = await socket.receive(timeout=5)
        assert message.type is WSMsgType.CLOSE
        assert message.data == WSCloseCode.GOING_AWAY


async def test_when_the_hub_goes_its_viewers_are_told(town: WebTown, pictures: Pictures) -> None:
    server = TestServer(make_app(dataclasses.replace(town.services, video=pictures)))
    client = TestClient(server)
    await client.start_server()
    socket = await client.ws_connect(ADDRESS)
    closing = asyncio.create_task(server.close())
    message = await socket.receive(timeout=5)
    assert (message.type, message.data) == (WSMsgType.CLOSE, WSCloseCode.GOING_AWAY)
    await closing
    await client.close()


async def test_the_hub_can_go_while_a_viewer_does_not_read(
    town: WebTown, pictures: Pictures
) -> None:
    server = TestServer(make_app(dataclasses.replace(town.services, video=pictures)))
    client = TestClient(server)
    await client.start_server()
    socket = await client.ws_connect(ADDRESS)
    for number in range(20):
        pictures.give(Media(1, True, float(number), 0.0, bytes(500_000)))
        await asyncio.sleep(0)
    await asyncio.sleep(0.2)
    async with asyncio.timeout(LET_GO_S + 3):
        await server.close()
    assert not socket.closed, "it has not read that far"
    await client.close()


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/cameras/camera.nowhere/live", 404),
        (f"{ADDRESS}?stream=third", 404),
        (f"{ADDRESS}?stream=../../etc", 404),
        ("/api/v1/cameras/camera.market/live", 404),
    ],
)
async def test_what_is_no_stream_cannot_be_watched(
    client: TestClient[Any, Any], address: str, status: int
) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(address)
    assert refused.value.status == status


async def test_too_many_viewers_are_sent_away_for_now(
    client: TestClient[Any, Any], pictures: Pictures
) -> None:
    pictures.full = True
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(ADDRESS)
    assert refused.value.status == 503


async def test_another_sites_page_does_not_get_to_watch(
    client: TestClient[Any, Any], pictures: Pictures
) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect(ADDRESS, origin="http://evil.example")
    assert refused.value.status == 403
    own = str(client.make_url("/")).rstrip("/")
    async with client.ws_connect(ADDRESS, origin=own):
        assert pictures.viewers


async def test_a_plain_request_is_asked_to_become_a_socket(
    client: TestClient[Any, Any], pictures: Pictures
) -> None:
    assert (await client.get(ADDRESS)).status == 426
    assert pictures.streams == []


async def test_the_wall_shows_small_streams_and_the_page_of_a_camera_the_large_one(
    client: TestClient[Any, Any], pictures: Pictures
) -> None:
    text = await (await client.get("/live")).text()
    assert f'data-address="{ADDRESS}?stream=sub"' in text
    text = await (await client.get("/live/camera.gate")).text()
    assert f'data-address="{ADDRESS}?stream=main"' in text
    assert f'data-other="{ADDRESS}?stream=sub"' in text
    assert (await client.get("/live/camera.nowhere")).status == 404
