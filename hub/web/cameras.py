"""Cameras: fresh pictures, and the pictures of incidents."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from hub.clock import Clock
from hub.video.service import Video
from hub.video.status import CameraUnavailable, Snapshot
from hub.web.render import PAGES
from hub.web.routes import Route, Visit, number_of

FRESH_S = 1.0


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


def camera_target(request: web.Request) -> str:
    return f"camera:{request.match_info['camera']}"


def routes() -> list[Route]:
    return [
        Route(
            method="GET",
            path="/cameras/{camera}/snapshot.jpg",
            handler=snapshot,
            permission="cameras.view",
            target=camera_target,
        ),
        Route(method="GET", path="/media/{id}", handler=media, permission="incidents.view"),
    ]
