"""Incidents: what a person must handle, and the life they may lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    LOW = "low"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def gravity(self) -> int:
        """0, 1, 2: the graver, the higher."""
        return list(Severity).index(self)


class Status(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    DISPATCHED = "dispatched"
    ON_SCENE = "on_scene"
    RESOLVED = "resolved"
    CLOSED = "closed"
    DISMISSED = "dismissed"


NEXT: dict[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.ACKNOWLEDGED, Status.DISMISSED}),
    Status.ACKNOWLEDGED: frozenset({Status.DISPATCHED, Status.RESOLVED, Status.DISMISSED}),
    Status.DISPATCHED: frozenset({Status.ON_SCENE, Status.RESOLVED, Status.DISMISSED}),
    Status.ON_SCENE: frozenset({Status.RESOLVED, Status.DISMISSED}),
    Status.RESOLVED: frozenset({Status.CLOSED}),
    Status.CLOSED: frozenset(),
    Status.DISMISSED: frozenset(),
}
"""Which status may follow which."""

ENDED = frozenset({Status.RESOLVED, Status.CLOSED, Status.DISMISSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident as it stands. Its history is in the incident's journal."""

    id: int
    kind: str
    severity: Severity
    status: Status
    area: str | None
    source: str | None
    title: str
    opened_at: datetime
    events: int = 1
    owner: str | None = None
    acknowledged_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    escalation: str | None = None
    drill: bool = False
    stored: bool = True
