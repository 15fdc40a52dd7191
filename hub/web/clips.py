"""Pictures of the past: clips as files that can be sought in, and what lies where in them."""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from hub.model.event import parse_time
from hub.video.files.archive import STREAM
from hub.video.status import NothingRecorded
from hub.video.watching import addresses
from hub.video.watching.clips import Clip
from hub.web import plain
from hub.web.cameras import camera_of
from hub.web.ranges import NotInFile, parse_range
from hub.web.routes import Route, Visit

log = logging.getLogger("hub.web")

VIEW, EXPORT = "archive.view", "archive.export"
LONGEST_CLIP = timedelta(hours=1)
_STREAM = re.compile(r"[a-z][a-z0-9_]{0,15}")


async def clip(visit: Visit) -> web.StreamResponse:
    """A window of the archive as MP4, whole or in part (`Range`)."""
    camera, request = camera_of(visit), visit.request
    is_kept = request.query.get("download") == "1"
    if is_kept and not visit.actor.may(EXPORT):
        await visit.services.access.refuse(visit.actor, EXPORT, _target(request))
        raise web.HTTPForbidden
    made = await _planned(visit, camera)
    mark = f'"{made.mark}"'
    response, offset, length = _ranged(request, made.size, mark)
    response.content_type = "video/mp4"
    name = f"{camera.partition('.')[2]}-{made.start:%Y%m%dT%H%M%SZ}.mp4"
    how = "attachment" if is_kept else "inline"
    response.headers["Content-Disposition"] = f'{how}; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["ETag"] = mark
    await response.prepare(request)
    try:
        async for chunk in made.read(offset, length):
            await response.write(chunk)
    except OSError as error:
        if not isinstance(error, ConnectionError):  # a player that seeks breaks off: no error
            log.error("a clip of %s could not be read to its end: %s", camera, error)
        if request.transport is not None:  # the head is out: only this can still tell
            request.transport.abort()
        return response
    await response.write_eof()
    return response


async def contents(visit: Visit) -> web.Response:
    """What a clip holds, and where each moment lies in it; times are seconds since 1970."""
    camera = camera_of(visit)
    made = await _planned(visit, camera)
    stream = stream_of(visit.request)
    return plain.answer(
        {
            "camera": camera,
            "stream": stream,
            "address": addresses.clip(camera, made.start, made.end, stream),
            "start": made.start.timestamp(),
            "end": made.end.timestamp(),
            "bytes": made.size,
            "mime": f'video/mp4; codecs="{made.codec}"',
            "width": made.width,
            "height": made.height,
            "frame": made.frame,
            "cut_short": made.cut_short,
            "gaps": [[a.timestamp(), b.timestamp()] for a, b in made.gaps],
            "parts": [
                {"at": part.at.timestamp(), "time": part.time, "duration": part.duration}
                for part in made.parts
            ],
        }
    )


async def _planned(visit: Visit, camera: str) -> Clip:
    """The clip that a request asks for. Raises HTTPBadRequest, HTTPNotFound."""
    start, end = instant_of(visit.request, "from"), instant_of(visit.request, "to")
    if not start < end <= start + LONGEST_CLIP:
        hours = LONGEST_CLIP // timedelta(hours=1)
        raise web.HTTPBadRequest(text=f"'to' lies after 'from', by at most {hours} h")
    stream, video = stream_of(visit.request), visit.services.video
    try:
        if video is None:
            raise NothingRecorded
        return await video.clip(camera, start, end, stream)
    except NothingRecorded:
        raise web.HTTPNotFound(text="nothing was recorded then") from None


def _ranged(request: web.Request, size: int, mark: str) -> tuple[web.StreamResponse, int, int]:
    """An answer of the part that was asked for: of the whole, where a part of other bytes than
    these is wanted. Raises HTTPRequestRangeNotSatisfiable."""
    same = request.headers.get("If-Range", mark) == mark
    try:
        part = parse_range(request.headers.get("Range") if same else None, size)
    except NotInFile:
        raise web.HTTPRequestRangeNotSatisfiable(
            headers={"Content-Range": f"bytes */{size}"}
        ) from None
    response = web.StreamResponse(status=200 if part is None else 206)
    offset, length = part or (0, size)
    response.headers["Accept-Ranges"] = "bytes"
    if part is not None:
        response.headers["Content-Range"] = f"bytes {offset}-{offset + length - 1}/{size}"
    response.content_length = length
    return response, offset, length


def instant_of(request: web.Request, name: str) -> datetime:
    """An instant of the query. Raises HTTPBadRequest."""
    try:
        return parse_time(request.query.get(name, ""))
    except ValueError:
        raise web.HTTPBadRequest(
            text=f"'{name}' is an instant with its offset, as in 2026-11-22T18:00:00+02:00"
        ) from None


def stream_of(request: web.Request) -> str:
    """The stream of the query, or the usual one. Raises HTTPBadRequest."""
    stream = request.query.get("stream", STREAM)
    if not _STREAM.fullmatch(stream):
        raise web.HTTPBadRequest(text="'stream' is main or sub")
    return stream


def _target(request: web.Request) -> str:
    window = f"{request.query.get('from', '')[:40]}/{request.query.get('to', '')[:40]}"
    return f"archive:{request.match_info['camera']}:{window}"


def routes() -> list[Route]:
    looks: dict[str, Any] = {"clip.mp4": clip, "clip.json": contents}
    return [
        Route(
            method="GET",
            path=f"/api/v1/cameras/{{camera}}/{name}",
            handler=handler,
            permission=VIEW,
            target=_target,
        )
        for name, handler in looks.items()
    ]
