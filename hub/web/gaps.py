"""The ledger of gaps: what should have been recorded and was not, as a page, as data and as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from aiohttp import web

from hub.history.export import MARK, lines, local_time
from hub.video.missing.ledger import GapRow, Ledger
from hub.web import plain
from hub.web.history_asked import SPANS, Asked, asked_of, target_of
from hub.web.history_data import send_csv
from hub.web.history_words import HistoryWords
from hub.web.render import PAGES
from hub.web.routes import Route, Visit

VIEW, EXPORT = "archive.view", "archive.export"
SHOWN = 100
PAGE = 1_000
BEFORE = timedelta(seconds=10)
"""The archive is opened so long before a gap."""
HEAD = ("from", "to", "seconds", "camera", "name", "stream", "cause", "detail", "switched off by")


async def page(visit: Visit) -> web.Response:
    """Gaps of a time, the youngest first, and how much is missing in all."""
    asked, ledger = asked_of(visit, "camera"), _ledger(visit)
    cameras = asked.names or None
    rows = await ledger.rows(cameras, asked.since, asked.until, SHOWN, asked.after)
    registry = visit.services.registry
    more = rows[-1].place if len(rows) == SHOWN else None
    return visit.request.app[PAGES].page(
        visit, "gaps.html", asked=asked, spans=SPANS, rows=rows, before=BEFORE,
        totals=await ledger.totals(cameras, asked.since, asked.until),
        cameras=sorted(
            (one for one in registry.entities() if one.domain == "camera"),
            key=lambda one: one.name,
        ),
        name=registry.name_of, said=HistoryWords(visit),
        older=asked.address("/archive/gaps", "camera", more) if more else None,
        csv=asked.address("/archive/gaps.csv", "camera"), may_export=visit.actor.may(EXPORT),
    )  # fmt: skip


async def data(visit: Visit) -> web.Response:
    """The same for programs; `after` of an answer asks for the next page."""
    asked, ledger = asked_of(visit, "camera"), _ledger(visit)
    rows = await ledger.rows(asked.names or None, asked.since, asked.until, PAGE, asked.after)
    after = f"{rows[-1].place[0]}.{rows[-1].place[1]}" if len(rows) == PAGE else None
    return plain.answer({"gaps": [_plain(row) for row in rows], "after": after})


async def as_csv(visit: Visit) -> web.StreamResponse:
    """The same for spreadsheets, whole."""
    asked = asked_of(visit, "camera")
    return await send_csv(visit, "gaps", asked, _csv(visit, _ledger(visit), asked))


async def _csv(visit: Visit, ledger: Ledger, asked: Asked) -> AsyncIterator[bytes]:
    words = visit.request.app[PAGES].words(visit.language)
    name = visit.services.registry.name_of
    yield lines([HEAD], MARK)
    after = None
    while True:
        rows = await ledger.rows(asked.names or None, asked.since, asked.until, PAGE, after)
        yield lines(
            (
                local_time(row.start, asked.zone), local_time(row.end, asked.zone),
                (row.end - row.start).total_seconds(), row.camera, name(row.camera), row.stream,
                words.reason(row.cause), row.detail, name(row.by),
            )
            for row in rows
        )  # fmt: skip
        if len(rows) < PAGE:
            return
        after = rows[-1].place


def _ledger(visit: Visit) -> Ledger:
    """Raises HTTPNotFound where the hub runs without cameras."""
    if visit.services.video is None:
        raise web.HTTPNotFound
    return visit.services.video.ledger


def _plain(row: GapRow) -> plain.Plain:
    return {
        "camera": row.camera,
        "stream": row.stream,
        "from": plain.instant(row.start),
        "to": plain.instant(row.end),
        "cause": row.cause,
        "detail": row.detail or None,
        "switched_off_by": row.by or None,
    }


def routes() -> list[Route]:
    looks = {"/archive/gaps": page, "/api/v1/archive/gaps": data}
    return [
        *(
            Route(method="GET", path=path, handler=handler, permission=VIEW, target=target_of)
            for path, handler in looks.items()
        ),
        Route(
            method="GET", path="/archive/gaps.csv", handler=as_csv, permission=EXPORT, trace="act",
            target=target_of,
        ),
    ]  # fmt: skip
