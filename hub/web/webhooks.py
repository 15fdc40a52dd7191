"""Webhooks: addresses that triggers wait at, as in /api/webhook/ID. Nobody has to log in, so the id
is the secret; the log shows its first letters only."""

from __future__ import annotations

import json
import logging
from typing import Any

from aiohttp import web

from hub.web.bodies import form_fields, read_body
from hub.web.plugin_pages import FORM, RATES
from hub.web.routes import PUBLIC, Route, Visit

log = logging.getLogger("hub.web")

BODY = 65_536
PER_MINUTE = 120
UNKNOWN_PER_MINUTE = 10
"""Requests of one caller to ids that are not there: nobody guesses one in a lifetime."""
SHOWN = 4


async def serve(visit: Visit) -> web.StreamResponse:
    """Hand the request to the triggers of this id. Raises HTTPNotFound for an id that is not
    there, for one that the caller may not use, and for a body that is no JSON HTTPBadRequest."""
    request = visit.request
    webhook_id, remote = request.match_info["webhook_id"], request.remote or "?"
    hooks = [hook for hook in visit.services.webhooks.of(webhook_id) if hook.lets_in(remote)]
    _not_too_often(request, webhook_id if hooks else "", remote)
    if not hooks:
        log.warning("%s asks for a webhook that is not there or not for it", remote)
        raise web.HTTPNotFound
    wanted = [hook for hook in hooks if request.method in hook.methods]
    if not wanted:
        allowed = sorted({method for hook in hooks for method in hook.methods})
        raise web.HTTPMethodNotAllowed(request.method, allowed)
    seen = await _seen(request, webhook_id)
    for hook in wanted:
        await hook.handler(seen)
    log.info("webhook %s by %s", masked(webhook_id), remote)
    return web.Response()


def masked(webhook_id: str) -> str:
    """An id as the log shows it."""
    return f"{webhook_id[:SHOWN]}…"


def _not_too_often(request: web.Request, webhook_id: str, remote: str) -> None:
    per_minute = PER_MINUTE if webhook_id else UNKNOWN_PER_MINUTE
    wait = request.app[RATES].wait(("webhook", webhook_id, remote), per_minute)
    if wait > 0:
        log.warning("%s asks for webhooks too often", remote)
        raise web.HTTPTooManyRequests(headers={"Retry-After": str(int(wait) + 1)})


async def _seen(request: web.Request, webhook_id: str) -> dict[str, Any]:
    """What templates see of a request, as Home Assistant has it."""
    body = await read_body(request, BODY)
    seen: dict[str, Any] = {
        "webhook_id": webhook_id,
        "method": request.method,
        "query": dict(request.query),
    }
    if "json" in request.content_type:
        try:
            seen["json"] = json.loads(body)
        except (ValueError, RecursionError):
            raise web.HTTPBadRequest(text="the body is no JSON") from None
    else:
        seen["data"] = form_fields(body) if request.content_type == FORM else {}
    return seen


def routes() -> list[Route]:
    """One address for all; which methods a webhook takes is its own affair."""
    return [
        Route(method=method, path="/api/webhook/{webhook_id}", handler=serve, permission=PUBLIC)
        for method in ("GET", "HEAD", "POST", "PUT")
    ]
