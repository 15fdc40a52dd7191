"""Ways to reach people that only note what would have been told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.clock import Clock
from hub.model.notify import DeliveryFailed, Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A note that reached somebody, by the notifier `by`."""

    at: datetime
    note: Note
    by: str


class Ear:
    """Stands in for a notifier of the same name. `fails`: why nothing goes out by it now."""

    def __init__(self, name: str, contact: str, clock: Clock, told: Callable[[Told], None]) -> None:
        self.name = name
        self.contact = contact
        self.fails: str | None = None
        self._clock = clock
        self._told = told

    async def send(self, hub: Any, note: Note) -> Mapping[str, Any]:
        """Note it; the proof is that there was an ear. Raises DeliveryFailed while it fails."""
        if self.fails is not None:
            raise DeliveryFailed(self.fails)
        self._told(Told(at=self._clock.now(), note=note, by=self.name))
        return {"heard": self.name}
