"""What has just happened, and which parts of the page it concerns."""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import AsyncGenerator, Set
from dataclasses import dataclass
from datetime import datetime

from hub.automation.trace import Trace
from hub.bus import Bus
from hub.clock import Clock
from hub.model.core_events import IncidentChanged, StateChanged
from hub.model.entity import State
from hub.model.event import Event

KEPT = 100
OF_AUTOMATIONS = frozenset({"automations", "runs"})
"""The parts that show what automations did."""
PARTS_OF_STATES = {
    "camera": frozenset({"cameras"}),
    "mode": frozenset({"modes"}),
    "automation": OF_AUTOMATIONS,
    "script": frozenset[str](),
}
"""The parts that show states, by the domain of the entity; `entities` shows all others."""
UNTOLD = ("event.", "script.")
"""Entities whose states are no news: their events are, and the trace of who called them."""
LISTENERS = 200
PAUSE_S = 0.5
"""A page is told of changes at most so often, however many there are."""
SILENCE_S = 20.0
"""A page that has nothing to be told hears at least a sign of life."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the list of events."""

    at: datetime
    type: str
    source: str
    incident: int | None
    detail: str
    state: State | None
    drill: bool


class TooManyListeners(Exception):
    """So many pages are open that another one cannot be told of changes."""


class Feed:
    """Listens to the bus: keeps the last events, and tells open pages which parts are stale."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._clock = clock
        self._last: deque[tuple[datetime, Event]] = deque(maxlen=KEPT)
        self._listeners: set[_Listener] = set()
        self._closed = False
        self._unsubscribe = bus.subscribe(None, self._take, owner="web")

    def hear_trace(self, trace: Trace) -> None:
        """An automation ran, or nearly."""
        for listener in self._listeners:
            listener.tell(OF_AUTOMATIONS)

    def last(self, limit: int) -> list[Happened]:
        """The last events, the newest first."""
        return [_line(at, event) for at, event in list(self._last)[: -limit - 1 : -1]]

    def _take(self, event: Event) -> None:
        notable = _is_notable(event)
        if notable:
            self._last.append((event.received_at or self._clock.now(), event))
        if self._listeners:
            parts = _parts_of(event.type, event.source.partition(".")[0], notable)
            for listener in self._listeners:
                listener.tell(parts)

    async def changes(self) -> AsyncGenerator[frozenset[str], None]:
        """Names of parts that are stale, as they become so; an empty set as a sign of life. Ends
        when the hub does. Raises TooManyListeners."""
        if len(self._listeners) >= LISTENERS:
            raise TooManyListeners
        listener = _Listener()
        self._listeners.add(listener)
        try:
            while not self._closed:
                yield await listener.next()
                await self._clock.sleep(PAUSE_S)
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """Let all listeners go."""
        self._closed = True
        self._unsubscribe()
        for listener in self._listeners:
            listener.tell(frozenset({"closing"}))


class _Listener:
    """One open page: what it was not told yet is a set of names, so it never grows."""

    def __init__(self) -> None:
        self._stale: set[str] = set()
        self._told = asyncio.Event()

    def tell(self, parts: frozenset[str]) -> None:
        self._stale |= parts
        self._told.set()

    async def next(self) -> frozenset[str]:
        try:
            async with asyncio.timeout(SILENCE_S):
                await self._told.wait()
        except TimeoutError:
            return frozenset()
        self._told.clear()
        stale, self._stale = frozenset(self._stale), set()
        return stale


def _line(at: datetime, event: Event) -> Happened:
    payload = event.payload
    incident = payload.get("incident")
    details = (payload.get(name) for name in ("why", "reason", "status"))
    return Happened(
        at=at,
        type=event.type,
        source=event.source,
        incident=incident if isinstance(incident, int) else None,
        detail=str(next(filter(None, details), "")),
        state=event.new if isinstance(event, StateChanged) else None,
        drill=event.drill,
    )


def _is_notable(event: Event) -> bool:
    """A number that moves, or an attribute, is no news; a door that opens is. What other events
    tell better, or a part of the page shows by itself, is none either."""
    if isinstance(event, IncidentChanged):
        return event.status not in ("media", "joined", "acknowledged")
    if not isinstance(event, StateChanged):
        return event.type not in ("delivery.done", "automation.triggered")
    if event.old is None or event.old.value is None or event.source.startswith(UNTOLD):
        return False
    changed = (event.old.value, event.old.available) != (event.new.value, event.new.available)
    is_number = type(event.new.value) in (int, float) and event.old.available == event.new.available
    return changed and not is_number


@functools.lru_cache(1_000)
def _parts_of(event_type: str, domain: str, notable: bool) -> frozenset[str]:
    room, _, what = event_type.partition(".")
    parts: Set[str]
    match room:
        case "state_changed":
            parts = PARTS_OF_STATES.get(domain, {"entities"})
        case "camera":
            parts = {"cameras", "events"}
        case "incident":
            parts = {"incidents", "messages", "events"}
        case "delivery":
            parts = {"messages"} | ({"events"} if what == "failed" else set())
        case "plugin" | "hub":
            parts = {"system", "cameras", "entities", "events"}
        case "config":
            parts = {"modes", "entities", "events"}
        case _:
            parts = {"events"}
    return frozenset(parts | {"events"}) if notable else frozenset(parts)
