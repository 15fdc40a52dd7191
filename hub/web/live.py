"""Cameras as they are now: the wall, one camera large, and the socket that both are fed by."""

from __future__ import annotations

import asyncio
import struct
import weakref
from dataclasses import dataclass
from typing import Any

from aiohttp import WSCloseCode, web

from hub.model.camera import Camera
from hub.video.watching.live import Init, Item, Lost, Media, Skipped, TooManyViewers, Viewer
from hub.web.cameras import camera_of, camera_target
from hub.web.render import PAGES
from hub.web.routes import Route, Visit

VIEW = "cameras.view"
HEARTBEAT_S = 20.0
"""A viewer who does not answer for so long is gone."""
LET_GO_S = 1.0
"""So long a viewer has to take the farewell."""
FRAME = struct.Struct(">BBHIdd")
"""Before the bytes of an init segment (kind 0) or a fragment (kind 1): kind, whether it begins
with a keyframe, 0, number of the epoch, Unix time of its first frame, and where that frame lies on
the timeline of its epoch, in seconds."""

Sockets = weakref.WeakKeyDictionary[web.WebSocketResponse, asyncio.Transport]
SOCKETS = web.AppKey("live sockets", Sockets)


@dataclass(frozen=True, slots=True)
class Tile:
    """A camera on the wall: `small` is the stream for a tile, `large` the one for a big picture;
    None where it has told of no stream yet."""

    entity: Camera
    area: str
    small: str | None
    large: str | None


def _tile(visit: Visit, entity: Camera) -> Tile:
    area = visit.services.registry.area_of(entity.entity_id)
    streams = entity.streams
    large = "main" if "main" in streams else next(iter(streams), None)
    small = "sub" if "sub" in streams else large
    return Tile(entity, area.name if area is not None else "", small, large)


async def wall(visit: Visit) -> web.Response:
    """All cameras, each by its small stream."""
    entities = visit.services.registry.entities()
    tiles = [_tile(visit, entity) for entity in entities if isinstance(entity, Camera)]
    tiles.sort(key=lambda tile: (tile.area, tile.entity.name))
    return visit.request.app[PAGES].page(visit, "wall.html", tiles=tiles)


async def one(visit: Visit) -> web.Response:
    """One camera, by its large stream."""
    entity = visit.services.registry.entity(camera_of(visit))
    assert isinstance(entity, Camera)
    return visit.request.app[PAGES].page(visit, "camera.html", tile=_tile(visit, entity))


async def live(visit: Visit) -> web.StreamResponse:
    """What a stream gives, from now on, over a WebSocket: texts of JSON (`tell`: `epoch`, `lost`,
    `skipped`) and bytes (FRAME, then an init segment or a fragment)."""
    entity = visit.services.registry.entity(camera_of(visit))
    assert isinstance(entity, Camera)
    stream = visit.request.query.get("stream", "main")
    video = visit.services.video
    if video is None or stream not in entity.streams:
        raise web.HTTPNotFound
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, compress=False, max_msg_size=1024)
    if not socket.can_prepare(visit.request).ok:
        raise web.HTTPUpgradeRequired(headers={"Upgrade": "websocket"})
    try:
        async with video.live.watch(entity.entity_id, stream) as viewer:
            await socket.prepare(visit.request)
            if (transport := visit.request.transport) is not None:
                visit.request.app[SOCKETS][socket] = transport
            await _serve(visit, socket, viewer)
    except TooManyViewers:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"}) from None
    return socket


async def _serve(visit: Visit, socket: web.WebSocketResponse, viewer: Viewer) -> None:
    """Send what there is until the viewer leaves; whatever a viewer says is passed over."""
    sending = asyncio.create_task(_send_all(visit, socket, viewer))
    try:
        async for _message in socket:
            pass
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _send_all(visit: Visit, socket: web.WebSocketResponse, viewer: Viewer) -> None:
    try:
        async for item in viewer:
            if (text := _text(visit, item)) is not None:
                await socket.send_json(text)
            if isinstance(item, Init | Media):
                await socket.send_bytes(_head(item) + item.data)
        await socket.close(code=WSCloseCode.GOING_AWAY)
    except ConnectionError:
        return  # the viewer left; reading ends too


def _text(visit: Visit, item: Item) -> dict[str, Any] | None:
    match item:
        case Init():
            now = visit.services.clock.now().timestamp()
            size = {"width": item.width, "height": item.height}
            return {"tell": "epoch", "mime": item.mime, "now": now, **size}
        case Lost():
            words = visit.request.app[PAGES].words(visit.language)
            return {"tell": "lost", "reason": item.reason, "text": words.reason(item.reason)}
        case Skipped():
            return {"tell": "skipped"}
        case Media():
            return None


def _head(item: Init | Media) -> bytes:
    if isinstance(item, Init):
        return FRAME.pack(0, 0, 0, item.number, 0.0, 0.0)
    return FRAME.pack(1, item.key, 0, item.number, item.at, item.time)


async def let_go(app: web.Application) -> None:
    """Tell all viewers that the hub goes, and cut off those who do not take that; a signal for
    on_shutdown."""
    sockets = app[SOCKETS]
    transports = list(sockets.values())
    closing = [socket.close(code=WSCloseCode.GOING_AWAY) for socket in list(sockets)]
    try:
        async with asyncio.timeout(LET_GO_S):
            await asyncio.gather(*closing, return_exceptions=True)
    except TimeoutError:
        for transport in transports:
            transport.abort()


def routes() -> list[Route]:
    return [
        Route(method="GET", path="/live", handler=wall, permission=VIEW),
        Route(
            method="GET",
            path="/live/{camera}",
            handler=one,
            permission=VIEW,
            target=camera_target,
        ),
        Route(
            method="GET",
            path="/api/v1/cameras/{camera}/live",
            handler=live,
            permission=VIEW,
            target=camera_target,
        ),
    ]
