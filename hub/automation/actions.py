"""All actions that automations may ask for, and how one is run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from hub.clock import Clock
from hub.model.action import Action, Call
from hub.model.problem import ActionFailed
from hub.tasks import begin

log = logging.getLogger("hub.automation")

TIMEOUT_S = 60.0
STUCK = 100  # calls of one action that go on though they were given up; no more are begun then


@dataclass(frozen=True, slots=True)
class _Entry:
    type: type[Action]
    services: Any
    owner: str
    stuck: set[asyncio.Task[Any]] = field(default_factory=set)


class ActionRegistry:
    """Actions by name, each with what it works on (`services`) and whose it is."""

    def __init__(self, clock: Clock, *, timeout: float = TIMEOUT_S) -> None:
        self._clock = clock
        self._timeout = timeout
        self._entries: dict[str, _Entry] = {}

    def add(self, action_type: type[Action], services: Any, owner: str) -> None:
        """Make an action known. Raises ValueError where its name is taken."""
        name = action_type.name
        if name in self._entries:
            raise ValueError(f"'{name}' is an action of {self._entries[name].owner} already")
        self._entries[name] = _Entry(action_type, services, owner)

    def remove(self, owner: str) -> None:
        """Forget all actions of an owner."""
        for name in [name for name, entry in self._entries.items() if entry.owner == owner]:
            del self._entries[name]

    def names(self) -> Iterable[str]:
        """The names of all actions."""
        return sorted(self._entries)

    def type_of(self, name: str) -> type[Action]:
        """The model of an action. Raises ActionFailed where there is none of this name now."""
        return self._entry(name).type

    async def run(self, name: str, data: Mapping[str, Any], call: Call) -> Any:
        """Check the data, then do it; returns what it answers.

        Raises ActionFailed, with a sentence for the operator: also where it takes longer than
        the time limit, and where it fails by a bug (which is logged), in whatever way.
        """
        entry = self._entry(name)
        if len(entry.stuck) >= STUCK:
            raise ActionFailed(f"{name}: {STUCK} calls that were given up have not ended yet")
        try:
            action = entry.type.model_validate(dict(data))
        except ValidationError as error:
            raise ActionFailed(f"{name}: {_first(error)}") from None
        work = begin(_contained(action, entry.services, call), name)
        if not work.done():
            await self._limited(name, entry, work)
        if work.cancelled():
            raise ActionFailed(f"{name}: it was broken off")
        raised = work.exception()
        if raised is None:
            return work.result()
        if isinstance(raised, ActionFailed):
            raise raised
        log.error("action '%s' of %s failed", name, entry.owner, exc_info=raised)
        raise ActionFailed(f"{name}: {raised.__class__.__name__}, see the log")

    async def _limited(self, name: str, entry: _Entry, work: asyncio.Task[Any]) -> None:
        """Waits for the work, but not for its end where it takes too long: one that does not heed
        its cancellation must not hold up the run."""
        ended = asyncio.get_running_loop().create_future()

        def end(_: object = None) -> None:
            if not ended.done():
                ended.set_result(None)

        work.add_done_callback(end)
        cancel_timer = self._clock.call_later(self._timeout, end)
        try:
            await ended
            if not work.done():
                raise ActionFailed(f"{name}: took longer than {self._timeout:.0f} s")
        finally:
            cancel_timer()
            if not work.done():
                entry.stuck.add(work)
                work.add_done_callback(entry.stuck.discard)
                work.cancel()

    def _entry(self, name: str) -> _Entry:
        entry = self._entries.get(name)
        if entry is None:
            raise ActionFailed(f"there is no action '{name}' now")
        return entry


async def _contained(action: Action, services: Any, call: Call) -> Any:
    try:
        return await action.run(services, call)
    except SystemExit as error:  # the event loop would end with it, and the hub
        raise RuntimeError(f"it asked the hub to exit with {error.code}") from error


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
