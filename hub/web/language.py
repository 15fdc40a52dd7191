"""Which language a page is in: the visitor's choice, else the town's."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from hub.text.translations import LANGUAGES

COOKIE = "hub_language"
YEAR_S = 365 * 86_400


def language_of(request: web.Request, town: str) -> str:
    """`?lang=uk`, else the cookie that an earlier choice left, else the town's language."""
    for asked in (request.query.get("lang"), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return asked
    return town if town in LANGUAGES else LANGUAGES[0]


@web.middleware
async def remember_language(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep a choice made by `?lang=` for the next pages."""
    response = await handler(request)
    asked = request.query.get("lang")
    if asked in LANGUAGES and not response.prepared:
        response.set_cookie(COOKIE, asked, max_age=YEAR_S, httponly=True, samesite="Strict")
    return response
