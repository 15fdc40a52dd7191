"""People: who there is, which duties they hold, how they are reached."""

from __future__ import annotations

import asyncio
import logging
import re

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from hub.access.tables import contacts, duties, persons
from hub.clock import Clock
from hub.model.person import Person
from hub.store.store import Store

log = logging.getLogger("hub.access.people")

PATIENCE_S = 0.5

_DUTY = re.compile(r"[a-z][a-z0-9_]{0,39}")


class People:
    """Reads and writes people. The last list read is kept, so that an alarm is told also while
    the bulk database cannot be read."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._last: list[Person] = []

    async def all(self) -> list[Person]:
        """Everybody, by name."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                self._last = await self._store.read(_read)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.error("people cannot be read (%s); the last known list is used", error)
        return self._last

    async def add(
        self,
        name: str,
        *,
        duties_held: frozenset[str] = frozenset(),
        reached_by: dict[str, str] | None = None,
        language: str | None = None,
    ) -> bool:
        """Add a person, or change the one of that name; True where they are new.

        Raises ValueError for a name or duty that is no such, or an address that is another's.
        """
        name = name.strip()
        if not name or len(name) > 80:
            raise ValueError("a name has 1 to 80 characters")
        for duty in duties_held:
            if not _DUTY.fullmatch(duty):
                raise ValueError(f"'{duty}' is no duty: small Latin letters, digits and '_'")

        def work(connection: Connection) -> bool:
            found = connection.execute(select(persons.c.id).where(persons.c.name == name)).scalar()
            number = found if found is not None else self._insert(connection, name)
            if language is not None:
                row = persons.c.id == number
                connection.execute(update(persons).where(row).values(language=language))
            for duty in duties_held:
                if not _has_duty(connection, number, duty):
                    connection.execute(insert(duties).values(person=number, duty=duty))
            for contact, address in (reached_by or {}).items():
                _tie(connection, number, contact, address)
            return found is None

        return await self._store.write(work)

    def _insert(self, connection: Connection, name: str) -> int:
        result = connection.execute(insert(persons).values(name=name, added_at=self._clock.now()))
        key = result.inserted_primary_key
        assert key is not None
        return int(key[0])

    async def remove(self, name: str) -> bool:
        """Remove a person; False where there is none of that name."""
        query = delete(persons).where(persons.c.name == name)
        return await self._store.write(lambda c: c.execute(query).rowcount > 0)


def _has_duty(connection: Connection, number: int, duty: str) -> bool:
    query = select(duties).where(duties.c.person == number, duties.c.duty == duty)
    return connection.execute(query).first() is not None


def _tie(connection: Connection, number: int, contact: str, address: str) -> None:
    other = select(persons.c.name).join(contacts, contacts.c.person == persons.c.id)
    other = other.where(contacts.c.contact == contact, contacts.c.address == address)
    owner = connection.execute(other.where(persons.c.id != number)).scalar()
    if owner is not None:
        raise ValueError(f"this {contact} address is already that of {owner}")
    own = (contacts.c.person == number) & (contacts.c.contact == contact)
    connection.execute(delete(contacts).where(own))
    connection.execute(insert(contacts).values(person=number, contact=contact, address=address))


def _read(connection: Connection) -> list[Person]:
    held: dict[int, set[str]] = {}
    for row in connection.execute(select(duties)):
        held.setdefault(row.person, set()).add(row.duty)
    reached: dict[int, dict[str, str]] = {}
    for row in connection.execute(select(contacts)):
        reached.setdefault(row.person, {})[row.contact] = row.address
    return [
        Person(
            name=row.name,
            duties=frozenset(held.get(row.id, ())),
            contacts=reached.get(row.id, {}),
            language=row.language,
        )
        for row in connection.execute(select(persons).order_by(persons.c.name))
    ]
