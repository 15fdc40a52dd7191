"""What a visitor sees when something is wrong: a page, a sentence, or a problem (RFC 9457)."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from hub.model.problem import Refused
from hub.store.store import StoreClosed, StoreFull
from hub.web import plain
from hub.web.render import PAGES
from hub.web.routes import SERVICES, Visit, visit_of
from hub.web.words import N_

log = logging.getLogger("hub.web")

TITLES = {
    400: N_("The request is not understood."),
    403: N_("This is not allowed."),
    404: N_("There is no such page."),
    405: N_("This cannot be done here."),
    409: N_("This is not possible any more: the incident has moved on."),
    413: N_("This is too much at once."),
    416: N_("This part of the file does not exist."),
    421: N_("The hub does not go by this name."),
    422: N_("Something is missing."),
    429: N_("Too many requests; try again in a moment."),
    500: N_("The hub has made a mistake; it is noted in the log."),
    502: N_("The plugin has made a mistake; it is noted in the log."),
    503: N_("Not ready at the moment; try again soon."),
    504: N_("The plugin does not answer."),
}


@web.middleware
async def tell_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nothing leaves the hub as a bare error, and no inner detail leaves it at all."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        headers = {
            name: error.headers[name]
            for name in ("Retry-After", "Content-Range", "Allow")
            if name in error.headers
        }
        said = error.text if error.text != f"{error.status}: {error.reason}" else None
        return _answer(request, error.status, said, headers)
    except Refused as refusal:
        return _answer(request, 409, str(refusal), {})
    except (StoreFull, StoreClosed):
        log.error("%s %s: the store takes nothing now", request.method, request.path)
        return _answer(request, 503, None, {"Retry-After": "5"})
    except ConnectionError:
        raise  # the visitor went away; aiohttp ends quietly
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return _answer(request, 500, None, {})


def _answer(
    request: web.Request, status: int, detail: str | None, headers: dict[str, str]
) -> web.Response:
    visit = visit_of(request, request.app[SERVICES])
    title = visit.services.texts.get(visit.language)(TITLES.get(status, TITLES[400]))
    if visit.part:
        text = detail if status == 422 and detail else title
        response = web.Response(text=text, status=status)
    elif request.path.startswith("/api/"):
        problem: plain.Plain = {"type": "about:blank", "title": title, "status": status}
        if detail:
            problem["detail"] = detail
        response = plain.answer(problem, status=status)
        response.content_type = "application/problem+json"
    elif request.path.startswith("/plugins/") and "text/html" not in _accept(request):
        response = web.Response(text=title + "\n", status=status)
    else:
        response = _page(visit, status, title)
    response.headers.update(headers)
    return response


def _page(visit: Visit, status: int, title: str) -> web.Response:
    pages = visit.request.app[PAGES]
    return pages.page(visit, "error.html", status, code=status, title=title)


def _accept(request: web.Request) -> str:
    return request.headers.get("Accept", "")
