"""What a run did, for people to read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from pydantic_core import to_jsonable_python

STEPS_KEPT = 500  # steps of one run that are noted


@dataclass(slots=True)
class StepTrace:
    """One step: what it saw and did."""

    path: str
    kind: str
    alias: str | None
    started_at: datetime
    seconds: float | None = None
    seen: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


@dataclass(slots=True, kw_only=True)
class Trace:
    """One run, or a trigger that led to none.

    `state` is running, finished, failed, stopped, refused (by the mode), or false (the
    conditions did not pass).
    """

    run: str
    automation: str
    started_at: datetime
    trigger: dict[str, Any]
    state: str = "running"
    durable: bool = False
    resumed: bool = False
    conditions: list[dict[str, Any]] = field(default_factory=list)
    steps: list[StepTrace] = field(default_factory=list)
    incident: int | None = None
    ended_at: datetime | None = None
    error: str | None = None

    def plain(self) -> dict[str, Any]:
        """JSON-ready; what JSON has no word for is spelled as text."""
        found: dict[str, Any] = to_jsonable_python(asdict(self), fallback=str)
        return found

    def step(self, trace: StepTrace) -> StepTrace:
        """Note a step that begins; beyond STEPS_KEPT it is not kept."""
        if len(self.steps) < STEPS_KEPT:
            self.steps.append(trace)
        return trace
