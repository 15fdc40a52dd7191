"""The one way to declare a route, and the one door that every request passes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from hub.model.person import Actor
from hub.web.language import language_of
from hub.web.services import WebServices

log = logging.getLogger("hub.web")

SERVICES = web.AppKey("services", WebServices)
PUBLIC = "public"
"""The permission of what anybody may ask for; it is written out, never implied."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, with who makes it and the language they read."""

    request: web.Request
    services: WebServices
    actor: Actor
    language: str

    @property
    def part(self) -> bool:
        """Whether the page itself asks, to update a part of it."""
        return self.request.headers.get("HX-Request") == "true"


Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`permission` is what the actor must have, or `public`.

    `trace`: `look` notes a look before it is answered, `act` notes what is done with its result,
    `below` leaves the note to the service that the handler calls (and that checks the permission
    too). `target` names in the audit log what was looked at: the path, where left out.
    """

    method: Literal["GET", "HEAD", "POST", "PUT"]
    path: str
    handler: Handler
    permission: str
    trace: Literal["look", "act", "below"] = "look"
    target: Callable[[web.Request], str] = lambda request: request.path

    def __post_init__(self) -> None:
        if not self.permission:
            raise ValueError(f"{self.method} {self.path} names no permission")
        if self.method in ("POST", "PUT") and self.trace == "look" and self.permission != PUBLIC:
            raise ValueError(f"{self.method} {self.path} changes something: it is no look")

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        services = request.app[SERVICES]
        visit = visit_of(request, services)
        if self.permission == PUBLIC:
            return await self.handler(visit)
        target = self.target(request)
        if not visit.actor.may(self.permission):
            await services.access.refuse(visit.actor, self.permission, target)
            raise web.HTTPForbidden
        if self.trace == "look":
            await services.access.look(visit.actor, self.permission, target)
        if self.trace != "act":
            return await self.handler(visit)
        async with services.access.act(visit.actor, self.permission, target):
            return await self.handler(visit)


def visit_of(request: web.Request, services: WebServices) -> Visit:
    """Who asks: the local administrator, until people can log in."""
    way = "api" if request.path.startswith("/api/") else "web"
    actor = services.access.local_administrator(way)
    return Visit(request, services, actor, language_of(request, services.town.language))


def add_routes(app: web.Application, routes: Iterable[Route]) -> None:
    """Make the routes known to the application."""
    for route in routes:
        app.router.add_route(route.method, route.path, route.__call__)


def number_of(request: web.Request, name: str = "id") -> int:
    """A number from the path. Raises HTTPNotFound where it is none."""
    text = request.match_info[name]
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise web.HTTPNotFound
    return int(text)
