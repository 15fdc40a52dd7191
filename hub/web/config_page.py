"""The configuration that the hub runs by: a page, and the same as JSON; checked and taken over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from hub.model.problem import Problem
from hub.reload import PERMISSION, Seen, WrongFile
from hub.web import plain
from hub.web.render import PAGES
from hub.web.routes import Route, Visit


async def show(visit: Visit) -> web.Response:
    """Which file, since when, and whether the one on the disk is another by now."""
    return await _page(visit, None, taken=False)


async def check(visit: Visit) -> web.Response:
    """The page with what a check of the file has found."""
    return await _page(visit, await visit.services.reload.check(), taken=False)


async def reload(visit: Visit) -> web.Response:
    """The page with what has become of taking the file over."""
    try:
        return await _page(visit, await visit.services.reload.reload(visit.actor), taken=True)
    except WrongFile as wrong:
        return await _page(visit, wrong.seen, taken=False)


async def _page(visit: Visit, seen: Seen | None, *, taken: bool) -> web.Response:
    running = visit.services.reload
    differs = await running.differs()
    values: dict[str, Any] = {"running": running, "differs": differs, "seen": seen, "taken": taken}
    if seen is not None:
        gettext = visit.services.texts.get(visit.language)
        values |= {"listing": seen.listing(gettext), "waiting": seen.waiting(gettext)}
    return visit.request.app[PAGES].page(visit, "config.html", **values)


async def as_json(visit: Visit) -> web.Response:
    running = visit.services.reload
    return plain.answer(
        {
            "file": str(running.file),
            "taken_at": plain.instant(running.taken_at),
            "sealed": running.sealed,
            "differs": await running.differs(),
        }
    )


async def check_as_json(visit: Visit) -> web.Response:
    """200 for a good file with what would change, 422 for a wrong one with all problems."""
    return _answer(await visit.services.reload.check())


async def reload_as_json(visit: Visit) -> web.Response:
    """200 where the file was taken over, 422 for a wrong one: then nothing has changed."""
    try:
        return _answer(await visit.services.reload.reload(visit.actor))
    except WrongFile as wrong:
        return _answer(wrong.seen)


def _answer(seen: Seen) -> web.Response:
    found: plain.Plain = {"file": str(seen.file)}
    if seen.changes is None:
        found |= {"problems": _problems(seen.problems), "listing": seen.listing()}
        return plain.answer(found, status=422)
    found |= {
        "changes": {name: block.plain() for name, block in seen.changes.blocks.items()},
        "lines": seen.changes.lines(),
        "later": _problems(seen.changes.later),
        "listing": seen.waiting(),
        "failed": list(seen.failed),
    }
    return plain.answer(found)


def _problems(problems: Iterable[Problem]) -> list[plain.Plain]:
    return [
        {
            "message": problem.message,
            "hint": problem.hint,
            "file": problem.position.file if problem.position else None,
            "line": problem.position.line if problem.position else None,
            "column": problem.position.column if problem.position else None,
        }
        for problem in problems
    ]


def routes() -> list[Route]:
    view, api = "config.view", "/api/v1/config"
    return [
        Route(method="GET", path="/config", handler=show, permission=view),
        Route(method="POST", path="/config/check", handler=check, permission=view, trace="act"),
        Route(
            method="POST",
            path="/config/reload",
            handler=reload,
            permission=PERMISSION,
            trace="below",
        ),
        Route(method="GET", path=api, handler=as_json, permission=view),
        Route(
            method="POST", path=f"{api}/check", handler=check_as_json, permission=view, trace="act"
        ),
        Route(
            method="POST",
            path=f"{api}/reload",
            handler=reload_as_json,
            permission=PERMISSION,
            trace="below",
        ),
    ]
