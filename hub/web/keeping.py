"""How the archive is kept: what goes next and why, how long the disks suffice, and the holds."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from aiohttp import web

from hub.holds import MOST_CAMERAS, PAGE, Hold, Holds, NoSuchHold
from hub.video.instants import instant
from hub.video.retention.forecast import Forecast
from hub.video.retention.keeper import Keeper, Plan
from hub.video.retention.plan import Doomed
from hub.web import plain
from hub.web.bodies import read_body
from hub.web.render import PAGES
from hub.web.routes import Route, Visit, number_of

KEEP = "archive.keep"
SHOWN = 5_000
"""Files of the plan that are counted on the page."""
FILES, MOST_FILES = 1_000, 10_000
BODY = 65_536
MOST_FIELDS = MOST_CAMERAS + 20


@dataclass(slots=True)
class Group:
    """Files of the plan that have all but their time in common."""

    camera: str
    stream: str
    tier: str
    cls: str
    why: str
    early: bool
    first: datetime
    last: datetime
    files: int = 0
    bytes: int = 0


def grouped(doomed: Iterable[Doomed]) -> list[Group]:
    """What goes, in the order in which each kind goes first."""
    groups: dict[tuple[object, ...], Group] = {}
    for each in doomed:
        piece = each.piece
        start, end = instant(piece.start / 1000), instant(piece.end / 1000)
        what = (
            piece.camera, piece.stream, piece.tier, piece.cls.name.lower(), each.why.value,
            each.early,
        )  # fmt: skip
        group = groups.setdefault(what, Group(*what, first=start, last=end))
        group.first, group.last = min(group.first, start), max(group.last, end)
        group.files += 1
        group.bytes += piece.bytes
    return list(groups.values())


async def page(visit: Visit) -> web.Response:
    """All three at a glance, and the form for a hold."""
    keeper = _keeper(visit)
    plan = await keeper.planned(SHOWN)
    registry = visit.services.registry
    cameras = [one for one in registry.entities() if one.domain == "camera"]
    return visit.request.app[PAGES].page(
        visit, "keeping.html", plan=plan, groups=grouped(plan.doomed),
        forecast=await keeper.forecast(), holding=await keeper.holding(), name=registry.name_of,
        cameras=sorted(cameras, key=lambda one: one.name),
    )  # fmt: skip


async def plan(visit: Visit) -> web.Response:
    """What would be deleted now, file by file; `limit` files at most."""
    limit = visit.request.query.get("limit", str(FILES))
    if not limit.isascii() or not limit.isdecimal() or not 1 <= int(limit) <= MOST_FILES:
        raise web.HTTPBadRequest(text=f"'limit' is a number from 1 to {MOST_FILES}")
    return plain.answer(plan_as_data(await _keeper(visit).planned(int(limit))))


async def forecast(visit: Visit) -> web.Response:
    """How long the disks suffice."""
    return plain.answer(forecast_as_data(await _keeper(visit).forecast()))


async def holds(visit: Visit) -> web.Response:
    """All holds, the newest first; `before` of an answer asks for the next page."""
    before = visit.request.query.get("before")
    if before is not None and not (before.isascii() and before.isdecimal() and len(before) < 16):
        raise web.HTTPBadRequest(text="'before' is the number of a hold")
    number = None if before is None else int(before)
    return plain.answer(await holds_as_data(_keeper(visit).holds, number))


async def place(visit: Visit) -> web.Response:
    """Place a hold: `{"cameras": [...], "start", "end", "reason", "person", "until", "case"}`."""
    hold = await _place(visit, await _fields(visit))
    return plain.answer(hold_as_data(hold, visit.services.clock.now()), status=201)


async def place_by_form(visit: Visit) -> web.Response:
    """The same by the form of the page."""
    body = await read_body(visit.request, BODY)
    try:
        form = parse_qs(body.decode(), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise web.HTTPBadRequest(text="the body is no form") from None
    fields: dict[str, Any] = {name: values[-1] for name, values in form.items()}
    fields["cameras"] = form.get("camera", [])
    await _place(visit, fields)
    raise web.HTTPSeeOther("/archive/keeping#holds")


async def release(visit: Visit) -> web.Response:
    """Release a hold."""
    await _release(visit)
    return plain.answer({"released": number_of(visit.request)})


async def release_by_form(visit: Visit) -> web.Response:
    """The same by the page."""
    await _release(visit)
    raise web.HTTPSeeOther("/archive/keeping#holds")


async def _place(visit: Visit, fields: Mapping[str, Any]) -> Hold:
    """Raises HTTPUnprocessableEntity with all that is wrong."""
    keeper, zone = _keeper(visit), visit.services.town.time_zone
    cameras = fields.get("cameras") or []
    if not isinstance(cameras, list) or not all(isinstance(each, str) for each in cameras):
        raise web.HTTPUnprocessableEntity(text="'cameras' is a list of entity ids")
    wrong = _unknown(cameras, await _known(visit, keeper))
    times: dict[str, datetime | None] = {}
    for name in ("start", "end", "until"):
        try:
            times[name] = _instant(fields.get(name), zone)
        except ValueError:
            wrong.append(f"'{name}' is no instant, as in 2026-11-22T14:00")
    start = times.get("start")
    if start is None and "start" in times:
        wrong.append("'start' is missing: from when on is to be held")
    if wrong or start is None:
        raise web.HTTPUnprocessableEntity(text="; ".join(wrong))
    person = _text(fields, "person") or visit.actor.name
    detail = f"{', '.join(cameras) or 'all cameras'}; for {person}: {_text(fields, 'reason')}"
    async with visit.services.access.act(visit.actor, KEEP, visit.request.path, detail):
        try:
            number = await keeper.holds.place(
                cameras=cameras, start=start, end=times["end"], until=times["until"],
                reason=_text(fields, "reason"), person=person, case=_text(fields, "case"),
            )  # fmt: skip
        except ValueError as error:
            raise web.HTTPUnprocessableEntity(text=str(error)) from None
    return (await keeper.holds.latest(number + 1, 1))[0]


async def _release(visit: Visit) -> None:
    number = number_of(visit.request)
    async with visit.services.access.act(visit.actor, KEEP, visit.request.path, f"hold {number}"):
        try:
            await _keeper(visit).holds.release(number, visit.actor.name)
        except NoSuchHold as error:
            raise web.HTTPNotFound(text=str(error)) from None


async def _known(visit: Visit, keeper: Keeper) -> set[str]:
    entities = visit.services.registry.entities()
    there = {one.entity_id for one in entities if one.domain == "camera"}
    return there | set(await keeper.cameras())


def _unknown(cameras: Collection[str], known: Collection[str]) -> list[str]:
    wrong = []
    for camera in cameras:
        if camera not in known:
            near = difflib.get_close_matches(camera, known, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            wrong.append(f"there is no camera '{camera[:128]}'{hint}")
    return wrong


async def _fields(visit: Visit) -> Mapping[str, Any]:
    try:
        fields = json.loads(await read_body(visit.request, BODY) or b"{}")
    except ValueError:
        raise web.HTTPBadRequest(text="the body is no JSON") from None
    if not isinstance(fields, dict):
        raise web.HTTPBadRequest(text="the body is a JSON object")
    return fields


def _instant(value: object, zone: ZoneInfo) -> datetime | None:
    """An instant; without an offset it is the town's local time. Raises ValueError."""
    if value is None or value == "":
        return None
    at = datetime.fromisoformat(str(value))
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def _keeper(visit: Visit) -> Keeper:
    """Raises HTTPNotFound where the hub runs without cameras."""
    if visit.services.video is None:
        raise web.HTTPNotFound
    return visit.services.video.keeper


def plan_as_data(made: Plan) -> plain.Plain:
    """The plan for programs."""
    return {
        "paused": made.paused,
        "more": made.more,
        "needs": [
            {"tier": tier, "bytes": max(0, need.bytes), "files": max(0, need.files),
             "why": need.why.value}
            for tier, need in made.need.items()
        ],
        "files": [
            {
                "camera": each.piece.camera,
                "stream": each.piece.stream,
                "tier": each.piece.tier,
                "from": plain.instant(instant(each.piece.start / 1000)),
                "to": plain.instant(instant(each.piece.end / 1000)),
                "bytes": each.piece.bytes,
                "class": each.piece.cls.name.lower(),
                "why": each.why.value,
                "within_minimum": each.early,
            }
            for each in made.doomed
        ],
    }  # fmt: skip


def forecast_as_data(found: Forecast) -> plain.Plain:
    """The forecast for programs; sizes in bytes."""
    return {
        "days": None if found.days is None else round(found.days, 2),
        "per_day": found.per_day,
        "needed": found.needed,
        "capacity": found.capacity,
        "held": found.held,
        "short": list(found.short),
        "tiers": [
            {"tier": tier.tier, "here": tier.here, "used": tier.used, "capacity": tier.capacity}
            for tier in found.tiers
        ],
        "cameras": [{"camera": camera, "per_day": size} for camera, size in found.cameras],
    }


async def holds_as_data(placed: Holds, before: int | None) -> plain.Plain:
    """A page of holds for programs."""
    found, now = await placed.latest(before), placed.now()
    return {
        "holds": [hold_as_data(hold, now) for hold in found],
        "before": found[-1].id if len(found) == PAGE else None,
    }


def hold_as_data(hold: Hold, now: datetime) -> plain.Plain:
    """A hold for programs."""
    return {
        "id": hold.id,
        "cameras": list(hold.cameras),
        "start": plain.instant(hold.start),
        "end": plain.instant(hold.end),
        "reason": hold.reason,
        "person": hold.person,
        "case": hold.case,
        "made_at": plain.instant(hold.made_at),
        "until": plain.instant(hold.until),
        "in_force": hold.in_force(now),
        "released_at": plain.instant(hold.released_at),
        "released_by": hold.released_by,
    }


def routes() -> list[Route]:
    api = "/api/v1/archive"
    looks = {
        "/archive/keeping": page, f"{api}/plan": plan, f"{api}/forecast": forecast,
        f"{api}/holds": holds,
    }  # fmt: skip
    acts = {
        f"{api}/holds": place, f"{api}/holds/{{id}}/release": release,
        "/archive/holds": place_by_form, "/archive/holds/{id}/release": release_by_form,
    }  # fmt: skip
    return [
        *(
            Route(method="GET", path=path, handler=each, permission=KEEP)
            for path, each in looks.items()
        ),
        *(
            Route(method="POST", path=path, handler=each, permission=KEEP, trace="below")
            for path, each in acts.items()
        ),
    ]
