"""The journal of durable events: committed and synced before anybody is told or thanked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from hub.alarms.tables import journal
from hub.clock import Clock
from hub.model.event import Event, from_plain, to_plain
from hub.store.store import Store


async def _nobody(event: Event) -> None:
    """Where no alarm path listens: a journal by itself."""


class Journal:
    """Takes durable events, and knows which of them nobody has answered for.

    An event is *claimed* when an automation has started a run for it, and *settled* when an
    incident or a message came of it, or a person was told.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.types: Mapping[str, type[Event]] = {}
        self.on_unhandled: Callable[[Event], Awaitable[None]] = _nobody

    async def accept(self, event: Event) -> bool:
        """Commit the event. False where this very event (by id) was accepted before."""
        row = {
            "id": event.id,
            "type": event.type,
            "source": event.source,
            "accepted_at": self._clock.now(),
            "event": to_plain(event),
        }
        try:
            await self._store.write(lambda connection: connection.execute(insert(journal), [row]))
        except IntegrityError:
            return False
        return True

    def claim(self, connection: Connection, event_id: str, automation_id: str) -> None:
        """Note, in the caller's commit, that a run answers for the event."""
        connection.execute(
            update(journal)
            .where(journal.c.id == event_id, journal.c.claimed_by.is_(None))
            .values(claimed_by=automation_id)
        )

    async def unhandled(self, event_id: str) -> None:
        """The run that claimed the event has ended. If nothing came of it, the default incident
        is open when this returns."""
        if await self._store.read(lambda connection: is_settled(connection, event_id)):
            return
        event = await self.event(event_id)
        if event is not None:
            await self.on_unhandled(event)

    async def unclaimed(self) -> list[Event]:
        """Events that nobody answers for, in the order they were accepted."""
        return await self._open(journal.c.claimed_by.is_(None))

    async def unsettled(self) -> list[Event]:
        """Events of which nothing came yet, claimed or not."""
        return await self._open(None)

    async def _open(self, condition: object) -> list[Event]:
        query = select(journal.c.event).where(journal.c.settled_at.is_(None))
        if condition is not None:
            query = query.where(condition)  # type: ignore[arg-type]
        rows = await self._store.read(
            lambda connection: connection.execute(query.order_by(journal.c.seq)).scalars().all()
        )
        return [self._read(row) for row in rows]

    def _read(self, plain: Mapping[str, Any]) -> Event:
        try:
            return from_plain(plain, self.types)
        except ValidationError:  # its type has changed since
            return from_plain(plain, {})

    async def event(self, event_id: str) -> Event | None:
        """An accepted event by its id."""
        query = select(journal.c.event).where(journal.c.id == event_id)
        plain = await self._store.read(lambda connection: connection.execute(query).scalar())
        return None if plain is None else self._read(plain)


def settle(connection: Connection, event_id: str, clock: Clock, by: str) -> None:
    """Note, in the caller's commit, that something came of the event."""
    connection.execute(
        update(journal)
        .where(journal.c.id == event_id, journal.c.settled_at.is_(None))
        .values(settled_at=clock.now())
    )
    connection.execute(
        update(journal)
        .where(journal.c.id == event_id, journal.c.claimed_by.is_(None))
        .values(claimed_by=by)
    )


def is_settled(connection: Connection, event_id: str) -> bool:
    query = select(journal.c.settled_at).where(journal.c.id == event_id)
    return connection.execute(query).scalar() is not None
