"""The waits of one trigger's `for:` while it listens: one for each key, an entity as a rule."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hub.automation.waits import Wait
from hub.model.event import Event

if TYPE_CHECKING:
    from hub.automation.triggers.base import Site, Trigger


def mark_of(trigger: Trigger) -> str:
    """A hash of what a trigger says: a wait is taken up only by a trigger that says the same."""
    plain = trigger.model_dump(mode="json", by_alias=True, exclude_unset=True)
    text = json.dumps(plain, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class _Held:
    task: asyncio.Task[Any]
    data: Mapping[str, Any]
    ends: float


class Holds:
    """Begins, ends and fires waits; keeps them over a restart through `site.waits`."""

    def __init__(self, site: Site, trigger: Trigger) -> None:
        self._site = site
        self._mark = mark_of(trigger)
        self._held: dict[str, _Held] = {}
        self.undecided: dict[str, Wait] = {
            wait.key: wait for wait in site.waits.take(site.place, self._mark)
        }
        """Waits from before a restart; each is to be given to `decide`."""

    def data(self, key: str) -> Mapping[str, Any] | None:
        """What the wait under way for this key will fire with; None where there is none."""
        held = self._held.get(key)
        return None if held is None else held.data

    def begin(
        self, key: str, span: timedelta, data: Mapping[str, Any], event: Event | None
    ) -> None:
        """Wait for `span`, then fire, unless the wait is dropped before."""
        self.drop(key)
        work = self._later(key, span.total_seconds(), data, event)
        task = self._site.tasks.start(work, f"wait of {self._site.owner}")
        ends = self._site.world.clock.monotonic() + span.total_seconds()
        self._held[key] = _Held(task, data, ends)
        self._site.waits.put(self._site.place, key, self._mark, span, data)

    def decide(self, key: str, matches: bool | None) -> bool:
        """What becomes of a wait from before the restart, now that the state is known: it goes on
        to its old end, or is dropped; None: the state is not known yet. True where it goes on."""
        if matches is None or key not in self.undecided:
            return False
        wait = self.undecided.pop(key)
        if not matches:
            self._site.waits.drop(self._site.place, key)
            return False
        left = max(timedelta(0), wait.due - self._site.world.clock.now())
        # a clock that is far behind after a restart makes no wait longer than it was
        self.begin(key, min(left, wait.data.get("for") or left), wait.data, None)
        return True

    def drop(self, key: str) -> None:
        """Wait no more, and do not fire."""
        held = self._held.pop(key, None)
        if held is not None:
            held.task.cancel()
            self._site.waits.drop(self._site.place, key)

    def close(self) -> None:
        """Drop all; a trigger that says the same may go on with them."""
        waits, place = self._site.waits, self._site.place
        now, clock = self._site.world.clock.monotonic(), self._site.world.clock.now()
        for key, held in list(self._held.items()):
            self.drop(key)
            due = clock + timedelta(seconds=held.ends - now)
            waits.leave(Wait(place=place, key=key, mark=self._mark, due=due, data=held.data))
        for key, wait in list(self.undecided.items()):
            self.decide(key, False)
            waits.leave(wait)

    async def _later(
        self, key: str, seconds: float, data: Mapping[str, Any], event: Event | None
    ) -> None:
        await self._site.world.clock.sleep(seconds)
        self._held.pop(key, None)
        self._site.waits.drop(self._site.place, key)
        self._site.fire(data, event)
