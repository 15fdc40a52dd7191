"""The history as data: JSON for graphs and programs, CSV for spreadsheets."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

from aiohttp import web

from hub.history.graphs import Graph
from hub.history.queries import EventRow, StateRow
from hub.history.reader import Place
from hub.web import plain
from hub.web.history_asked import Asked, AskedWrong, asked_of, target_of
from hub.web.routes import Route, Visit

VIEW, EXPORT = "history.view", "history.export"
PAGE = 200


async def states(visit: Visit) -> web.Response:
    """Changes of state, newest first; `after` of an answer asks for the next page."""
    asked = asked_of(visit, "entity")
    page = await visit.services.history.states(asked.query(PAGE))
    found = [_state(row) for row in page.rows]
    return plain.answer({"states": found, "after": _after(page.more)})


async def events(visit: Visit) -> web.Response:
    asked = asked_of(visit, "source")
    page = await visit.services.history.events(asked.query(PAGE))
    found = [_event(row) for row in page.rows]
    return plain.answer({"events": found, "after": _after(page.more)})


async def statistics(visit: Visit) -> web.Response:
    """Statistics by hour of one entity."""
    asked, name = _one(visit)
    found = await visit.services.history.statistics(name, asked.since, asked.until)
    hours = [
        {
            "at": plain.instant(hour.at), "count": hour.count, "low": hour.low,
            "high": hour.high, "mean": hour.mean, "known_s": hour.known.total_seconds(),
            "on_s": None if hour.on is None else hour.on.total_seconds(),
        }
        for hour in found
    ]  # fmt: skip
    return plain.answer({"entity_id": name, "hours": hours})


async def graph(visit: Visit) -> web.Response:
    """What the page draws of one entity; times are seconds since 1970."""
    asked, name = _one(visit)
    found = await visit.services.history.graph(name, asked.since, asked.until)
    return plain.answer(_graph(found, asked))


async def states_csv(visit: Visit) -> web.StreamResponse:
    asked = asked_of(visit, "entity")
    names = visit.services.registry.name_of
    lines = visit.services.history.states_csv(asked.query(PAGE), asked.zone, names)
    return await send_csv(visit, "states", asked, lines)


async def events_csv(visit: Visit) -> web.StreamResponse:
    asked = asked_of(visit, "source")
    names = visit.services.registry.name_of
    lines = visit.services.history.events_csv(asked.query(PAGE), asked.zone, names)
    return await send_csv(visit, "events", asked, lines)


async def send_csv(
    visit: Visit, kind: str, asked: Asked, lines: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Answer with a file, named after what it holds and the days that were asked for."""
    begin, end = (at.astimezone(asked.zone).date() for at in (asked.since, asked.until))
    name = f"{kind}_{begin}_{end}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    response = web.StreamResponse(headers=headers)
    response.content_type = "text/csv"
    response.charset = "utf-8"
    await response.prepare(visit.request)
    async for part in lines:
        await response.write(part)
    await response.write_eof()
    return response


def _one(visit: Visit) -> tuple[Asked, str]:
    asked = asked_of(visit, "entity")
    if len(asked.names) != 1:
        raise AskedWrong("name one entity: ?entity=sensor.river_level")
    return asked, asked.names[0]


def _after(place: Place | None) -> str | None:
    return None if place is None else f"{place[0]}.{place[1]}"


def _state(row: StateRow) -> plain.Plain:
    value = row.value
    is_odd = isinstance(value, float) and not math.isfinite(value)  # JSON has no such number
    return {
        "at": plain.instant(row.at), "entity_id": row.entity_id, "area": row.area,
        "state": row.state.text, "value": None if is_odd else value,
        "available": row.available, "attributes": dict(row.attributes), "first": row.first,
    }  # fmt: skip


def _event(row: EventRow) -> plain.Plain:
    return {
        "id": row.event_id, "at": plain.instant(row.at), "type": row.type, "source": row.source,
        "area": row.area, "durable": row.durable, "drill": row.drill, "cause": row.cause,
        "observed_at": row.observed_at, "data": dict(row.data),
    }  # fmt: skip


def _graph(graph: Graph, asked: Asked) -> plain.Plain:
    points = graph.points
    return {
        "entity_id": graph.entity_id,
        "kind": graph.kind,
        "hourly": graph.hourly,
        "since": asked.since.timestamp(),
        "until": asked.until.timestamp(),
        "at": [point.at.timestamp() for point in points],
        "low": [point.low for point in points],
        "high": [point.high for point in points],
        "value": [point.value for point in points],
        "bands": [
            {
                "since": band.since.timestamp(), "until": band.until.timestamp(),
                "state": band.state, "changes": band.changes,
            }
            for band in graph.bands
        ],
    }  # fmt: skip


def routes() -> list[Route]:
    looks = {
        "/api/v1/history/states": states,
        "/api/v1/history/events": events,
        "/api/v1/history/statistics": statistics,
        "/api/v1/history/graph": graph,
    }
    exports = {"/history/states.csv": states_csv, "/history/events.csv": events_csv}
    return [
        *(
            Route(method="GET", path=path, handler=handler, permission=VIEW, target=target_of)
            for path, handler in looks.items()
        ),
        *(
            Route(
                method="GET", path=path, handler=handler, permission=EXPORT, trace="act",
                target=target_of,
            )
            for path, handler in exports.items()
        ),
    ]  # fmt: skip
