"""The overview: one page of parts, each of which can be asked for again by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

from hub.alarms.recipients import PAGE
from hub.model.entity import Entity, State
from hub.model.incident import ENDED, Incident, Severity, Status
from hub.video.status import CameraStatus
from hub.web import modes
from hub.web.feed import Feed
from hub.web.plugin_pages import CATALOGUE
from hub.web.render import PAGES
from hub.web.routes import Route, Visit
from hub.web.services import WebServices

FEED = web.AppKey("feed", Feed)
SHOWN = 30
PICTURES = 4
ELSEWHERE = frozenset({"automation", "camera", "mode", "script"})
"""Domains of entities that other parts and pages show: they are no sensors."""

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class IncidentCard:
    """An open incident, with what a dispatcher needs at a glance."""

    incident: Incident
    area: str | None
    source: str | None
    pictures: list[Any]
    told: list[Any]

    @property
    def can_acknowledge(self) -> bool:
        return self.incident.status is Status.OPEN


async def incident_card(services: WebServices, incident: Incident) -> IncidentCard:
    """One incident with names for its place, its pictures, and who was told."""
    book = services.alarms.book
    media, notes = await book.media(incident.id), await book.notes(incident.id)
    area = services.registry.area(incident.area or "")
    return IncidentCard(
        incident=incident,
        area=area.name if area is not None else None,
        source=services.registry.name_of(incident.source) if incident.source else None,
        pictures=[row for row in media if row.kind == "snapshot"],
        told=list({(n.person, n.notifier): n for n in notes if n.kind == "alarm"}.values()),
    )


async def incidents(visit: Visit) -> Values:
    services = visit.services
    book = services.alarms.book
    found = sorted(await book.open(SHOWN), key=_urgency)
    cards = [await incident_card(services, one) for one in found]
    ended = [one for one in await book.recent(SHOWN) if one.status in ENDED]
    return {"cards": cards, "ended": ended[:5], "pictures": PICTURES, "page": PAGE}


def _urgency(incident: Incident) -> tuple[bool, int, int]:
    """What waits for an answer comes first, then what is worse, then what is newer."""
    worst = list(reversed(Severity))
    return incident.status is not Status.OPEN, worst.index(incident.severity), -incident.id


async def cameras(visit: Visit) -> Values:
    found = []
    for entity in visit.services.registry.entities():
        if entity.domain == "camera":
            area = visit.services.registry.area_of(entity.entity_id)
            found.append((entity, area.name if area else "", camera_status(visit, entity)))
    return {"cameras": sorted(found, key=lambda row: (row[1], row[0].name))}


def camera_status(visit: Visit, entity: Entity) -> CameraStatus | None:
    """How a camera is, or None while nothing is known of it."""
    video = visit.services.video
    try:
        return video.status(entity.entity_id) if video is not None else None
    except KeyError:
        return None


async def entities(visit: Visit) -> Values:
    registry = visit.services.registry
    places: dict[str, list[tuple[Entity, State | None]]] = {}
    for entity in sorted(registry.entities(), key=lambda one: one.name):
        if entity.domain not in ELSEWHERE:
            area = registry.area_of(entity.entity_id)
            rows = places.setdefault(area.name if area else "", [])
            rows.append((entity, registry.get(entity.entity_id)))
    return {"places": dict(sorted(places.items()))}


async def events(visit: Visit) -> Values:
    registry, feed = visit.services.registry, visit.request.app[FEED]
    lines = feed.last(SHOWN)
    found = {line.source: registry.entity(line.source) for line in lines}
    return {"lines": [(line, found[line.source]) for line in lines]}


async def messages(visit: Visit) -> Values:
    book = visit.services.alarms.book
    notes = await book.recent_notes(SHOWN)
    numbers = {row.incident for row in notes if row.incident is not None}
    titles = {}
    for number in numbers:
        incident = await book.get(number)
        titles[number] = incident.title if incident is not None else ""
    return {"notes": notes, "titles": titles}


async def system(visit: Visit) -> Values:
    ready, facts = visit.services.ready()
    plugins = sorted(visit.services.supervisor.plugins.items())
    return {"ready": ready, "facts": facts, "plugins": plugins}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the overview: what it shows, who may see it, and whether the town has it."""

    values: Callable[[Visit], Awaitable[Values]]
    permission: str
    is_shown: Callable[[Visit], bool] = lambda visit: True


PARTS = {
    "incidents": Part(incidents, "incidents.view"),
    "modes": Part(modes.values, modes.VIEW, modes.has_any),
    "cameras": Part(cameras, "cameras.view"),
    "messages": Part(messages, "messages.view"),
    "entities": Part(entities, "entities.view"),
    "events": Part(events, "events.view"),
    "system": Part(system, "system.view"),
}


async def part(name: str, visit: Visit) -> web.Response:
    values = await PARTS[name].values(visit)
    return visit.request.app[PAGES].page(visit, f"parts/{name}.html", **values)


async def overview(visit: Visit) -> web.Response:
    """Those parts that the visitor may see; for each the look is noted."""
    values: Values = {"parts": [], "menu": menu(visit)}
    for name, one in PARTS.items():
        if visit.actor.may(one.permission) and one.is_shown(visit):
            await visit.services.access.look(visit.actor, one.permission, f"/parts/{name}")
            values["parts"].append(name)
            values |= await one.values(visit)
    return visit.request.app[PAGES].page(visit, "overview.html", **values)


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page of a plugin: a link, or a button where it does something."""

    address: str
    title: str
    is_button: bool


def menu(visit: Visit) -> list[MenuEntry]:
    """Pages with a title, of plugins that run, which the visitor may ask for."""
    return [
        MenuEntry(f"/plugins/{name}/{page.path}", page.title, page.method == "POST")
        for name, page in visit.request.app[CATALOGUE].running()
        if page.title and visit.actor.may(page.permission)
    ]


def routes() -> list[Route]:
    return [
        Route(method="GET", path="/", handler=overview, permission="overview.view"),
        *(
            Route(
                method="GET",
                path=f"/parts/{name}",
                handler=partial(part, name),
                permission=one.permission,
            )
            for name, one in PARTS.items()
        ),
    ]
