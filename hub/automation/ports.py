"""What the engine needs of the rooms around it; `hub/app.py` hands it in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import Connection

from hub.model.entity import Entity
from hub.text.functions import StateView


class Places(Protocol):
    """Which things are where."""

    def entities(self) -> Iterable[Entity]:
        """All entities of the town."""
        ...


class Town(StateView, Places, Protocol):
    """The registry, as the engine sees it: states and places."""


class JournalPort(Protocol):
    """The journal of durable events."""

    def claim(self, connection: Connection, event_id: str, automation_id: str) -> None:
        """Note that a run answers for the event, in the commit that writes the run."""
        ...

    async def unhandled(self, event_id: str) -> None:
        """The last run of the event ended; open the default incident if nothing came of it.

        Called before the end of the run is written, so that a crash between the two brings the
        call again, never loses it.
        """
        ...
