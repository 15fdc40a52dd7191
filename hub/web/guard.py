"""What every request must pass, and every answer carries: nobody can log in yet, so the hub speaks
to this machine only, and to no other site's page that runs in a browser on it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not `no-referrer`: browsers then hide the origin of our own forms too
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class NotLoopback(ValueError):
    """The hub was told to listen where other machines could reach it."""


def parse_listen(listen: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:8080` or `[::1]:8080`; port 0 is any that is free.

    Raises ValueError for anything else, NotLoopback unless the host is this machine's own:
    127.0.0.0/8, ::1 or localhost.
    """
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise ValueError(f"'{listen}' is no address to listen on: it reads '127.0.0.1:8080'")
    if not is_loopback(host):
        raise NotLoopback(
            f"the hub does not listen on '{host}': nobody can log in yet, so it speaks to this "
            "machine only. Use 127.0.0.1, and a tunnel (ssh -L) to see it from elsewhere."
        )
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Whether a host, as a URL names it, is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@web.middleware
async def own_host_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse names that are not ours: a foreign name that was made to point here (DNS rebinding)
    would let its page read ours."""
    host = _host_of(f"//{request.headers.get('Host', '')}")
    if host is None or not is_loopback(host):
        raise web.HTTPMisdirectedRequest
    return await handler(request)


@web.middleware
async def own_pages_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse changes that another site's page asks for in a visitor's browser (CSRF), and sockets
    that it opens, since no browser keeps it from reading those. A browser says where a POST and an
    upgrade come from; a program that is no browser says nothing, and may."""
    guarded = request.method not in SAFE or "Upgrade" in request.headers
    if guarded and not _is_own(request):
        raise web.HTTPForbidden(reason="Cross-site request")
    return await handler(request)


def _is_own(request: web.Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or origin == f"{request.scheme}://{request.headers.get('Host')}"


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """A signal for on_response_prepare: what no answer goes out without."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.popall("Server", None)
