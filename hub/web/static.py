"""Style sheet, scripts and pictures of the pages; they hold nothing of the town."""

from __future__ import annotations

import asyncio
import mimetypes

from aiohttp import web

from hub.web.render import STATIC
from hub.web.routes import PUBLIC, Route, Visit

KINDS = frozenset({".css", ".js", ".svg", ".png", ".ico", ".woff2"})
YEAR = "public, max-age=31536000, immutable"


async def static(visit: Visit) -> web.StreamResponse:
    """A file of the static folder; with its content's mark (`?v=`) it may be kept for a year."""
    path = await asyncio.to_thread((STATIC / visit.request.match_info["path"]).resolve)
    if not path.is_relative_to(STATIC) or path.suffix not in KINDS or not path.is_file():
        raise web.HTTPNotFound
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    cache = YEAR if "v" in visit.request.query else "no-cache"
    return web.FileResponse(path, headers={"Content-Type": kind, "Cache-Control": cache})


def routes() -> list[Route]:
    return [Route(method="GET", path="/static/{path:.+}", handler=static, permission=PUBLIC)]
