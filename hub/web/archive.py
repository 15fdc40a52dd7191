"""The archive: the page that plays it, and what of it lies where in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from hub.model.camera import Camera
from hub.model.event import parse_time
from hub.video.files.archive import STREAM
from hub.video.indexing.index import Recording
from hub.video.indexing.spans import Timeline
from hub.video.talk.messages import key_of
from hub.video.watching import addresses
from hub.web import plain
from hub.web.archive_events import Happening, Happenings
from hub.web.clips import VIEW, instant_of
from hub.web.render import PAGES
from hub.web.routes import Route, Visit
from hub.web.words import N_

MOST_CAMERAS = 25
SHOWN = 9
"""So many cameras are played at a time."""
LONGEST = timedelta(days=400)
SPANS = (
    (600, N_("10 minutes")), (3_600, N_("1 hour")), (21_600, N_("6 hours")),
    (86_400, N_("24 hours")), (604_800, N_("7 days")), (2_592_000, N_("30 days")),
)  # fmt: skip
"""How long the timeline may be: seconds, and how people say it."""
FEWEST_POINTS, POINTS, MOST_POINTS = 10, 500, 4_000
FAR = timedelta(days=3_650)
BEFORE_NOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """A camera to choose."""

    entity: Camera
    area: str
    chosen: bool
    streams: tuple[str, ...]


async def page(visit: Visit) -> web.Response:
    """The player: of the cameras that were chosen, from the moment that was asked for."""
    chosen = list(dict.fromkeys(visit.request.query.getall("camera", [])))[:SHOWN]
    cameras = [_shown(visit, entity, chosen) for entity in _cameras(visit)]
    cameras.sort(key=lambda one: (one.area, one.entity.name))
    at = _moment(visit)
    zone = visit.services.town.time_zone
    return visit.request.app[PAGES].page(
        visit, "archive.html", cameras=cameras, at=at, most=SHOWN,
        spans=SPANS, shown=[one for one in cameras if one.chosen],
        local=at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S"),
    )  # fmt: skip


def _shown(visit: Visit, entity: Camera, chosen: list[str]) -> Shown:
    area = visit.services.registry.area_of(entity.entity_id)
    name = area.name if area is not None else ""
    return Shown(entity, name, entity.entity_id in chosen, _streams(entity))


def _cameras(visit: Visit) -> list[Camera]:
    return [one for one in visit.services.registry.entities() if isinstance(one, Camera)]


def _streams(entity: Camera) -> tuple[str, ...]:
    return tuple(entity.streams) or (STREAM,)


def _moment(visit: Visit) -> datetime:
    """The moment in the address: ISO 8601, without an offset in the town's time; else, or
    where it lies later, a minute ago."""
    text = visit.request.query.get("at", "")
    latest = visit.services.clock.now() - BEFORE_NOW
    if not text:
        return latest
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=visit.services.town.time_zone)
        return min(parse_time(moment.isoformat()), latest)
    except (ValueError, OverflowError):
        raise web.HTTPBadRequest(text="'at' is a moment, as in 2026-11-22T18:00:00") from None


async def timeline(visit: Visit) -> web.Response:
    """What is recorded of cameras, with gaps, events and orders. Times are seconds since 1970."""
    cameras = _asked(visit)
    start, end = _window(visit)
    points = _points(visit.request)
    keys = {
        key_of(camera.entity_id, stream): (camera.entity_id, stream)
        for camera in cameras
        for stream in _streams(camera)
    }
    names = [camera.entity_id for camera in cameras]
    video = visit.services.video
    found = await video.timeline(keys, start, end, points) if video is not None else {}
    orders = await video.orders_between(names, start, end) if video is not None else []
    until = min(end, visit.services.clock.now())
    return plain.answer(
        {
            "from": start.timestamp(),
            "to": end.timestamp(),
            "now": visit.services.clock.now().timestamp(),
            "cameras": [
                {
                    "camera": camera.entity_id,
                    "name": camera.name,
                    "streams": {
                        stream: _drawn(visit, found[key_of(camera.entity_id, stream)])
                        for stream in _streams(camera)
                        if key_of(camera.entity_id, stream) in found
                    },
                }
                for camera in cameras
            ],
            "events": [
                _happened(one) for one in await Happenings(visit, names).between(start, until)
            ],
            "recordings": [_ordered(one) for one in orders],
        }
    )


async def event(visit: Visit) -> web.Response:
    """The next event behind a moment (`after`), or the last one before it (`before`)."""
    happenings = Happenings(visit, [camera.entity_id for camera in _asked(visit)])
    now = visit.services.clock.now()
    if "before" in visit.request.query:
        before = instant_of(visit.request, "before")
        found = await happenings.between(before - FAR, before, limit=1)
    else:
        after = instant_of(visit.request, "after") + timedelta(milliseconds=1)
        found = await happenings.between(after, now, newest_first=False, limit=1)
    return plain.answer({"event": _happened(found[0]) if found else None})


def _asked(visit: Visit) -> list[Camera]:
    """The cameras of a request. Raises HTTPBadRequest, HTTPNotFound."""
    names = dict.fromkeys(visit.request.query.getall("camera", []))
    if not 0 < len(names) <= MOST_CAMERAS:
        raise web.HTTPBadRequest(text=f"name 1 to {MOST_CAMERAS} cameras: ?camera=camera.market")
    found = [visit.services.registry.entity(name) for name in names]
    cameras = [one for one in found if isinstance(one, Camera)]
    if len(cameras) < len(names):
        raise web.HTTPNotFound
    return cameras


def _window(visit: Visit) -> tuple[datetime, datetime]:
    start, end = instant_of(visit.request, "from"), instant_of(visit.request, "to")
    if not start < end <= start + LONGEST:
        raise web.HTTPBadRequest(text=f"'to' lies after 'from', by at most {LONGEST.days} days")
    return start, end


def _points(request: web.Request) -> int:
    text = request.query.get("points", str(POINTS))
    if not text.isascii() or not text.isdecimal() or len(text) > 6:
        raise web.HTTPBadRequest(text="'points' is how many stretches can be drawn, as in 500")
    return min(max(int(text), FEWEST_POINTS), MOST_POINTS)


def _drawn(visit: Visit, found: Timeline) -> plain.Plain:
    words = visit.request.app[PAGES].words(visit.language)
    return {
        "step": found.step / 1000,
        "spans": [[start / 1000, end / 1000] for start, end in found.spans],
        "density": [[at / 1000, size] for at, size in found.density],
        "gaps": [
            {
                "start": gap.start / 1000,
                "end": gap.end / 1000,
                "cause": gap.cause,
                "text": words.reason(gap.cause),
                "by": words.who(gap.by) if gap.by else "",
            }
            for gap in found.gaps
        ],
        "open": _seconds(found.open),
        "settled": _seconds(found.settled),
    }


def _seconds(at: int | None) -> float | None:
    return None if at is None else at / 1000


def _happened(one: Happening) -> plain.Plain:
    return {
        "at": one.at.timestamp(),
        "type": one.kind,
        "text": one.text,
        "source": one.source,
        "incident": one.incident,
    }


def _ordered(one: Recording) -> plain.Plain:
    return {
        "id": one.id,
        "camera": one.camera,
        "start": one.start.timestamp(),
        "end": one.end.timestamp(),
        "state": one.state,
        "incident": one.incident,
        "address": addresses.clip(one.camera, one.start, one.end),
    }


def _target(request: web.Request) -> str:
    names = sorted(set(request.query.getall("camera", [])))
    return f"archive:{','.join(names)}"[:300]


def routes() -> list[Route]:
    looks: Mapping[str, Any] = {
        "/archive": page,
        "/api/v1/archive/timeline": timeline,
        "/api/v1/archive/event": event,
    }
    return [
        Route(method="GET", path=path, handler=handler, permission=VIEW, target=_target)
        for path, handler in looks.items()
    ]
