"""Automations: which there are, what each does in words, and what it did."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web

from hub.automation.in_words import Speech, account, in_short
from hub.automation.trace import Plain
from hub.automation.trace_rows import Latest
from hub.config.absent import named
from hub.config.render import visible_line
from hub.web import plain
from hub.web.automation_views import ConfigLine, Row, RunLine, Whole, run_line, run_view
from hub.web.automation_words import AutomationWords, speech_of, told_by
from hub.web.render import PAGES
from hub.web.routes import Route, Visit
from hub.web.run_words import RunWords
from hub.web.services import Automations

VIEW, SWITCH, TRIGGER = "automations.view", "automations.switch", "automations.trigger"
SHOWN = 200  # automations of one page; the rest is found by a search
LINES = 500  # lines of one automation that are shown
SCRIPT = "script."


def _of(visit: Visit) -> Automations:
    found = visit.services.automations
    if found is None:
        raise web.HTTPNotFound
    return found


def _words(visit: Visit) -> AutomationWords:
    return AutomationWords(visit.services.texts.translations(visit.language))


def _speech(visit: Visit) -> Speech:
    services = visit.services
    return speech_of(
        services.texts, visit.language, services.registry, scrub=_of(visit).lines().scrub
    )


def _run_words(visit: Visit) -> RunWords:
    pages, language = visit.request.app[PAGES], visit.language
    at = partial(pages.moment, language)
    return RunWords(_speech(visit), pages.words(language), visit.services.registry, at)


def _page(visit: Visit, template: str, **values: Any) -> web.Response:
    may = {"may_switch": visit.actor.may(SWITCH), "may_trigger": visit.actor.may(TRIGGER)}
    pages = visit.request.app[PAGES]
    return pages.page(visit, template, runs_in=_words(visit), **may, **values)


async def show(visit: Visit) -> web.Response:
    """All automations; `?q=` finds by name, id and words."""
    rows, count = await _rows(visit)
    return _page(visit, "automations.html", rows=rows, count=count, asked=_asked(visit))


async def part(visit: Visit) -> web.Response:
    """The list alone, for a page that updates itself."""
    rows, count = await _rows(visit)
    return _page(visit, "parts/automations.html", rows=rows, count=count, asked=_asked(visit))


def _asked(visit: Visit) -> str:
    return visit.request.query.get("q", "").strip()[:100]


async def _rows(visit: Visit) -> tuple[list[Row], int]:
    automations = _of(visit)
    asked = _asked(visit).casefold()
    latest = await automations.keeper.latest()
    speech = _speech(visit)
    found: list[Row] = []
    count = 0
    for one in automations.engine.automations.values():
        name = one.config.alias or one.id
        told = None
        if asked and asked not in f"{name} {one.id}".casefold():
            told = in_short(one.config.plain(), speech)
            if asked not in told.casefold():
                continue
        count += 1
        if len(found) < SHOWN:
            told = told or in_short(one.config.plain(), speech)
            found.append(Row(one.id, name, told, one.on, latest.get(one.id, Latest())))
    scripts = _scripts(automations, asked, latest)
    return [*found, *scripts[: SHOWN - len(found)]], count + len(scripts)


def _scripts(automations: Automations, asked: str, latest: Mapping[str, Latest]) -> list[Row]:
    found = []
    for script in automations.engine.scripts.values():
        name = script.config.alias or script.name
        if asked in f"{name} {script.entity_id}".casefold():
            last = latest.get(script.entity_id, Latest())
            about = script.config.description or ""
            found.append(Row(script.entity_id, name, about, None, last))
    return found


def _whole(visit: Visit) -> Whole:
    """The automation, or the script, that the path names. Raises HTTPNotFound."""
    automations, name = _of(visit), visit.request.match_info["id"]
    speech = _speech(visit)
    config: Any
    if name.startswith(SCRIPT):
        script = automations.engine.scripts.get(name.removeprefix(SCRIPT))
        if script is None:
            raise web.HTTPNotFound
        config, on = script.config, None
    else:
        automation = automations.engine.automations.get(name)
        if automation is None:
            raise web.HTTPNotFound
        config, on = automation.config, automation.on
    file, lines = _lines(automations, name)
    return Whole(
        id=name,
        name=config.alias or name,
        description=config.description,
        on=on,
        account=account(config.plain(), speech),
        file=file,
        lines=lines,
        absent=tuple(sorted(n for n in named(config) if visit.services.registry.entity(n) is None)),
    )


def _lines(automations: Automations, name: str) -> tuple[str | None, tuple[ConfigLine, ...]]:
    """The automation as it stands in the configuration, without secrets."""
    lines = automations.lines()
    block = lines.block(name)
    if block is None:
        return None, ()
    place, last = block
    numbers = range(place.line, min(last, place.line + LINES - 1) + 1)
    shown = (ConfigLine(n, visible_line(place.file, n, lines.excerpts)) for n in numbers)
    return place.file, tuple(shown)


async def one(visit: Visit) -> web.Response:
    """One automation: what it is in words, its lines, its last runs and those it nearly had."""
    whole = _whole(visit)
    return _page(visit, "automation.html", one=whole, **await _runs(visit))


async def runs(visit: Visit) -> web.Response:
    """The last runs alone, for a page that updates itself."""
    whole = _whole(visit)
    return _page(visit, "parts/runs.html", one=whole, **await _runs(visit))


async def _runs(visit: Visit) -> dict[str, list[RunLine]]:
    tell, words = partial(told_by, _speech(visit)), _run_words(visit)
    kept = await _of(visit).keeper.of(visit.request.match_info["id"])
    return {
        "did": [run_line(one, tell, words) for one in kept if not one["nearly"]],
        "nearly": [run_line(one, tell, words) for one in kept if one["nearly"]],
    }


async def _trace(visit: Visit) -> Plain:
    kept = await _of(visit).keeper.of(visit.request.match_info["id"])
    name = visit.request.match_info["run"]
    found = next((one for one in kept if one["run"] == name), None)
    if found is None:
        raise web.HTTPNotFound
    return found


async def run(visit: Visit) -> web.Response:
    """One run: its path, with what each condition and step saw."""
    shown = run_view(await _trace(visit), partial(told_by, _speech(visit)), _run_words(visit))
    automation = visit.request.match_info["id"]
    found = _of(visit).engine.automations.get(automation)
    name = found.config.alias or automation if found is not None else automation
    return _page(visit, "run.html", run=shown, automation=automation, name=name)


async def run_part(visit: Visit) -> web.Response:
    """The path alone, for a page that follows a run."""
    shown = run_view(await _trace(visit), partial(told_by, _speech(visit)), _run_words(visit))
    automation = visit.request.match_info["id"]
    return _page(visit, "parts/run.html", run=shown, automation=automation)


async def turn_on(visit: Visit) -> web.StreamResponse:
    """Switch an automation on."""
    await _of(visit).engine.turn_on(_known(visit))
    return await _done(visit)


async def turn_off(visit: Visit) -> web.StreamResponse:
    """Switch an automation off; what it runs is ended."""
    await _of(visit).engine.turn_off(_known(visit))
    return await _done(visit)


async def trigger(visit: Visit) -> web.StreamResponse:
    """Run an automation now, whatever its conditions say, as the action `automation.trigger`
    does."""
    _of(visit).engine.trigger(_known(visit), skip_condition=True)
    return await _done(visit)


def _known(visit: Visit) -> str:
    name = visit.request.match_info["id"]
    if name not in _of(visit).engine.automations:
        raise web.HTTPNotFound
    return name


async def _done(visit: Visit) -> web.StreamResponse:
    """The part of the page that has changed; a browser without scripts is sent back."""
    name = visit.request.match_info["id"]
    if not visit.part:
        return web.Response(status=303, headers={"Location": f"/automations/{name}"})
    target = visit.request.headers.get("HX-Target")
    return await part(visit) if target == "automations" else await runs(visit)


async def as_json(visit: Visit) -> web.Response:
    """All automations, each with its switch and its last run."""
    automations = _of(visit)
    latest = await automations.keeper.latest()
    return plain.answer(
        {
            "automations": [
                {
                    "id": one.id,
                    "alias": one.config.alias,
                    "on": one.on,
                    **_latest(latest.get(one.id, Latest())),
                }
                for one in automations.engine.automations.values()
            ]
        }
    )


def _latest(latest: Latest) -> Mapping[str, Any]:
    return {
        "last_run": latest.run,
        "last_state": latest.state,
        "last_started_at": plain.instant(latest.started_at),
        "nearly": latest.nearly,
    }


async def traces_as_json(visit: Visit) -> web.Response:
    """What an automation did and nearly did last, with all that is kept of it."""
    return plain.answer({"traces": await _of(visit).keeper.of(visit.request.match_info["id"])})


def routes() -> list[Route]:
    page, api = "/automations/{id}", "/api/v1/automations"
    looks = (
        ("/automations", show),
        ("/parts/automations", part),
        (page, one),
        (f"{page}/runs", runs),
        (page + "/runs/{run}", run),
        (page + "/runs/{run}/path", run_part),
        (api, as_json),
        (api + "/{id}/traces", traces_as_json),
    )
    deeds = (
        ("turn_on", turn_on, SWITCH),
        ("turn_off", turn_off, SWITCH),
        ("trigger", trigger, TRIGGER),
    )
    return [
        *(Route(method="GET", path=path, handler=each, permission=VIEW) for path, each in looks),
        *(
            Route(
                method="POST", path=f"{page}/{word}", handler=each, permission=needed, trace="act"
            )
            for word, each, needed in deeds
        ),
    ]
