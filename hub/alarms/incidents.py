"""Incidents: opened, joined, answered, ended; each change is a line of the incident's journal."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, desc, insert, select, update

from hub.alarms import tables as t
from hub.alarms.journal import settle
from hub.clock import Clock
from hub.model.event import Event
from hub.model.incident import ENDED, NEXT, Incident, Severity, Status
from hub.model.person import Actor
from hub.model.problem import Refused
from hub.store.store import Store

JOIN_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What is asked when an incident is opened. `key` is the same for a repetition after a crash:
    the same key never opens or joins twice. `lasting`: a condition that stays (a device is silent),
    so it joins an open incident however old that is."""

    key: str
    kind: str
    severity: Severity
    title: str
    message: str = ""
    area: str | None = None
    source: str | None = None
    event: Event | None = None
    escalation: str | None = None
    automation: str | None = None
    drill: bool = False
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of it: the incident's number, and whether it is new, joined, or known already."""

    incident: int
    new: bool
    repeated: bool = False


def open_incident(connection: Connection, opening: Opening, clock: Clock) -> Opened:
    """Open an incident, or join the one of the same kind, source and place that is not ended and
    had its last event within JOIN_WINDOW. Settles the event. Runs inside the caller's commit."""
    known = _by_key(connection, opening.key)
    if known is not None:
        return Opened(known, new=False, repeated=True)
    now = clock.now()
    joined = _to_join(connection, opening, now)
    number = joined if joined is not None else _insert(connection, opening, now)
    connection.execute(insert(t.incident_keys).values(key=opening.key, incident=number))
    if joined is not None:
        _join(connection, number, now)
    if opening.event is not None:
        known_event = select(t.incident_events.c.incident).where(
            t.incident_events.c.event_id == opening.event.id
        )
        if connection.execute(known_event).scalar() is None:
            connection.execute(
                insert(t.incident_events).values(event_id=opening.event.id, incident=number)
            )
        settle(connection, opening.event.id, clock, by=opening.automation or "default")
    who = opening.automation or "hub"
    what = "joined" if joined is not None else "opened"
    note(connection, number, now, Actor(name=who, kind="automation", way="automation"), what)
    return Opened(number, new=joined is None)


def _by_key(connection: Connection, key: str) -> int | None:
    query = select(t.incident_keys.c.incident).where(t.incident_keys.c.key == key)
    found: int | None = connection.execute(query).scalar()
    return found


def _to_join(connection: Connection, opening: Opening, now: datetime) -> int | None:
    if opening.event is not None:
        same_event = select(t.incident_events.c.incident).where(
            t.incident_events.c.event_id == opening.event.id
        )
        found: int | None = connection.execute(same_event).scalar()
        if found is not None:
            return found
    row = t.incidents.c
    query = (
        select(row.id)
        .where(row.status.not_in([status.value for status in ENDED]))
        .where(row.kind == opening.kind, row.source == opening.source, row.area == opening.area)
        .where(row.drill == opening.drill)
        .order_by(desc(row.id))
    )
    if not opening.lasting:
        query = query.where(row.last_event_at >= now - JOIN_WINDOW)
    return connection.execute(query).scalars().first()


def _insert(connection: Connection, opening: Opening, now: datetime) -> int:
    result = connection.execute(
        insert(t.incidents).values(
            key=opening.key,
            kind=opening.kind,
            severity=opening.severity.value,
            status=Status.OPEN.value,
            area=opening.area,
            source=opening.source,
            title=opening.title,
            message=opening.message,
            opened_at=now,
            last_event_at=now,
            events=1,
            escalation=opening.escalation,
            automation=opening.automation,
            drill=opening.drill,
        )
    )
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def _join(connection: Connection, number: int, now: datetime) -> None:
    connection.execute(
        update(t.incidents)
        .where(t.incidents.c.id == number)
        .values(events=t.incidents.c.events + 1, last_event_at=now)
    )


def note(
    connection: Connection, number: int, at: datetime, actor: Actor, what: str, detail: str = ""
) -> None:
    """Write a line of the incident's journal, in the caller's commit."""
    connection.execute(
        insert(t.incident_journal).values(
            incident=number, at=at, actor=actor.name, way=actor.way, what=what, detail=detail
        )
    )


def change_status(
    connection: Connection,
    number: int,
    status: Status,
    actor: Actor,
    clock: Clock,
    reason: str | None = None,
) -> Incident:
    """Move an incident along its life, in the caller's commit.

    Raises Refused where there is no such incident, where it may not go that way (the message says
    where it stands), or where a dismissal has no reason.
    """
    incident = get(connection, number)
    if incident is None:
        raise Refused(f"there is no incident {number}")
    if status not in NEXT[incident.status]:
        raise Refused(f"incident {number} is {incident.status}; it cannot become {status}")
    if status is Status.DISMISSED and not reason:
        raise Refused("a dismissal needs a reason")
    now = clock.now()
    values: dict[str, Any] = {"status": status.value}
    if status is Status.ACKNOWLEDGED:
        values |= {"owner": actor.name, "acknowledged_at": now}
    if status in ENDED:
        values |= {"ended_at": now, "reason": reason}
    connection.execute(update(t.incidents).where(t.incidents.c.id == number).values(**values))
    note(connection, number, now, actor, status.value, reason or "")
    changed = get(connection, number)
    assert changed is not None
    return changed


def get(connection: Connection, number: int) -> Incident | None:
    """One incident as it stands, or None."""
    row = connection.execute(select(t.incidents).where(t.incidents.c.id == number)).first()
    return None if row is None else as_incident(row)


def as_incident(row: Row[Any]) -> Incident:
    return Incident(
        id=row.id,
        kind=row.kind,
        severity=Severity(row.severity),
        status=Status(row.status),
        area=row.area,
        source=row.source,
        title=row.title,
        opened_at=row.opened_at,
        events=row.events,
        owner=row.owner,
        acknowledged_at=row.acknowledged_at,
        ended_at=row.ended_at,
        reason=row.reason,
        escalation=row.escalation,
        drill=row.drill,
    )


class IncidentBook:
    """Reading: what pages and plugins may want to know of incidents."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, number: int) -> Incident | None:
        return await self._store.read(lambda connection: get(connection, number))

    async def open(self, limit: int = 100) -> list[Incident]:
        """Incidents that are not ended, the newest first."""
        ended = [status.value for status in ENDED]
        query = select(t.incidents).where(t.incidents.c.status.not_in(ended))
        return await self._incidents(query.order_by(desc(t.incidents.c.id)).limit(limit))

    async def recent(self, limit: int = 20) -> list[Incident]:
        """The newest incidents, whatever became of them."""
        return await self._incidents(
            select(t.incidents).order_by(desc(t.incidents.c.id)).limit(limit)
        )

    async def _incidents(self, query: Any) -> list[Incident]:
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [as_incident(row) for row in rows]

    async def journal(self, number: int) -> list[Row[Any]]:
        """Who did what, when, in order: rows of at, actor, way, what, detail."""
        query = select(t.incident_journal).where(t.incident_journal.c.incident == number)
        return await self._rows(query.order_by(t.incident_journal.c.id))

    async def media(self, number: int) -> list[Row[Any]]:
        """Snapshots and recordings of an incident: rows of id, camera, kind, ref, at."""
        query = select(t.incident_media).where(t.incident_media.c.incident == number)
        return await self._rows(query.order_by(t.incident_media.c.id))

    async def attached(self, refs: Collection[str]) -> set[str]:
        """Those of these files that belong to an incident."""
        own = t.incident_media.c
        query = select(own.ref).where(own.kind == "snapshot", own.ref.in_(refs))
        return set(await self._store.read(lambda c: c.execute(query).scalars().all()))

    async def one_media(self, media: int) -> Row[Any] | None:
        query = select(t.incident_media).where(t.incident_media.c.id == media)
        return await self._store.read(lambda connection: connection.execute(query).first())

    async def notes(self, number: int) -> list[Row[Any]]:
        """What was told of an incident, to whom, and what became of it."""
        query = select(t.outbox).where(t.outbox.c.incident == number)
        return await self._rows(query.order_by(t.outbox.c.id))

    async def recent_notes(self, limit: int = 20) -> list[Row[Any]]:
        """The newest notes of the outbox, whatever became of them."""
        return await self._rows(select(t.outbox).order_by(desc(t.outbox.c.id)).limit(limit))

    async def _rows(self, query: Any) -> list[Row[Any]]:
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return list(rows)
