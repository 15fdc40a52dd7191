"""The pages of the history: graphs of entities, their rows, and the list of events."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from aiohttp import web

from hub.history.graphs import Band, Graph
from hub.history.queries import StateRow
from hub.model.entity import Entity
from hub.web.event_words import EventWords
from hub.web.history_asked import OWN, SPANS, Asked, asked_of, target_of
from hub.web.history_words import HistoryWords
from hub.web.render import PAGES
from hub.web.routes import Route, Visit

VIEW, PURGE = "history.view", "history.purge"
SHOWN = 100
FEW = 20
COLOURS = 6
SHORTEST = timedelta(seconds=1)
LITTLE = 0.25
"""Where less than this part of a span is known, the graph begins where that does."""
NARROWEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Strip:
    """A band as it is drawn: place and width in thousandths of the whole."""

    left: float
    width: float
    colour: str
    words: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Share:
    """For how long an entity was in a state."""

    words: str
    colour: str
    length: timedelta


@dataclass(frozen=True, slots=True)
class Shown:
    """One entity of the page. `entity` is None where the town has it no more. The graph goes from
    `since` to `until`; `whole` is the address of the whole span, where that is more."""

    entity_id: str
    entity: Entity | None
    area: str
    graph: Graph
    since: datetime
    until: datetime
    whole: str | None
    strips: list[Strip]
    shares: list[Share]
    rows: list[tuple[StateRow, str]]
    has_more: bool
    all_rows: str
    csv: str
    data: str


async def history(visit: Visit) -> web.Response:
    """Graphs of the entities that were chosen, each with its last rows as a table."""
    asked = asked_of(visit, "entity")
    found = [await _shown(visit, asked, name) for name in asked.names]
    registry = visit.services.registry
    others = sorted(
        (one for one in registry.entities() if one.entity_id not in asked.names),
        key=lambda one: one.name,
    )
    return visit.request.app[PAGES].page(
        visit, "history.html", asked=asked, spans=SPANS, shown=found, others=others,
        said=HistoryWords(visit),
        paused=visit.services.history.is_purge_paused,
        trusted=visit.services.history.trust.sure, may_vouch=visit.actor.may(PURGE),
    )  # fmt: skip


async def rows(visit: Visit) -> web.Response:
    """All rows of entities, page by page."""
    asked = asked_of(visit, "entity")
    page = await visit.services.history.states(asked.query(SHOWN))
    older = asked.address("/history/rows", "entity", page.more) if page.more else None
    return visit.request.app[PAGES].page(
        visit, "history_rows.html", asked=asked, rows=_in_words(visit, page.rows), older=older,
        names={row.entity_id: visit.services.registry.name_of(row.entity_id) for row in page.rows},
        back=asked.address("/history", "entity"),
        csv=asked.address("/history/states.csv", "entity"),
    )  # fmt: skip


async def events(visit: Visit) -> web.Response:
    """Events, newest first, with filters."""
    asked = asked_of(visit, "source")
    kept, registry = visit.services.history, visit.services.registry
    page = await kept.events(asked.query(SHOWN))
    areas = {area.id: area.name for area in registry.areas()}
    return visit.request.app[PAGES].page(
        visit, "history_events.html", asked=asked, spans=SPANS, rows=page.rows,
        types=await kept.event_types(), areas=areas,
        told=_event_words(visit),
        entities=sorted(registry.entities(), key=lambda one: one.name),
        older=asked.address("/events", "source", page.more) if page.more else None,
        csv=asked.address("/history/events.csv", "source"),
    )  # fmt: skip


def _event_words(visit: Visit) -> EventWords:
    pages, language = visit.request.app[PAGES], visit.language
    translations = visit.services.texts.translations(language)
    moment = partial(pages.moment, language)
    return EventWords(translations, pages.words(language), visit.services.registry, moment)


async def vouch(visit: Visit) -> web.Response:
    """A person says that the clock is right: what is too old is deleted again."""
    await visit.services.history.vouch_for_clock()
    return web.Response(status=303, headers={"Location": "/history"})


async def _shown(visit: Visit, asked: Asked, name: str) -> Shown:
    kept, registry = visit.services.history, visit.services.registry
    entity, area = registry.entity(name), registry.area_of(name)
    own = _only(asked, name)
    graph = await kept.graph(name, own.since, own.until)
    drawn = _narrowed(own, graph)
    if drawn != own:
        graph = await kept.graph(name, drawn.since, drawn.until)
    page = await kept.states(own.query(FEW))
    strips = _strips(visit, entity, graph.bands, drawn)
    return Shown(
        entity_id=name,
        entity=entity,
        area=area.name if area is not None else "",
        graph=graph,
        since=drawn.since,
        until=drawn.until,
        whole=None if drawn == own else replace(own, span=OWN).address("/history", "entity"),
        strips=strips,
        shares=_shares(strips),
        rows=_in_words(visit, page.rows),
        has_more=page.more is not None,
        all_rows=own.address("/history/rows", "entity"),
        csv=own.address("/history/states.csv", "entity"),
        data=drawn.address("/api/v1/history/graph", "entity"),
    )


def _narrowed(asked: Asked, graph: Graph) -> Asked:
    """The part of a span that anything is known of, where that is little of one that was chosen
    by its length: in a hub's first minutes a day would look empty."""
    begins = graph.begins
    if begins is None or asked.span == OWN:
        return asked
    since = min(begins, asked.until - NARROWEST)
    if asked.until - since > LITTLE * (asked.until - asked.since):
        return asked
    return replace(asked, span=OWN, since=since)


def _only(asked: Asked, name: str) -> Asked:
    return Asked(
        names=(name,), areas=(), types=(), span=asked.span, since=asked.since,
        until=asked.until, after=None, zone=asked.zone,
    )  # fmt: skip


def _in_words(visit: Visit, rows: Any) -> list[tuple[StateRow, str]]:
    words, registry = visit.request.app[PAGES].words(visit.language), visit.services.registry
    found = []
    for row in rows:
        entity = registry.entity(row.entity_id)
        said = words.state(entity, row.state) if entity is not None else row.state.text
        found.append((row, said))
    return found


def _strips(visit: Visit, entity: Entity | None, bands: list[Band], asked: Asked) -> list[Strip]:
    words = HistoryWords(visit)
    whole = (asked.until - asked.since).total_seconds()
    colours: dict[str, str] = {}
    found = []
    for band in bands:
        found.append(
            Strip(
                left=1000 * (band.since - asked.since).total_seconds() / whole,
                width=1000 * (band.until - band.since).total_seconds() / whole,
                colour=_colour(band, colours),
                words=words.band(entity, band.state, band.changes),
                since=band.since,
                until=band.until,
            )
        )
    return found


def _colour(band: Band, colours: dict[str, str]) -> str:
    """On, off and what is not known have colours of their own; words get the next free one."""
    if band.changes > 1:
        return "many"
    if band.state is None:
        return "none"
    if band.state in ("on", "off", "unknown", "unavailable"):
        return band.state
    return colours.setdefault(band.state, f"c{len(colours) % COLOURS}")


def _shares(strips: list[Strip]) -> list[Share]:
    lengths: dict[tuple[str, str], timedelta] = defaultdict(timedelta)
    for strip in strips:
        lengths[strip.colour, strip.words] += strip.until - strip.since
    longest = sorted(lengths.items(), key=lambda pair: -pair[1])
    told = [(key, length) for key, length in longest if length >= SHORTEST]
    return [Share(words, colour, length) for (colour, words), length in told[:FEW]]


def routes() -> list[Route]:
    pages = {"/history": history, "/history/rows": rows, "/events": events}
    return [
        *(
            Route(method="GET", path=path, handler=handler, permission=VIEW, target=target_of)
            for path, handler in pages.items()
        ),
        Route(method="POST", path="/history/clock", handler=vouch, permission=PURGE, trace="act"),
    ]
