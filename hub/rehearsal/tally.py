"""Counts what rules did and would do, and pairs the one with the other as both go by."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.automation import trace_facts
from hub.automation.trace import Plain, Trace
from hub.model.core_events import AutomationRefused, AutomationTriggered, StateChanged
from hub.model.event import Event
from hub.rehearsal.acts import Deed

SAME = timedelta(seconds=2)
"""A run then and one now, no further apart than this, are the same: then, the hub took its time."""

MOST = 10_000  # differences that are kept; more are counted
RECENT = 100  # near misses of each automation that may explain a run that is missing
EVENTS = 1_000  # events that are remembered, to tell what a run then was triggered by


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A run that there was only then, or would be only now.

    - `now`: it would run now, and did not then.
    - `trigger`: what it was triggered by, where that is known; `place`: where the trigger stands in
      the configuration, `area`: where it happened in the town.
    - `why`: what stopped it now.
    """

    at: datetime
    automation: str
    now: bool
    trigger: str = ""
    place: str = ""
    area: str = ""
    why: str = ""


@dataclass(slots=True)
class Count:
    """What one automation did then, and would do now."""

    then: int = 0
    then_refused: int = 0
    now: int = 0
    refused: int = 0
    nearly: int = 0
    failed: int = 0
    only_then: int = 0
    only_now: int = 0
    actions: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Pairs:
    """The runs of one automation that wait for their counterpart."""

    then: deque[AutomationTriggered] = field(default_factory=deque)
    now: deque[Trace] = field(default_factory=deque)
    missed: deque[Trace] = field(default_factory=lambda: deque(maxlen=RECENT))


class Tally:
    """Hears all that was recorded, and all that happens on the stage, in the order of time.

    `only`: the automations that count; None: all. Memory does not grow with the record, but for
    at most MOST differences; `left_out` counts those beyond.
    """

    def __init__(self, only: Collection[str] | None = None) -> None:
        self.counts: dict[str, Count] = {}
        self.differences: list[Difference] = []
        self.left_out = 0
        self.events = 0
        self.first: datetime | None = None
        self._only = only
        self._pairs: dict[str, _Pairs] = {}
        self._events: OrderedDict[str, Event] = OrderedDict()

    def known(self, automations: Iterable[str]) -> None:
        """These are counted even where nothing comes of them."""
        for automation in automations:
            if self._wanted(automation):
                self.counts.setdefault(automation, Count())

    def _wanted(self, automation: str) -> bool:
        return self._only is None or automation in self._only

    def recorded(self, event: Event) -> None:
        """Something that happened then."""
        self.events += 1
        self.first = self.first or event.received_at
        if isinstance(event, AutomationTriggered) and self._wanted(event.automation):
            self._count(event.automation).then += 1
            self._then(event)
        elif isinstance(event, AutomationRefused) and self._wanted(event.automation):
            self._count(event.automation).then_refused += 1
        elif not isinstance(event, StateChanged):
            self._events[event.id] = event
            if len(self._events) > EVENTS:
                self._events.popitem(last=False)

    def traced(self, trace: Trace) -> None:
        """A trigger fired now."""
        if not self._wanted(trace.automation):
            return
        count = self._count(trace.automation)
        if trace.began:
            count.now += 1
            self._now(trace)
            return
        if trace.state == "refused":
            count.refused += 1
        elif trace.state == "false":
            count.nearly += 1
        else:
            count.failed += 1
        self._of(trace.automation).missed.append(trace)

    def noted(self, deed: object) -> None:
        """An action is asked for now."""
        if not isinstance(deed, Deed) or deed.call.automation is None:
            return
        if self._wanted(deed.call.automation):
            self._count(deed.call.automation).actions[deed.name] += 1

    def close(self) -> None:
        """All is told: what still waits for its counterpart has none."""
        for automation in self._pairs:
            self._expire(automation, None)
        self.differences.sort(key=lambda difference: difference.at)

    def _count(self, automation: str) -> Count:
        return self.counts.setdefault(automation, Count())

    def _of(self, automation: str) -> _Pairs:
        return self._pairs.setdefault(automation, _Pairs())

    def _then(self, event: AutomationTriggered) -> None:
        assert event.received_at is not None
        self._expire(event.automation, event.received_at)
        pairs = self._of(event.automation)
        if pairs.now:
            pairs.now.popleft()
        else:
            pairs.then.append(event)

    def _now(self, trace: Trace) -> None:
        self._expire(trace.automation, trace.started_at)
        pairs = self._of(trace.automation)
        if pairs.then:
            pairs.then.popleft()
        else:
            pairs.now.append(trace)

    def _expire(self, automation: str, moment: datetime | None) -> None:
        """What is older than SAME finds no counterpart any more."""
        pairs = self._of(automation)
        while pairs.then and _is_old(pairs.then[0].received_at, moment):
            self._only_then(pairs.then.popleft(), pairs.missed)
        while pairs.now and _is_old(pairs.now[0].started_at, moment):
            self._only_now(pairs.now.popleft())

    def _only_then(self, event: AutomationTriggered, missed: Iterable[Trace]) -> None:
        assert event.received_at is not None
        self._count(event.automation).only_then += 1
        stopped = [trace for trace in missed if abs(trace.started_at - event.received_at) <= SAME]
        cause = self._events.get(event.cause or "")
        difference = Difference(
            at=event.received_at,
            automation=event.automation,
            now=False,
            trigger=f"{cause.type} {cause.source}" if cause is not None else "",
            area=(cause.area if cause is not None else None) or "",
        )
        self._keep(_stopped(difference, stopped[0]) if stopped else difference)

    def _only_now(self, trace: Trace) -> None:
        self._count(trace.automation).only_now += 1
        if len(self.differences) >= MOST:
            self.left_out += 1
            return
        plain = trace.plain()
        self._keep(
            Difference(
                at=trace.started_at,
                automation=trace.automation,
                now=True,
                trigger=triggered_by(plain),
                place=plain["trigger"]["at"] or "",
                area=str(plain["trigger"]["seen"].get("area_id") or ""),
            )
        )

    def _keep(self, difference: Difference) -> None:
        if len(self.differences) < MOST:
            self.differences.append(difference)
        else:
            self.left_out += 1


def _is_old(at: datetime | None, moment: datetime | None) -> bool:
    return at is None or moment is None or moment - at > SAME


def _stopped(difference: Difference, trace: Trace) -> Difference:
    """The difference, with what the trace knows of it."""
    plain = trace.plain()
    return Difference(
        at=difference.at,
        automation=difference.automation,
        now=False,
        trigger=triggered_by(plain),
        place=plain["trigger"]["at"] or "",
        area=str(plain["trigger"]["seen"].get("area_id") or difference.area),
        why=why_not(plain),
    )


def triggered_by(plain: Plain) -> str:
    """What triggered it, with the state before and after where it was a state."""
    for fact in trace_facts.of_trigger(plain):
        if fact.name == "state":
            return f"{trace_facts.by_in_short(plain)}: {fact.before} → {fact.value}"
    return trace_facts.by_in_short(plain)


def why_not(plain: Plain) -> str:
    """Why a trigger led to no run: the condition that was false with what it saw, or a refusal."""
    for one in plain["conditions"]:
        if not one["passed"]:
            facts = trace_facts.of(one["seen"])
            seen = ", ".join(f"{fact.name} {fact.value}" for fact in facts)
            place = f"{one['at']}: " if one["at"] else ""
            return f"{place}the condition {one['kind']} is false{': ' if seen else ''}{seen}"
    return plain["error"] or str(plain["state"])
