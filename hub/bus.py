"""The bus: in-process, in line, indexed so that an event costs what its listeners cost."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

from hub.model.event import Event

log = logging.getLogger("hub.bus")

Handler = Callable[[Event], None]
Unsubscribe = Callable[[], None]


class _Subscription:
    __slots__ = ("again", "handler", "match", "owner")

    def __init__(
        self, handler: Handler, owner: str, match: Mapping[str, Hashable], again: bool
    ) -> None:
        self.handler = handler
        self.owner = owner
        self.again = again
        self.match = tuple(match.items())

    def wants(self, event: Event) -> bool:
        return all(field_of(event, name) == value for name, value in self.match)


class Bus:
    """Publish and subscribe. Handlers are called in line, in the order of subscription; they take
    note and return. What a handler raises is logged with its owner and reaches nobody else."""

    def __init__(self) -> None:
        self._all: list[_Subscription] = []
        self._by_type: dict[str, list[_Subscription]] = defaultdict(list)
        self._by_field: dict[str, dict[str, dict[Hashable, list[_Subscription]]]] = {}

    def subscribe(
        self,
        event_type: str | None,
        handler: Handler,
        *,
        owner: str,
        match: Mapping[str, Hashable] | None = None,
        again: bool = False,
    ) -> Unsubscribe:
        """Call `handler` for events of `event_type` (None: all) whose fields equal `match`.

        `match` names fields of the envelope or the payload. The first one is an index: an event
        whose value nobody asked for costs one look-up, however many subscriptions there are.

        `again`: also hear durable events that are given again after a crash; only for those who
        know by the event's id what they did with it the first time.
        """
        subscription = _Subscription(handler, owner, match or {}, again)
        place = self._place(event_type, subscription)
        place.append(subscription)

        def unsubscribe() -> None:
            if subscription in place:
                place.remove(subscription)

        return unsubscribe

    def _place(self, event_type: str | None, subscription: _Subscription) -> list[_Subscription]:
        if event_type is None:
            return self._all
        if not subscription.match:
            return self._by_type[event_type]
        field, value = subscription.match[0]
        fields = self._by_field.setdefault(event_type, {})
        return fields.setdefault(field, {}).setdefault(value, [])

    def publish(self, event: Event) -> None:
        """Hand the event to everybody who asked for it."""
        for subscription in self._listeners(event):
            if event.redelivered and not subscription.again:
                continue
            try:
                subscription.handler(event)
            except Exception:
                log.exception("%s failed on %s", subscription.owner, event.type)

    def _listeners(self, event: Event) -> Iterator[_Subscription]:
        yield from tuple(self._all)
        yield from tuple(self._by_type.get(event.type, ()))
        for field, values in self._by_field.get(event.type, {}).items():
            value = field_of(event, field)
            if not isinstance(value, Hashable):
                continue
            for subscription in tuple(values.get(value, ())):
                if subscription.wants(event):
                    yield subscription


_MISSING = object()


def field_of(event: Event, name: str) -> Any:
    """A field of the envelope or the payload by name; a value equal to nothing if absent."""
    value = getattr(event, name, _MISSING)
    return event.payload.get(name, _MISSING) if value is _MISSING else value
