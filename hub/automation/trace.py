"""What a run did, for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from hub.automation.trace_values import Cutter

if TYPE_CHECKING:
    from hub.automation.conditions import Outcome

STEPS_KEPT = 500  # steps of one run that are noted

Path = tuple[str | int, ...]
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the configuration: `at` as in `config.yaml:14`; `text` without secrets, None where
    it may not be shown."""

    at: str
    text: str | None


class Lines(Protocol):
    """Where each part of an automation stood in the configuration that a run was made by."""

    def of(self, automation_id: str, path: Path) -> Line | None:
        """The line of a part, as in `("actions", 2, "then", 0)`; of the nearest part around it
        where it has none of its own; None where the automation itself is not known."""
        ...

    def enabled(self, automation_id: str, path: Path) -> Sequence[int]:
        """The numbers of those items of a list that are not switched off."""
        ...

    def scrub(self, text: str) -> str:
        """The text without the configuration's secrets."""
        ...


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
    all traces of this process; `lines` is where its automation stands. It holds values as they
    came: what JSON has no word for, and what is too long, is dealt with when somebody reads it, or
    soon after the run is over (`cut`).
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
    lines: Lines | None = None
    _cut: Plain | None = None

    @property
    def is_cut(self) -> bool:
        """Whether it holds no more than people will read of it."""
        return self._cut is not None

    def cut(self) -> None:
        """It is over: keep what people will read of it, and let go of the values as they came. Its
        `trigger`, its `conditions` and what its steps have seen are empty from now on."""
        self._cut = self.plain()
        self.trigger, self.conditions = {}, ()
        for step in self.steps:
            step.seen = {}

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

    def plain(self) -> Plain:
        """JSON-ready, of bounded size, without secrets; what JSON has no word for is spelled as
        text. `at` is a part's line, whose text stands in `lines`. Not to be changed."""
        return _Writer(self).plain() if self._cut is None else self._cut


class _Writer:
    """Writes one trace down."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._cutter = Cutter(trace.lines.scrub if trace.lines is not None else None)
        self._texts: dict[str, str | None] = {}

    def plain(self) -> Plain:
        trace = self._trace
        return {
            "run": trace.run,
            "automation": trace.automation,
            "at": self._at(trace.automation, ()),
            "started_at": trace.started_at.isoformat(),
            "ended_at": None if trace.ended_at is None else trace.ended_at.isoformat(),
            "state": trace.state,
            "nearly": trace.nearly,
            "durable": trace.durable,
            "resumed": trace.resumed,
            "incident": trace.incident,
            "error": self._text(trace.error),
            "trigger": {"at": self._trigger_at(), "seen": self._cutter.plain(trace.trigger)},
            "conditions": self._outcomes(trace.conditions, ("conditions",)),
            "steps": [self._step(step) for step in trace.steps],
            "steps_left_out": trace.steps_left_out,
            "lines": self._texts,
        }

    def _at(self, owner: str, path: Path) -> str | None:
        lines = self._trace.lines
        line = lines.of(owner, path) if lines is not None else None
        if line is None:
            return None
        self._texts[line.at] = line.text
        return line.at

    def _trigger_at(self) -> str | None:
        index = str(self._trace.trigger.get("idx", ""))
        if not index.isdecimal():
            return None
        return self._at(self._trace.automation, ("triggers", int(index)))

    def _text(self, text: str | None) -> str | None:
        return None if text is None else self._cutter.text(text)

    def _outcomes(self, outcomes: Sequence[Outcome], path: Path) -> list[Plain]:
        lines = self._trace.lines
        known = lines.enabled(self._trace.automation, path) if lines is not None else ()
        numbers = [*known, *range(len(known), len(outcomes))]
        return [
            self._outcome(outcome, (*path, number))
            for number, outcome in zip(numbers, outcomes, strict=False)
        ]

    def _outcome(self, outcome: Outcome, path: Path) -> Plain:
        inner = self._outcomes(outcome.inner, (*path, "conditions"))
        return {
            "kind": outcome.kind,
            "at": self._at(self._trace.automation, path),
            "passed": outcome.passed,
            "seen": self._cutter.plain(outcome.seen),
            **({"inner": inner} if inner else {}),
        }

    def _step(self, step: StepTrace) -> Plain:
        return {
            "path": step.path,
            "kind": step.kind,
            "alias": step.alias,
            "at": self._at(*_place(self._trace.automation, step.path)),
            "started_at": step.started_at.isoformat(),
            "seconds": step.seconds,
            "seen": self._cutter.plain(step.seen),
            "error": self._text(step.error),
        }


def _place(owner: str, path: str) -> tuple[str, Path]:
    """Whose step it is, and where it stands in its configuration: `2/script.siren/0` is the first
    step of a script that is called there, `sequence#3` the third turn of the same steps."""
    parts: list[str | int] = []
    of_automation = not owner.startswith("script.")
    for text in path.split("/"):
        if text.startswith("script."):
            owner, parts, of_automation = text, ["sequence"], False
        else:
            parts.append(int(text) if text.isdecimal() else text.partition("#")[0])
    if of_automation:
        return owner, ("actions", *parts)
    return owner, tuple(parts) if parts[0] == "sequence" else ()
