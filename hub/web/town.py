"""The town as a whole: its entities as JSON, its health, and a stream that tells of changes."""

from __future__ import annotations

import asyncio

from aiohttp import web

from hub.plugin.diagnostics import facts_of
from hub.web import plain
from hub.web.feed import TooManyListeners
from hub.web.overview import FEED
from hub.web.routes import PUBLIC, Route, Visit


async def entities(visit: Visit) -> web.Response:
    registry = visit.services.registry
    found = sorted(registry.entities(), key=lambda entity: entity.entity_id)
    listed = [plain.entity(entity, registry.get(entity.entity_id)) for entity in found]
    return plain.answer({"entities": listed})


async def plugins(visit: Visit) -> web.Response:
    """Each plugin of the town: its status, and the facts that it gives for support."""
    running = visit.services.supervisor.plugins
    found = await asyncio.gather(*(facts_of(plugin) for plugin in running.values()))
    return plain.answer({"plugins": dict(zip(running, found, strict=True))})


async def changes(visit: Visit) -> web.StreamResponse:
    """Server-sent events: each names the parts of the overview that are stale."""
    response = web.StreamResponse(headers={"Cache-Control": "no-store"})
    response.content_type = "text/event-stream"
    stream = visit.request.app[FEED].changes()
    try:
        await response.prepare(visit.request)
        await response.write(b"retry: 2000\n\n")
        async for parts in stream:
            names = " ".join(sorted(parts))
            await response.write(f"data: {names}\n\n".encode() if names else b": alive\n\n")
    except TooManyListeners:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "30"}) from None
    except ConnectionError:
        pass  # the page was closed
    finally:
        await stream.aclose()
    return response


async def healthz(visit: Visit) -> web.Response:
    """Whether the hub's event loop turns: for a service manager."""
    return plain.answer({"status": "ok"})


async def readyz(visit: Visit) -> web.Response:
    """Whether the hub does its work (503: not yet, or not any more), and each part of it."""
    ready, facts = visit.services.ready()
    return plain.answer({"ready": ready, **facts}, status=200 if ready else 503)


def routes() -> list[Route]:
    return [
        Route(
            method="GET",
            path="/api/v1/entities",
            handler=entities,
            permission="entities.view",
        ),
        Route(
            method="GET",
            path="/api/v1/plugins",
            handler=plugins,
            permission="plugins.view",
        ),
        Route(method="GET", path="/api/v1/changes", handler=changes, permission="overview.view"),
        Route(method="GET", path="/healthz", handler=healthz, permission=PUBLIC),
        Route(method="GET", path="/readyz", handler=readyz, permission=PUBLIC),
    ]
