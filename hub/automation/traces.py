"""The book of traces: what ran last, and what nearly ran."""

from __future__ import annotations

import itertools
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from hub.automation.trace import Lines, Trace

RUNS = 20  # runs kept of each automation, where its configuration does not say otherwise
NEARLY = 20  # triggers kept of each automation that led to no run
MOST = 20_000  # traces in memory, of all automations

Mark = tuple[object, ...]


@dataclass(slots=True)
class Page:
    """The traces of one automation that are in memory, the oldest first."""

    runs: deque[Trace] = field(default_factory=deque)
    nearly: deque[Trace] = field(default_factory=deque)
    keep: int = RUNS

    def all(self) -> list[Trace]:
        """All in the order in which they came."""
        return sorted([*self.runs, *self.nearly], key=lambda trace: trace.number)


class TraceBook:
    """Keeps the traces of the last runs of each automation, and apart from them those of the last
    triggers that led to no run: near misses push out no runs.

    Where there are more than MOST in memory, the automation that was heard of longest ago loses
    its own. `lines` gives where the automations stand in the configuration of now; `heard` is
    called with each trace that is added.
    """

    def __init__(self, lines: Callable[[], Lines | None] = lambda: None) -> None:
        self._lines = lines
        self.heard: Callable[[Trace], None] | None = None
        self._pages: OrderedDict[str, Page] = OrderedDict()
        self._count = 0
        self._numbers = itertools.count(1)
        self._unwritten: dict[str, tuple[Trace, Mark | None]] = {}

    def add(self, trace: Trace, keep: int = RUNS) -> None:
        """Keep a trace, of a run that begins (`trace.began`) or of none, in place of the oldest of
        its kind. `keep`: how many runs of this automation are kept."""
        page = self._pages.get(trace.automation)
        if page is None:
            page = self._pages[trace.automation] = Page()
        page.keep = keep
        kept, most = (page.runs, keep) if trace.began else (page.nearly, NEARLY)
        trace.number = next(self._numbers)
        trace.lines = self._lines()
        kept.append(trace)
        self._unwritten[trace.run] = trace, None
        self._count += 1
        while len(kept) > most:
            self._forget(kept.popleft())
        self._pages.move_to_end(trace.automation)
        while self._count > MOST:
            for old in self._pages.popitem(last=False)[1].all():
                self._forget(old)
        if self.heard is not None:
            self.heard(trace)

    def of(self, automation_id: str) -> list[Trace]:
        """The traces of an automation that are in memory, the oldest first."""
        page = self._pages.get(automation_id)
        return [] if page is None else page.all()

    def automations(self) -> list[str]:
        """The automations that have traces in memory."""
        return list(self._pages)

    def keep(self, automation_id: str, *, nearly: bool) -> int:
        """How many of a kind are kept."""
        page = self._pages.get(automation_id)
        return NEARLY if nearly else RUNS if page is None else page.keep

    def unwritten(self, most: int) -> list[Trace]:
        """Those that have changed since they were written, the oldest first."""
        changed = (trace for trace, mark in self._unwritten.values() if mark != mark_of(trace))
        return list(itertools.islice(changed, most))

    def uncut(self) -> list[Trace]:
        """Those that are over and hold values as they came, the oldest first."""
        unwritten = (trace for trace, _ in self._unwritten.values())
        return [each for each in unwritten if each.ended_at is not None and not each.is_cut]

    def written(self, trace: Trace, mark: Mark) -> None:
        """It was written as it was at `mark`."""
        if trace.run not in self._unwritten:
            return
        if trace.ended_at is not None and mark == mark_of(trace):
            del self._unwritten[trace.run]
        else:
            self._unwritten[trace.run] = trace, mark

    def _forget(self, trace: Trace) -> None:
        self._count -= 1
        self._unwritten.pop(trace.run, None)


def mark_of(trace: Trace) -> Mark:
    """What changes whenever a trace does."""
    last = trace.steps[-1] if trace.steps else None
    steps = len(trace.steps), trace.steps_left_out, last and (last.seconds, last.error)
    return trace.state, trace.ended_at, trace.incident, steps
