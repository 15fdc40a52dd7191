"""The web server: the application put together, and its life."""

from __future__ import annotations

import asyncio
import logging
import weakref

from aiohttp import web

from hub.web import (
    archive,
    automations,
    cameras,
    clips,
    config_page,
    gaps,
    history,
    history_data,
    incidents,
    keeping,
    live,
    modes,
    overview,
    plugin_pages,
    static,
    stills,
    town,
    webhooks,
)
from hub.web.cameras import SNAPSHOTS, Snapshots
from hub.web.errors import tell_errors
from hub.web.feed import Feed
from hub.web.guard import add_headers, own_host_only, own_pages_only, parse_listen
from hub.web.language import remember_language
from hub.web.live import SOCKETS
from hub.web.overview import FEED
from hub.web.plugin_pages import CATALOGUE, RATES, Catalogue, Rates
from hub.web.render import PAGES, Pages
from hub.web.routes import SERVICES, Route, add_routes
from hub.web.services import Town, WebServices

__all__ = ["Town", "WebServer", "WebServices"]

log = logging.getLogger("hub.web")

BODY = 1_048_576
"""No body is longer, whatever a route may allow."""
STOP_S = 2.0


def all_routes() -> list[Route]:
    """Every address that the hub answers."""
    rooms = (
        overview, automations, incidents, modes, cameras, config_page, town, plugin_pages,
        webhooks, static, history, history_data, live, archive, clips, stills, gaps, keeping,
    )  # fmt: skip
    return [route for room in rooms for route in room.routes()]


def make_app(services: WebServices) -> web.Application:
    """The application, ready to be served."""
    app = web.Application(
        middlewares=[tell_errors, own_host_only, own_pages_only, remember_language],
        client_max_size=BODY,
    )
    app[SERVICES] = services
    app[PAGES] = Pages(services.texts, services.town, services.clock)
    app[FEED] = Feed(services.bus, services.clock)
    app[CATALOGUE] = Catalogue(services.supervisor)
    app[RATES] = Rates(services.clock)
    if services.automations is not None:
        services.automations.book.heard = app[FEED].hear_trace
    if services.video is not None:
        app[SNAPSHOTS] = Snapshots(services.video, services.clock)
    app.on_response_prepare.append(add_headers)
    app[SOCKETS] = weakref.WeakKeyDictionary()
    app.on_shutdown.append(_let_go)
    app.on_shutdown.append(live.let_go)
    add_routes(app, all_routes())
    return app


async def _let_go(app: web.Application) -> None:
    app[FEED].close()


class WebServer:
    """Serves the pages on one address of this machine, as in `127.0.0.1:8080`. Raises NotLoopback
    for any that other machines could reach."""

    def __init__(self, services: WebServices, listen: str) -> None:
        self._host, self._port = parse_listen(listen)
        self._runner = web.AppRunner(
            make_app(services), access_log=None, shutdown_timeout=STOP_S, handler_cancellation=True
        )

    async def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        await asyncio.to_thread(self._runner.app[PAGES].warm_up)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        log.info("the page is at %s", self.url)

    async def stop(self) -> None:
        """Answer no more; open pages are told that the hub goes."""
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where the page is, with the port that was really taken (0: any)."""
        addresses = self._runner.addresses
        port = addresses[0][1] if addresses else self._port
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{port}"
