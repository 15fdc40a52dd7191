"""Pages that plugins bring, below /plugins/<plugin>/: limited in size, rate and time."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass

from aiohttp import web

from hub.clock import Clock
from hub.model.page import Page, PageAnswer, PageRequest
from hub.plugin.own_context import OwnContext
from hub.plugin.supervisor import PluginStatus, Running, Supervisor
from hub.web.bodies import form_fields, read_body
from hub.web.routes import PUBLIC, Route, Visit

log = logging.getLogger("hub.web.plugins")

TIMEOUT_S = 10.0
RETRY_S = 5
CALLERS = 2_000
FORM = "application/x-www-form-urlencoded"

Key = tuple[str, str, str]


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Rates:
    """So many requests a minute for each page and caller; those not seen for longest are
    forgotten, so that the memory of callers stays small."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: OrderedDict[Key, _Bucket] = OrderedDict()

    def wait(self, key: Key, per_minute: int) -> float:
        """0 where the request may pass, else the seconds after which one may."""
        now = self._clock.monotonic()
        bucket = self._buckets.setdefault(key, _Bucket(per_minute, now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > CALLERS:
            self._buckets.popitem(last=False)
        bucket.left = min(per_minute, bucket.left + (now - bucket.at) * per_minute / 60)
        bucket.at = now
        if bucket.left < 1:
            return (1 - bucket.left) * 60 / per_minute
        bucket.left -= 1
        return 0.0


class Catalogue:
    """Which pages the plugins bring. They follow from the configuration, so each plugin is asked
    once for each block; one that fails to say brings none."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._pages: dict[str, tuple[Running, list[Page]]] = {}

    def of(self, name: str) -> list[Page]:
        """The pages of one plugin; none where there is no such plugin."""
        running = self._supervisor.plugins.get(name)
        if running is None:
            return []
        known = self._pages.get(name)
        if known is None or known[0] is not running:
            known = self._pages[name] = running, self._asked(name, running)
        return known[1]

    def _asked(self, name: str, running: Running) -> list[Page]:
        try:
            return running.plugin.pages(running.config)
        except Exception:
            log.exception("plugin '%s' failed to say which pages it brings", name)
            return []

    def running(self) -> list[tuple[str, Page]]:
        """The pages of all plugins that run, with the plugin's name."""
        return [
            (name, page)
            for name, running in self._supervisor.plugins.items()
            if running.status is PluginStatus.RUNNING
            for page in self.of(name)
        ]


CATALOGUE = web.AppKey("catalogue", Catalogue)
RATES = web.AppKey("rates", Rates)


async def serve(visit: Visit) -> web.StreamResponse:
    """Find the plugin's page, check who asks and how much, and hand the request to it."""
    plugin, page, context = _find(visit)
    request = visit.request
    remote = request.remote or "?"
    wait = request.app[RATES].wait((plugin, f"{page.method} {page.path}", remote), page.per_minute)
    if wait > 0:
        log.warning("%s asks %s of plugin '%s' too often", remote, page.path, plugin)
        raise web.HTTPTooManyRequests(headers={"Retry-After": str(int(wait) + 1)})
    target = f"plugin:{plugin}/{page.path}"
    if page.public:
        answer = await _ask(visit, plugin, page, context)
        log.info("%s %s by %s: %d", page.method, target, remote, answer.status)
        return _response(visit, answer)
    access = visit.services.access
    if not visit.actor.may(page.permission):
        await access.refuse(visit.actor, page.permission, target)
        raise web.HTTPForbidden
    if page.method == "GET":
        await access.look(visit.actor, page.permission, target)
        return _response(visit, await _ask(visit, plugin, page, context))
    async with access.act(visit.actor, page.permission, target):
        return _response(visit, await _ask(visit, plugin, page, context))


def _find(visit: Visit) -> tuple[str, Page, OwnContext]:
    """Raises HTTPNotFound, HTTPMethodNotAllowed, HTTPServiceUnavailable."""
    name, path = visit.request.match_info["plugin"], visit.request.match_info["path"]
    running = visit.services.supervisor.plugins.get(name)
    pages = [page for page in visit.request.app[CATALOGUE].of(name) if page.path.strip("/") == path]
    if running is None or not pages:
        raise web.HTTPNotFound
    page = next((page for page in pages if page.method == visit.request.method), None)
    if page is None:
        raise web.HTTPMethodNotAllowed(visit.request.method, [page.method for page in pages])
    if running.context is None or running.status is not PluginStatus.RUNNING:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": str(RETRY_S)})
    return name, page, running.context


async def _ask(visit: Visit, plugin: str, page: Page, context: OwnContext) -> PageAnswer:
    request = visit.request
    body = await read_body(request, page.max_bytes)
    asked = PageRequest(
        method=request.method,
        path=page.path,
        query=dict(request.query),
        form=form_fields(body) if request.content_type == FORM else {},
        body=body,
        headers=dict(request.headers),
        remote=request.remote or "",
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await page.handler(context, asked)
    except TimeoutError:
        log.error("plugin '%s' did not answer %s within %.0f s", plugin, page.path, TIMEOUT_S)
        raise web.HTTPGatewayTimeout from None
    except Exception:
        log.exception("plugin '%s' failed on %s %s", plugin, page.method, page.path)
        raise web.HTTPBadGateway from None


def _response(visit: Visit, answer: PageAnswer) -> web.Response:
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    response = web.Response(status=answer.status, body=body)
    response.headers["Content-Type"] = answer.content_type
    if answer.content_type.startswith("text/") and "charset" not in answer.content_type:
        response.charset = "utf-8"
    if answer.location is not None and not visit.part:
        response.set_status(303)
        response.headers["Location"] = answer.location
    if answer.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(answer.retry_after)))
    return response


def routes() -> list[Route]:
    """`public` here means that the page's own permission counts, which `serve` checks."""
    return [
        Route(method=method, path="/plugins/{plugin}/{path:.+}", handler=serve, permission=PUBLIC)
        for method in ("GET", "POST")
    ]
