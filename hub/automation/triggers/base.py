"""What every trigger is, and what it is attached to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.automation.ports import Links
from hub.automation.scope import Scope, World
from hub.automation.words import Word
from hub.bus import Bus
from hub.model.event import Event
from hub.tasks import Tasks

Detach = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a trigger is attached: what it may listen to, and how it fires.

    - `fire(data, event)`: `data` is what templates see as `trigger`, beside `id`, `idx`, `alias`
      and `platform`; `event` is the event that did it, if one did.
    - `place` names the trigger for good, also over a restart, as in `panic_market:0`.
    - `scope` is what the trigger's own templates see (`trigger_variables`).
    """

    bus: Bus
    tasks: Tasks
    world: World
    links: Links
    owner: str
    place: str
    scope: Scope
    fire: Callable[[Mapping[str, Any], Event | None], None]


class Trigger(Word):
    """Base of all triggers."""

    id: str | None = None
    """What templates see as `trigger.id`; the trigger's place in the list where left out."""

    def attach(self, site: Site) -> Detach:
        """Begin to listen; what is returned ends it."""
        raise TypeError(f"{self.__class__.__name__} cannot be attached")
