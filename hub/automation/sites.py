"""Makes the site of each trigger: of an automation, and of a run that waits for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.automation.ports import Links
from hub.automation.scope import Scope, World
from hub.automation.triggers.base import Site, Trigger
from hub.bus import Bus
from hub.model.event import Event
from hub.tasks import Tasks

Fire = Callable[[Mapping[str, Any], Event | None], None]


class Sites:
    """What all triggers of the hub work with."""

    def __init__(self, *, bus: Bus, tasks: Tasks, world: World, links: Links) -> None:
        self._bus = bus
        self._tasks = tasks
        self._world = world
        self._links = links

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
            fire({**data, **known}, event)

        return Site(
            bus=self._bus,
            tasks=self._tasks,
            world=self._world,
            links=self._links,
            owner=owner,
            place=place,
            scope=Scope(self._world, variables),
            fire=told,
        )
