"""Pictures of the past, one at a time: large, or small ones for looking through a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from hub.video.service import Video
from hub.video.status import CameraUnavailable, NothingRecorded
from hub.video.watching.stills import TooManyStills
from hub.web.cameras import camera_of, camera_target
from hub.web.clips import VIEW, instant_of, stream_of
from hub.web.routes import Route, Visit

LEAST_WIDTH, MOST_WIDTH = 16, 8192


async def still(visit: Visit) -> web.Response:
    """The last keyframe at or before `at`, in full size or `width` pixels wide."""
    camera, at = camera_of(visit), instant_of(visit.request, "at")
    width, stream = _width(visit.request), stream_of(visit.request)
    picture = await _made(
        visit, lambda video: video.stills.picture(camera, at, width=width, stream=stream)
    )
    name = f"{camera.partition('.')[2]}-{picture.at:%Y%m%dT%H%M%SZ}.jpg"
    return web.Response(
        body=picture.jpeg,
        content_type="image/jpeg",
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'inline; filename="{name}"',
            "X-Taken-At": picture.at.isoformat(),
        },
    )


async def thumbnail(visit: Visit) -> web.Response:
    """A small picture of the ten seconds that `at` lies in."""
    camera, at = camera_of(visit), instant_of(visit.request, "at")
    jpeg = await _made(visit, lambda video: video.thumbnails.picture(camera, at))
    # shown again and again as the pointer moves, but not for long: the recording may be deleted
    headers = {"Cache-Control": "private, max-age=60"}
    return web.Response(body=jpeg, content_type="image/jpeg", headers=headers)


async def _made(visit: Visit, make: Callable[[Video], Awaitable[Any]]) -> Any:
    """What `make` gives. Raises HTTPNotFound, HTTPServiceUnavailable."""
    video = visit.services.video
    try:
        if video is None:
            raise NothingRecorded
        return await make(video)
    except NothingRecorded:
        raise web.HTTPNotFound(text="nothing was recorded then") from None
    except CameraUnavailable:
        raise web.HTTPNotFound(text="what was recorded then cannot be decoded") from None
    except TooManyStills:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "1"}) from None


def _width(request: web.Request) -> int | None:
    text = request.query.get("width")
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or not LEAST_WIDTH <= int(text[:6]) <= MOST_WIDTH:
        limits = f"{LEAST_WIDTH} to {MOST_WIDTH}"
        raise web.HTTPBadRequest(text=f"'width' is a number of pixels, {limits}")
    return int(text) // 2 * 2


def routes() -> list[Route]:
    return [
        Route(
            method="GET",
            path=f"/api/v1/cameras/{{camera}}/{name}",
            handler=handler,
            permission=VIEW,
            target=camera_target,
        )
        for name, handler in (("snapshot.jpg", still), ("thumbnail.jpg", thumbnail))
    ]
