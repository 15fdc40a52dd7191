"""Modes of the town: which are on, since when and by whom, and their switches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from hub.modes import UnknownMode
from hub.web import plain
from hub.web.bodies import form_fields, json_fields, read_body
from hub.web.render import PAGES
from hub.web.routes import Route, Visit

VIEW, SET = "modes.view", "modes.set"
BODY = 1_024
WORDS = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class Shown:
    """A mode as people see it. `at` and `by` are None where nobody ever switched it; `rule` is
    the id of the automation that did it last, where there is such a one."""

    mode: str
    name: str
    on: bool
    at: datetime | None = None
    by: str | None = None
    rule: str | None = None


def _shown(visit: Visit) -> Iterator[Shown]:
    """The town's modes, in the order of the configuration."""
    modes, registry = visit.services.modes, visit.services.registry
    words = visit.request.app[PAGES].words(visit.language)
    for mode, name in modes.names.items():
        last = modes.switched(mode)
        if last is None:
            yield Shown(mode, name, on=False)
            continue
        rule = registry.entity(last.by)
        yield Shown(
            mode,
            name,
            on=last.active,
            at=last.at,
            by=rule.name if rule is not None else words.who(last.by),
            rule=rule.object_id if rule is not None else None,
        )


def has_any(visit: Visit) -> bool:
    """Whether the town has modes."""
    return bool(visit.services.modes.names)


async def values(visit: Visit) -> dict[str, Any]:
    """What the part of the overview shows."""
    return {"modes": list(_shown(visit)), "may_set_modes": visit.actor.may(SET)}


async def as_json(visit: Visit) -> web.Response:
    """All modes."""
    return plain.answer({"modes": [_plain(visit, mode) for mode in visit.services.modes.names]})


def _plain(visit: Visit, mode: str) -> plain.Plain:
    modes = visit.services.modes
    last = modes.switched(mode)
    return {
        "mode": mode,
        "name": modes.names[mode],
        "active": mode in modes.active,
        "changed_at": plain.instant(last.at if last is not None else None),
        "changed_by": last.by if last is not None else None,
    }


async def switch(visit: Visit) -> web.StreamResponse:
    """Switch a mode by a form. Answers with the part; a browser without scripts is sent back."""
    await _set(visit, form_fields(await read_body(visit.request, BODY)))
    if not visit.part:
        raise web.HTTPSeeOther("/")
    shown = await values(visit)
    return visit.request.app[PAGES].page(visit, "parts/modes.html", **shown)


async def switch_by_json(visit: Visit) -> web.Response:
    """Switch a mode: `{"active": "on"}`. Answers with the mode as it is now."""
    await _set(visit, json_fields(await read_body(visit.request, BODY)))
    return plain.answer(_plain(visit, visit.request.match_info["mode"]))


async def _set(visit: Visit, fields: dict[str, str]) -> None:
    """`active` is `on` or `off`; the audit log says which. Raises HTTPNotFound, HTTPBadRequest."""
    mode, active = visit.request.match_info["mode"], fields.get("active", "")
    if active not in WORDS:
        raise web.HTTPBadRequest(text="active is 'on' or 'off'")
    async with visit.services.access.act(visit.actor, SET, visit.request.path, active):
        try:
            await visit.services.modes.set(mode, WORDS[active], by=visit.actor.name)
        except UnknownMode:
            raise web.HTTPNotFound from None


def routes() -> list[Route]:
    api = "/api/v1/modes"
    return [
        Route(method="GET", path=api, handler=as_json, permission=VIEW),
        *(
            Route(method="POST", path=path, handler=each, permission=SET, trace="below")
            for path, each in (("/modes/{mode}", switch), (api + "/{mode}", switch_by_json))
        ),
    ]
