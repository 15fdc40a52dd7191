"""The bus: in-process, in line, indexed so that an event costs what its listeners cost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from hub.model.event import Event

log = logging.getLogger("hub.bus")

Handler = Callable[[Event], None]
Unsubscribe = Callable[[], None]


class _Subscription:
    __slots__ = ("again", "handler", "owner")

    def __init__(self, handler: Handler, owner: str, again: bool) -> None:
        self.handler = handler
        self.owner = owner
        self.again = again


class _Group:
    """Subscriptions in their order. The tuple that is walked is made anew only after a change, so
    a handler may subscribe or unsubscribe meanwhile."""

    __slots__ = ("_members", "_walked")

    def __init__(self) -> None:
        self._members: dict[_Subscription, None] = {}
        self._walked: tuple[_Subscription, ...] | None = ()

    def __len__(self) -> int:
        return len(self._members)

    def add(self, subscription: _Subscription) -> None:
        self._members[subscription] = None
        self._walked = None

    def remove(self, subscription: _Subscription) -> None:
        self._members.pop(subscription, None)
        self._walked = None

    def walk(self) -> tuple[_Subscription, ...]:
        if self._walked is None:
            self._walked = tuple(self._members)
        return self._walked


Fields = tuple[str, ...]
Values = tuple[Hashable, ...]


class _OfType:
    """Who listens to one type: to all its events, or to those whose fields have certain values.

    `by_fields` has an entry for each set of fields that somebody matches on; in it a subscription
    is found by the values alone. An event costs one look-up for each such set (there are few),
    however many subscriptions there are.
    """

    __slots__ = ("by_fields", "plain")

    def __init__(self) -> None:
        self.plain = _Group()
        self.by_fields: dict[Fields, dict[Values, _Group]] = {}

    def place(self, match: Mapping[str, Hashable]) -> _Group:
        if not match:
            return self.plain
        fields = tuple(sorted(match))
        values = tuple(match[field] for field in fields)
        return self.by_fields.setdefault(fields, {}).setdefault(values, _Group())

    def tidy(self, match: Mapping[str, Hashable]) -> None:
        """Forget the place of subscriptions that have all gone."""
        fields = tuple(sorted(match))
        places = self.by_fields.get(fields, {})
        values = tuple(match[field] for field in fields)
        if values in places and not places[values]:
            del places[values]
        if not places:
            self.by_fields.pop(fields, None)

    @property
    def empty(self) -> bool:
        return not self.plain and not self.by_fields

    def wants(self, field: str, value: Hashable) -> bool:
        if self.plain:
            return True
        for fields, places in self.by_fields.items():
            if fields != (field,) or (value,) in places:
                return True
        return False

    def matching(self, event: Event) -> tuple[_Subscription, ...]:
        found: tuple[_Subscription, ...] = ()
        for fields, places in self.by_fields.items():
            values = tuple([field_of(event, field) for field in fields])
            try:
                group = places.get(values)
            except TypeError:  # a list or a mapping: nobody can match on it by the index
                continue
            if group is not None:
                found += group.walk()
        return found


class Bus:
    """Publish and subscribe. Handlers are called in line, in the order of subscription; they take
    note and return. What a handler raises is logged with its owner and reaches nobody else."""

    def __init__(self) -> None:
        self._all = _Group()
        self._of_type: dict[str, _OfType] = {}

    def subscribe(
        self,
        event_type: str | None,
        handler: Handler,
        *,
        owner: str,
        match: Mapping[str, Hashable] | None = None,
        again: bool = False,
    ) -> Unsubscribe:
        """Call `handler` for each event of a type (None: of any type).

        `match` names fields of the envelope or of the payload and the value that each must have.
        `again` takes redelivered events too; those who leave it out have already done what they do
        with it the first time.
        """
        subscription = _Subscription(handler, owner, again)
        if event_type is None:
            self._all.add(subscription)
            return lambda: self._all.remove(subscription)
        match = dict(match or {})
        of_type = self._of_type.setdefault(event_type, _OfType())
        group = of_type.place(match)
        group.add(subscription)

        def unsubscribe() -> None:
            group.remove(subscription)
            if match and not group:
                of_type.tidy(match)
            if of_type.empty and self._of_type.get(event_type) is of_type:
                del self._of_type[event_type]

        return unsubscribe

    def wants(self, event_type: str, field: str, value: Hashable) -> bool:
        """Whether anybody may want an event of this type with this value: where nobody does, it
        need not be made."""
        if self._all:
            return True
        of_type = self._of_type.get(event_type)
        return of_type is not None and of_type.wants(field, value)

    def publish(self, event: Event) -> None:
        """Hand the event to everybody who asks for it now."""
        listening = self._all.walk()
        of_type = self._of_type.get(event.type)
        if of_type is not None:
            listening += of_type.plain.walk()
            if of_type.by_fields:
                listening += of_type.matching(event)
        redelivered = event.redelivered
        for subscription in listening:
            if redelivered and not subscription.again:
                continue
            try:
                subscription.handler(event)
            except Exception:
                log.exception("%s failed on %s", subscription.owner, event.type)


_MISSING = object()


def field_of(event: Event, name: str) -> Any:
    """A field of the envelope or the payload by name; a value equal to nothing if absent."""
    value = getattr(event, name, _MISSING)
    return event.payload.get(name, _MISSING) if value is _MISSING else value
