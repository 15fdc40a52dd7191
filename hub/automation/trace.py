"""What a run did, for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hub.automation.trace_values import Cutter

if TYPE_CHECKING:
    from hub.automation.conditions import Outcome

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

    `state` is running, finished, failed, stopped, refused (by the mode and its kin), or false
    (the conditions did not pass). `began` says that a run came of it; `number` is its place among
    all traces of this process. It holds values as they
    came: what JSON has no word for, and what is too long, is dealt with when somebody reads it.
    """

    run: str
    automation: str
    started_at: datetime
    trigger: Mapping[str, Any]
    state: str = "running"
    began: bool = False
    durable: bool = False
    resumed: bool = False
    conditions: Sequence[Outcome] = ()
    steps: list[StepTrace] = field(default_factory=list)
    steps_left_out: int = 0
    incident: int | None = None
    ended_at: datetime | None = None
    error: str | None = None
    number: int = 0

    @property
    def nearly(self) -> bool:
        """Whether it was triggered and no run came of it."""
        return not self.began

    def step(self, trace: StepTrace) -> StepTrace:
        """Note a step that begins; beyond STEPS_KEPT it is only counted."""
        if len(self.steps) < STEPS_KEPT:
            self.steps.append(trace)
        else:
            self.steps_left_out += 1
        return trace

    def plain(self) -> dict[str, Any]:
        """JSON-ready, and bounded in size; what JSON has no word for is spelled as text."""
        cutter = Cutter()
        return {
            "run": self.run,
            "automation": self.automation,
            "started_at": self.started_at.isoformat(),
            "ended_at": None if self.ended_at is None else self.ended_at.isoformat(),
            "state": self.state,
            "nearly": self.nearly,
            "durable": self.durable,
            "resumed": self.resumed,
            "incident": self.incident,
            "error": None if self.error is None else cutter.text(self.error),
            "trigger": cutter.plain(self.trigger),
            "conditions": [cutter.plain(outcome.plain()) for outcome in self.conditions],
            "steps": [self._step(step, cutter) for step in self.steps],
            "steps_left_out": self.steps_left_out,
        }

    @staticmethod
    def _step(step: StepTrace, cutter: Cutter) -> dict[str, Any]:
        return {
            "path": step.path,
            "kind": step.kind,
            "alias": step.alias,
            "started_at": step.started_at.isoformat(),
            "seconds": step.seconds,
            "seen": cutter.plain(step.seen),
            "error": None if step.error is None else cutter.text(step.error),
        }
