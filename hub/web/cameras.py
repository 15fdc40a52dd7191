"""Cameras: fresh pictures, clips of the archive, and the pictures of incidents."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web

from hub.clock import Clock
from hub.model.event import parse_time
from hub.video.service import Video
from hub.video.status import CameraUnavailable, NothingRecorded, Snapshot
from hub.web.ranges import NotInFile, parse_range
from hub.web.render import PAGES
from hub.web.routes import Route, Visit, number_of

FRESH_S = 1.0
LONGEST_CLIP = timedelta(hours=1)


@dataclass(slots=True)
class _Kept:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    until: float = 0.0
    outcome: Snapshot | CameraUnavailable | None = None


class Snapshots:
    """Pictures of cameras, each at most a second old: however many look, one is decoded."""

    def __init__(self, video: Video, clock: Clock) -> None:
        self._video = video
        self._clock = clock
        self._kept: defaultdict[str, _Kept] = defaultdict(_Kept)

    async def get(self, camera: str) -> Snapshot:
        """Raises CameraUnavailable."""
        kept = self._kept[camera]
        async with kept.lock:
            if kept.outcome is None or self._clock.monotonic() >= kept.until:
                kept.outcome = await self._ask(camera)
                kept.until = self._clock.monotonic() + FRESH_S
            outcome = kept.outcome
        if isinstance(outcome, CameraUnavailable):
            raise CameraUnavailable(outcome.camera, outcome.reason)
        return outcome

    async def _ask(self, camera: str) -> Snapshot | CameraUnavailable:
        try:
            return await self._video.snapshot(camera)
        except CameraUnavailable as unavailable:
            return unavailable


SNAPSHOTS = web.AppKey("snapshots", Snapshots)


async def snapshot(visit: Visit) -> web.Response:
    """The picture, or one that says why there is none (status 503)."""
    camera = camera_of(visit)
    snapshots = visit.request.app.get(SNAPSHOTS)
    try:
        if snapshots is None:
            raise CameraUnavailable(camera, "capture_down")
        picture = await snapshots.get(camera)
    except CameraUnavailable as unavailable:
        pages = visit.request.app[PAGES]
        reason = pages.words(visit.language).reason(unavailable.reason)
        text = pages.text(visit.language, "no_picture.svg", {"reason": reason})
        return web.Response(
            text=text, content_type="image/svg+xml", status=503, headers={"Retry-After": "2"}
        )
    mark = f'"{picture.at.timestamp():.3f}"'
    headers = {"ETag": mark, "Cache-Control": "private, no-cache"}
    if visit.request.headers.get("If-None-Match") == mark:
        return web.Response(status=304, headers=headers)
    headers["X-Taken-At"] = picture.at.isoformat()
    return web.Response(body=picture.jpeg, content_type="image/jpeg", headers=headers)


async def clip(visit: Visit) -> web.StreamResponse:
    """A window of the archive as MP4, whole or in part (`Range`)."""
    camera, request = camera_of(visit), visit.request
    start, end = _instant(request, "from"), _instant(request, "to")
    if not start < end <= start + LONGEST_CLIP:
        hours = LONGEST_CLIP // timedelta(hours=1)
        raise web.HTTPBadRequest(text=f"'to' lies after 'from', by at most {hours} h")
    video = visit.services.video
    try:
        if video is None:
            raise NothingRecorded
        made = await video.clip(camera, start, end)
    except NothingRecorded:
        raise web.HTTPNotFound(text="nothing was recorded then") from None
    response, offset, length = _ranged(request, made.size)
    response.content_type = "video/mp4"
    name = f"{camera.partition('.')[2]}-{start:%Y%m%dT%H%M%SZ}.mp4"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    await response.prepare(request)
    try:
        async for chunk in made.read(offset, length):
            await response.write(chunk)
    except OSError as gone:
        # the head is out, so only a broken connection can still tell that the rest is missing
        raise ConnectionResetError("the clip could not be read to its end") from gone
    await response.write_eof()
    return response


def _ranged(request: web.Request, size: int) -> tuple[web.StreamResponse, int, int]:
    """An answer of the part that was asked for. Raises HTTPRequestRangeNotSatisfiable."""
    asked = None if "If-Range" in request.headers else request.headers.get("Range")
    try:
        part = parse_range(asked, size)
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


async def media(visit: Visit) -> web.StreamResponse:
    """A picture that was attached to an incident."""
    row = await visit.services.alarms.book.one_media(number_of(visit.request))
    if row is None or row.kind != "snapshot":
        raise web.HTTPNotFound
    path = await asyncio.to_thread(_inside, visit.services.data_dir, row.ref)
    if path is None:
        raise web.HTTPNotFound
    headers = {"Cache-Control": "private, max-age=3600, immutable", "Content-Type": "image/jpeg"}
    return web.FileResponse(path, headers=headers)


def _inside(folder: Path, ref: str) -> Path | None:
    """The file that a reference means, if it lies in the folder."""
    root = folder.resolve()
    path = (root / ref).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None


def camera_of(visit: Visit) -> str:
    """The camera that the path names. Raises HTTPNotFound."""
    name = visit.request.match_info["camera"]
    entity = visit.services.registry.entity(name)
    if entity is None or entity.domain != "camera":
        raise web.HTTPNotFound
    return name


def _instant(request: web.Request, name: str) -> datetime:
    try:
        return parse_time(request.query.get(name, ""))
    except ValueError:
        raise web.HTTPBadRequest(
            text=f"'{name}' is an instant with its offset, as in 2026-11-22T18:00:00+02:00"
        ) from None


def camera_target(request: web.Request) -> str:
    return f"camera:{request.match_info['camera']}"


def _clip_target(request: web.Request) -> str:
    window = f"{request.query.get('from', '')[:40]}/{request.query.get('to', '')[:40]}"
    return f"archive:{request.match_info['camera']}:{window}"


def routes() -> list[Route]:
    return [
        Route(
            method="GET",
            path="/cameras/{camera}/snapshot.jpg",
            handler=snapshot,
            permission="cameras.view",
            target=camera_target,
        ),
        Route(
            method="GET",
            path="/api/v1/cameras/{camera}/clip.mp4",
            handler=clip,
            permission="archive.view",
            target=_clip_target,
        ),
        Route(method="GET", path="/media/{id}", handler=media, permission="incidents.view"),
    ]
