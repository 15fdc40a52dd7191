"""What a visitor asks of the history: from the query of an address to a question, and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from multidict import MultiMapping

from hub.history.queries import Query
from hub.history.reader import Place
from hub.model.config import parse_duration
from hub.web.routes import Visit
from hub.web.words import N_

SPANS = {
    "1h": N_("1 hour"),
    "6h": N_("6 hours"),
    "24h": N_("24 hours"),
    "7d": N_("7 days"),
    "30d": N_("30 days"),
    "1y": N_("1 year"),
}
USUAL = "24h"
OWN = "own"
MOST_NAMES = 12
"""So many entities are shown at a time."""
LONGEST_NAME = 200
_FILTERS = ("entity", "camera", "source", "area", "type", "span", "from", "to", "after")


class AskedWrong(web.HTTPBadRequest):
    """What stands in the address is no question."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason, text=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question. `span` is one of SPANS, or `own` where `from` and `to` are given."""

    names: tuple[str, ...]
    areas: tuple[str, ...]
    types: tuple[str, ...]
    span: str
    since: datetime
    until: datetime
    after: Place | None
    zone: ZoneInfo

    def query(self, limit: int) -> Query:
        """The question, newest first."""
        return Query(
            since=self.since, until=self.until, sources=self.names, areas=self.areas,
            types=self.types, limit=limit, after=self.after,
        )  # fmt: skip

    def address(self, path: str, name: str, after: Place | None = None) -> str:
        """A page for the same question; `name` is what it calls the names. The end of the time is
        fixed by `after`, so that pages follow on each other."""
        pairs = [(name, one) for one in self.names] + [("area", one) for one in self.areas]
        pairs += [("type", one) for one in self.types]
        if self.span == OWN or after is not None:
            pairs += [("from", self.since.isoformat()), ("to", self.until.isoformat())]
        else:
            pairs.append(("span", self.span))
        if after is not None:
            pairs.append(("after", f"{after[0]}.{after[1]}"))
        return f"{path}?{urlencode(pairs)}"

    def local(self, at: datetime) -> str:
        """A moment as a field for date and time has it."""
        return at.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")


def asked_of(visit: Visit, name: str) -> Asked:
    """The question of a request; `name` is the parameter that has the names. Raises AskedWrong."""
    query = visit.request.query
    now = visit.services.clock.now()
    zone = visit.services.town.time_zone
    span = query.get("span", "")
    begin, end = query.get("from", ""), query.get("to", "")
    if (begin or end) and span in ("", OWN):
        until = _moment(end, zone) if end else now
        since = _moment(begin, zone) if begin else until - timedelta(days=1)
        span = OWN
    else:
        span = span if span in SPANS else USUAL
        since, until = now - parse_duration(span), now
    if since >= until:
        raise AskedWrong("'from' must be before 'to'")
    return Asked(
        names=_all(query, name)[:MOST_NAMES], areas=_all(query, "area"), types=_all(query, "type"),
        span=span, since=since, until=until, after=_place(query.get("after", "")), zone=zone,
    )  # fmt: skip


def target_of(request: web.Request) -> str:
    """What the audit log says was looked at: the path, with what was asked for."""
    pairs = [(key, value) for key, value in request.query.items() if key in _FILTERS and value]
    return f"{request.path}?{urlencode(sorted(pairs))}"[:300] if pairs else request.path


def _all(query: MultiMapping[str], name: str) -> tuple[str, ...]:
    found = (one.strip()[:LONGEST_NAME] for one in query.getall(name, []))
    return tuple(dict.fromkeys(one for one in found if one))[:100]


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """ISO 8601; without an offset it is the town's time."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
        moment.timestamp()
    except (ValueError, OverflowError):
        raise AskedWrong(f"'{text[:40]}' is no time: write 2026-11-22T18:00") from None
    if not 1971 <= moment.year <= 9000:
        raise AskedWrong(f"'{text[:40]}' is not in the hub's time")
    return moment


def _place(text: str) -> Place | None:
    at, _, number = text.partition(".")
    if not text:
        return None
    if not (at.isascii() and at.isdecimal() and number.isascii() and number.isdecimal()):
        raise AskedWrong("'after' is what an earlier page ended with")
    if len(at) > 18 or len(number) > 18:
        raise AskedWrong("'after' is what an earlier page ended with")
    return int(at), int(number)
