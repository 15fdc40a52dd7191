"""Makes the site of each trigger: of an automation, and of a run that waits for one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from hub.automation.ports import Links
from hub.automation.scope import Scope, World
from hub.automation.triggers.base import Site, Trigger
from hub.automation.waits import Waits
from hub.bus import Bus
from hub.model.event import Event
from hub.tasks import Tasks

log = logging.getLogger("hub.automation")

Fire = Callable[[Mapping[str, Any], Event | None], None]


class Sites:
    """What all triggers of the hub work with."""

    def __init__(self, *, bus: Bus, tasks: Tasks, world: World, links: Links) -> None:
        self._bus = bus
        self._tasks = tasks
        self._world = world
        self._links = links
        self.waits = links.waits or Waits(world.clock, tasks)

    def site(
        self,
        trigger: Trigger,
        index: int,
        *,
        owner: str,
        place: str,
        variables: Mapping[str, Any],
        fire: Fire,
    ) -> Site:
        """The site of one trigger. `place` names it for good, as in `panic_market:0`; `variables`
        are what its templates see. What it fires with gets its `platform`, `id`, `idx`, `alias`."""
        known = {
            "platform": trigger.word,
            "id": trigger.id if trigger.id is not None else str(index),
            "idx": str(index),
            "alias": trigger.alias,
        }

        def told(data: Mapping[str, Any], event: Event | None) -> None:
            try:
                fire({**data, **known}, event)
            except Exception:
                # a trigger that waits for time goes on to its next one
                log.exception("%s: what its trigger '%s' begins fails", owner, trigger.word)

        return Site(
            bus=self._bus,
            tasks=self._tasks,
            world=self._world,
            links=self._links,
            waits=self.waits,
            owner=owner,
            place=place,
            scope=Scope(self._world, variables),
            fire=told,
        )
