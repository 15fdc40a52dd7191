"""Keeps the value of a template up to date, at the cost of what the template reads and no more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hub.automation.scope import Scope
from hub.automation.times import keep_time
from hub.bus import Bus, Unsubscribe
from hub.model.core_events import StateChanged
from hub.model.event import Event
from hub.tasks import Tasks
from hub.text.rendering import NOTHING, Reads
from hub.text.templates import TemplateProblem

log = logging.getLogger("hub.automation")

PAUSE_S = 1.0  # between two renderings of a template that reads a whole domain, or everything

Changed = Callable[[Any, Event | None], None]
"""Hears the new value, and the state change that brought it; None where the time did."""


class Tracked:
    """A template and its present value.

    It is rendered anew when the state of an entity that it read the last time changes, and at each
    full minute where it read the time. One that goes through all entities of a domain, or of the
    town, is rendered at most once a second; nothing that happens in between is left out of the
    value in the end.
    """

    def __init__(
        self, text: str, scope: Scope, *, bus: Bus, tasks: Tasks, owner: str, changed: Changed
    ) -> None:
        self.value: Any = None
        """What it gave the last time; None where it failed."""
        self.problem: TemplateProblem | None = None
        """How it failed the last time."""
        self.reads: Reads = NOTHING
        self._text = text
        self._scope = scope
        self._bus = bus
        self._tasks = tasks
        self._owner = owner
        self._changed = changed
        self._ends: dict[str, Unsubscribe] = {}
        self._minutes: asyncio.Task[Any] | None = None
        self._later: asyncio.Task[Any] | None = None
        self._rendered_at = 0.0
        self._closed = False

    def start(self) -> Any:
        """Render it for the first time, and listen from now on. The first value is returned, and
        not told to `changed`."""
        self._render()
        return self.value

    def close(self) -> None:
        """Listen no more."""
        self._closed = True
        self._listen(NOTHING)
        if self._later is not None:
            self._later.cancel()

    def _heard(self, event: Event) -> None:
        """A state that was read has changed."""
        if self._closed or not isinstance(event, StateChanged) or self._later is not None:
            return
        if not (self.reads.everything or self.reads.domains):
            self._again(event)
            return
        if not self._concerns(event.entity_id):
            return
        clock = self._scope.world.clock
        left = self._rendered_at + PAUSE_S - clock.monotonic()
        if left <= 0:
            self._again(event)
        else:
            self._later = self._tasks.start(self._after(left, event), f"template of {self._owner}")

    def _concerns(self, entity_id: str) -> bool:
        reads = self.reads
        domain = entity_id.partition(".")[0]
        return reads.everything or domain in reads.domains or entity_id in reads.entities

    async def _after(self, seconds: float, event: Event) -> None:
        await self._scope.world.clock.sleep(seconds)
        self._later = None
        self._again(event)

    async def _each_minute(self) -> None:
        def minute(moment: datetime) -> datetime:
            return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)

        await keep_time(self._scope.world.clock, minute, lambda: self._again(None), beats=True)

    def _again(self, event: Event | None) -> None:
        before = self.value
        self._render()
        if not _same(before, self.value):
            self._changed(self.value, event)

    def _render(self) -> None:
        self._rendered_at = self._scope.world.clock.monotonic()
        try:
            self.value, reads = self._scope.render_tracked(self._text)
            self.problem = None
        except TemplateProblem as problem:
            if self.problem is None or self.problem.why != problem.why:
                log.warning("%s: template: %s", self._owner, problem.why)
            self.value, self.problem, reads = None, problem, problem.reads
        if reads != self.reads:
            self._listen(reads)

    def _listen(self, reads: Reads) -> None:
        """Listen to what was read now, and no more to what was read before."""
        wanted = {""} if reads.everything or reads.domains else set(reads.entities)
        for gone in self._ends.keys() - wanted:
            self._ends.pop(gone)()
        for entity_id in wanted - self._ends.keys():
            match = {"entity_id": entity_id} if entity_id else None
            self._ends[entity_id] = self._bus.subscribe(
                StateChanged.type, self._heard, owner=self._owner, match=match
            )
        if reads.time and self._minutes is None:
            work = self._each_minute()
            name = f"minutes of a template of {self._owner}"
            self._minutes = self._tasks.start(work, name, alone=True)
        elif not reads.time and self._minutes is not None:
            self._minutes.cancel()
            self._minutes = None
        self.reads = reads


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same; 1, 1.0 and true are three."""
    return type(one) is type(other) and bool(one == other)
