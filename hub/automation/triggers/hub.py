"""Trigger `hub`: the hub has started, or is about to stop."""

from __future__ import annotations

from typing import ClassVar, Literal

from hub.automation.triggers.base import Detach, Site, Trigger
from hub.model.core_events import HubStarted, HubStopping
from hub.model.event import Event


class HubTrigger(Trigger):
    """The hub has started, or is about to stop. What `shutdown` begins has a few seconds."""

    word: ClassVar[str] = "hub"

    trigger: Literal["hub"]
    """`hub`."""
    event: Literal["start", "shutdown"]
    """`start`: all plugins were set up, or given up for now; `shutdown`: the hub is told to
    stop."""

    def listen(self, site: Site) -> Detach:
        """Listen to the hub's own word."""
        kind = HubStarted if self.event == "start" else HubStopping

        def handle(event: Event) -> None:
            site.fire({"event": self.event}, event)

        return site.bus.subscribe(kind.type, handle, owner=site.owner)
