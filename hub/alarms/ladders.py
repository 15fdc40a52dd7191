"""Escalation ladders: rows, not coroutines. A rung is told when its time comes, the last one again
and again, until a person answers."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from hub.alarms import tables as t
from hub.alarms.incidents import get, note
from hub.alarms.notes import supersede, write_alarm
from hub.alarms.recipients import Address, Recipients
from hub.clock import Clock, Waker
from hub.model.incident import Status
from hub.model.person import Actor
from hub.store.store import Store

log = logging.getLogger("hub.alarms.ladders")

LATE = timedelta(seconds=30)
HUB = Actor(name="hub", kind="hub", way="ladder")


@dataclass(frozen=True, slots=True)
class Rung:
    """Tell these names, and wait so long for an answer before the next rung."""

    notify: tuple[str, ...]
    acknowledge_within: timedelta


@dataclass(frozen=True, slots=True)
class Ladder:
    name: str
    rungs: tuple[Rung, ...]

    def to_plain(self) -> list[dict[str, Any]]:
        return [
            {"notify": list(rung.notify), "within_s": rung.acknowledge_within.total_seconds()}
            for rung in self.rungs
        ]


DEFAULT = Ladder("default", (Rung(("duty",), timedelta(seconds=60)),))
"""For incidents without a ladder of their own, where the town has named none `default`."""


def begin(
    connection: Connection,
    incident: int,
    ladder: Ladder,
    addresses: Iterable[Address],
    now: datetime,
) -> list[int]:
    """Start a ladder for a new incident in the caller's commit: its row, and the notes of its
    first rung. Returns the notes' numbers."""
    connection.execute(
        insert(t.ladders).values(
            incident=incident,
            name=ladder.name,
            rungs=ladder.to_plain(),
            rung=0,
            told=1,
            due_at=now + ladder.rungs[0].acknowledge_within,
            hurried=-1,
        )
    )
    return write_alarm(connection, incident, 0, 1, addresses, now)


def replace(
    connection: Connection,
    incident: int,
    ladder: Ladder,
    addresses: Iterable[Address],
    now: datetime,
) -> None:
    """A graver alarm joined the incident: from now on it is told by this ladder, from its start."""
    own = t.ladders.c.incident == incident
    told = connection.execute(select(t.ladders.c.told).where(own)).scalar_one() + 1
    connection.execute(
        update(t.ladders).where(own).values(
            name=ladder.name, rungs=ladder.to_plain(), rung=0, told=told, hurried=-1,
            due_at=now + ladder.rungs[0].acknowledge_within,
        )
    )  # fmt: skip
    write_alarm(connection, incident, 0, told, addresses, now)


def end(connection: Connection, incident: int, now: datetime) -> None:
    """Stop telling, in the commit of the answer; what waits to be told is told no more."""
    connection.execute(
        update(t.ladders)
        .where(t.ladders.c.incident == incident, t.ladders.c.ended_at.is_(None))
        .values(ended_at=now)
    )
    connection.execute(
        update(t.outbox)
        .where(t.outbox.c.incident == incident, t.outbox.c.state == "pending")
        .where(t.outbox.c.kind == "alarm")
        .values(state="superseded")
    )


def hurry(connection: Connection, incident: int, rung: int, now: datetime) -> bool:
    """A delivery of `rung` failed: let the next rung be told now, once for each rung. The last
    one has no other way to offer, and keeps its pace."""
    row = t.ladders.c
    query = select(t.ladders).where(row.incident == incident, row.ended_at.is_(None))
    ladder = connection.execute(query.where(row.rung == rung, row.hurried < rung)).first()
    if ladder is None or rung >= len(ladder.rungs) - 1:
        return False
    connection.execute(
        update(t.ladders).where(row.incident == incident).values(due_at=now, hurried=rung)
    )
    return True


class Ladders:
    """Tells each rung when it is due. All it knows is in the database, so a restart changes
    nothing."""

    def __init__(self, store: Store, clock: Clock, recipients: Recipients) -> None:
        self._store = store
        self._clock = clock
        self._recipients = recipients
        self._waker = Waker(clock, "ladders")

    def poke(self) -> None:
        """Something changed: look again which rung is due next."""
        self._waker.poke()

    async def run(self) -> None:
        """Serve for ever."""
        while True:
            due = await self._store.read(_next_due)
            if due is not None and due.due_at <= self._clock.now():
                await self._advance(due)
                continue
            await self._waker.wait(None if due is None else due.due_at)

    async def _advance(self, ladder: Row[Any]) -> None:
        rung = min(ladder.rung + 1, len(ladder.rungs) - 1)
        spec = ladder.rungs[rung]
        addresses = await self._recipients.resolve(spec["notify"])
        told = await self._store.write(
            lambda connection: self._tell(connection, ladder, rung, spec, addresses)
        )
        if told:
            log.warning("incident %d: nobody answered; rung %d told", ladder.incident, rung + 1)
            self.on_notes()

    def on_notes(self) -> None:
        """Called when notes were written; the outbox takes this place."""

    def _tell(
        self,
        connection: Connection,
        ladder: Row[Any],
        rung: int,
        spec: Mapping[str, Any],
        addresses: list[Address],
    ) -> bool:
        incident = get(connection, ladder.incident)
        now = self._clock.now()
        if incident is None or incident.status is not Status.OPEN:
            end(connection, ladder.incident, now)
            return False
        still = connection.execute(
            update(t.ladders)
            .where(t.ladders.c.incident == ladder.incident, t.ladders.c.ended_at.is_(None))
            .where(t.ladders.c.told == ladder.told)
            .values(
                rung=rung,
                told=ladder.told + 1,
                due_at=now + timedelta(seconds=spec["within_s"]),
            )
        )
        if not still.rowcount:
            return False
        late = now - ladder.due_at
        detail = f"{late.total_seconds():.0f} s late" if late > LATE else ""
        note(connection, ladder.incident, now, HUB, f"rung {rung + 1} told", detail)
        supersede(connection, ladder.incident, addresses)
        write_alarm(connection, ladder.incident, rung, ladder.told + 1, addresses, now)
        return True


def _next_due(connection: Connection) -> Row[Any] | None:
    query = select(t.ladders).where(t.ladders.c.ended_at.is_(None)).order_by(t.ladders.c.due_at)
    return connection.execute(query.limit(1)).first()
