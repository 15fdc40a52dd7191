"""Incidents: a page for each, the answers to them, and the same as JSON."""

from __future__ import annotations

from functools import partial
from typing import Any

from aiohttp import web
from sqlalchemy import Row

from hub.model.incident import Incident, Status
from hub.model.notify import Verdict
from hub.video.indexing.index import Recording
from hub.web import overview, plain
from hub.web.bodies import form_fields, json_fields, read_body
from hub.web.render import PAGES
from hub.web.routes import Route, Visit, number_of

BODY = 4_096
LONGEST_REASON = 500
LISTED = 200
JSON = "application/json"


async def one(visit: Visit) -> web.Response:
    """The page of an incident: what happened, who did what, who was told, pictures and clips."""
    incident = await _known(visit)
    book = visit.services.alarms.book
    values: overview.Values = {
        "card": await overview.incident_card(visit.services, incident),
        "journal": await book.journal(incident.id),
        "notes": await book.notes(incident.id),
        "recordings": await _recordings(visit, incident.id),
        "can_dismiss": Status.DISMISSED in plain.next_of(incident),
        "name_of": visit.services.registry.name_of,
        "who": partial(_who, visit),
        "clip_address": plain.clip_address,
        "player_address": plain.player_address,
        "now": visit.services.clock.now(),
    }
    return visit.request.app[PAGES].page(visit, "incident.html", **values)


def _who(visit: Visit, row: Row[Any]) -> str:
    """Who did what a row of the journal tells: a person, or an automation by its name."""
    if row.way == "automation":
        rule = visit.services.registry.entity(f"automation.{row.actor}")
        return rule.name if rule is not None else str(row.actor)
    return visit.request.app[PAGES].words(visit.language).who(row.actor)


async def answer(verdict: Verdict, visit: Visit) -> web.StreamResponse:
    """A person's answer, by a form of a page or as JSON."""
    incident = await _known(visit)
    request = visit.request
    is_json = request.content_type == JSON
    body = await read_body(request, BODY)
    fields = json_fields(body) if is_json else form_fields(body)
    reason = fields.get("reason", "").strip()[:LONGEST_REASON]
    if verdict == "dismiss" and not reason:
        _ = visit.services.texts.get(visit.language)
        raise web.HTTPUnprocessableEntity(text=_("A dismissal needs a reason."))
    actor = visit.actor if is_json else visit.services.access.local_administrator("web")
    changed = await visit.services.answers.give(incident.id, verdict, actor, reason=reason or None)
    if is_json or JSON in request.headers.get("Accept", ""):
        return plain.answer(plain.incident(changed))
    if visit.part:
        return await overview.part("incidents", visit)
    raise web.HTTPSeeOther(f"/incidents/{incident.id}")


async def list_open(visit: Visit) -> web.Response:
    """Incidents that are not ended, the newest first; `?all=1`: whatever became of them."""
    book = visit.services.alarms.book
    found = await (book.recent(LISTED) if visit.request.query.get("all") else book.open(LISTED))
    return plain.answer({"incidents": [plain.incident(incident) for incident in found]})


async def one_as_json(visit: Visit) -> web.Response:
    """An incident with its journal, media, recordings and notes."""
    incident = await _known(visit)
    book = visit.services.alarms.book
    return plain.answer(
        plain.incident(incident)
        | {
            "journal": [plain.journal(row) for row in await book.journal(incident.id)],
            "media": [plain.media(row) for row in await book.media(incident.id)],
            "recordings": [plain.recording(r) for r in await _recordings(visit, incident.id)],
            "notes": [plain.note(row) for row in await book.notes(incident.id)],
        }
    )


async def _known(visit: Visit) -> Incident:
    """The incident that the path names. Raises HTTPNotFound."""
    incident = await visit.services.alarms.get(number_of(visit.request))
    if incident is None:
        raise web.HTTPNotFound
    return incident


async def _recordings(visit: Visit, number: int) -> list[Recording]:
    video = visit.services.video
    return await video.recordings(number) if video is not None else []


def routes() -> list[Route]:
    api = "/api/v1/incidents"
    return [
        Route(method="GET", path="/incidents/{id}", handler=one, permission="incidents.view"),
        Route(method="GET", path=api, handler=list_open, permission="incidents.view"),
        Route(method="GET", path=api + "/{id}", handler=one_as_json, permission="incidents.view"),
        Route(
            method="POST",
            path=api + "/{id}/acknowledge",
            handler=partial(answer, "acknowledge"),
            permission="incidents.acknowledge",
            trace="below",
        ),
        Route(
            method="POST",
            path=api + "/{id}/dismiss",
            handler=partial(answer, "dismiss"),
            permission="incidents.dismiss",
            trace="below",
        ),
    ]
