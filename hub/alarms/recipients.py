"""Whom a rung names: duties, persons and notifiers, resolved when the rung is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.model.notify import DeliveryFailed, Note, Notifier
from hub.model.person import Person

PAGE = "page"
"""The notifier that is always there: the hub's own page."""


@dataclass(frozen=True, slots=True)
class Address:
    """One way to one person."""

    person: Person
    notifier: str
    address: str


class Recipients:
    """Resolves names against who is on duty now and which notifiers there are."""

    def __init__(self, people: Callable[[], Awaitable[list[Person]]]) -> None:
        self._people = people
        self._notifiers: dict[str, Notifier] = {}
        self._contexts: dict[str, Any] = {}

    def add(self, notifier: Notifier, context: Any) -> None:
        """`context` is handed to the notifier with each note: its plugin's `hub`."""
        self._notifiers[notifier.name] = notifier
        self._contexts[notifier.name] = context

    def remove(self, name: str) -> None:
        self._notifiers.pop(name, None)
        self._contexts.pop(name, None)

    async def send(self, name: str, note: Note) -> Mapping[str, Any]:
        """Hand a note to a notifier; raises DeliveryFailed, also where there is none such."""
        notifier = self._notifiers.get(name)
        if notifier is None:
            raise DeliveryFailed(f"no notifier '{name}' is running")
        return await notifier.send(self._contexts[name], note)

    async def person(self, name: str) -> Person:
        """Who this is now; a bare name where they are no longer known."""
        found = (person for person in await self._people() if person.name == name)
        return next(found, Person(name=name))

    async def by_contact(self, contact: str, address: str) -> Person | None:
        """The person who is reached at an address, or None for a stranger."""
        people = await self._people()
        return next((who for who in people if who.contacts.get(contact) == address), None)

    async def resolve(self, names: Iterable[str]) -> list[Address]:
        """Addresses for names of duties, persons or notifiers, each once, in order.

        A name that reaches nobody (a duty that no one holds, a person without contact) comes to
        the page, under that name, so that no rung is told to nobody.
        """
        people = await self._people()
        found: dict[tuple[str, str], Address] = {}
        for name in names:
            for address in self._of(name, people) or [_page(name)]:
                found.setdefault((address.notifier, address.address), address)
        return list(found.values())

    def _of(self, name: str, people: list[Person]) -> list[Address]:
        if name in self._notifiers:
            return self._by([person for person in people if person.duties], name)
        meant = [person for person in people if person.name == name or name in person.duties]
        return self._by(meant)

    def _by(self, people: list[Person], only: str | None = None) -> list[Address]:
        return [
            Address(person, notifier.name, person.contacts[notifier.contact])
            for person in people
            for notifier in self._notifiers.values()
            if notifier.contact in person.contacts and only in (None, notifier.name)
        ]

    async def everyone(self) -> list[Address]:
        """Everybody who holds any duty, by every way: for what must be told at all costs."""
        return self._by([person for person in await self._people() if person.duties])


def _page(name: str) -> Address:
    return Address(Person(name=name), PAGE, name)


class PageNotifier:
    """Tells by the hub's own page: a note is delivered when it is stored, since the page shows
    the outbox."""

    name = PAGE
    contact = PAGE

    async def send(self, hub: Any, note: Note) -> Mapping[str, Any]:
        return {"page": note.to.name}
