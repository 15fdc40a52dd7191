"""The book of traces: what ran last, and what nearly ran."""

from __future__ import annotations

import itertools
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from hub.automation.trace import Trace

RUNS = 20  # runs kept of each automation, where its configuration does not say otherwise
NEARLY = 20  # triggers kept of each automation that led to no run
MOST = 20_000  # traces in memory, of all automations


@dataclass(slots=True)
class Page:
    """The traces of one automation that are in memory, the oldest first."""

    runs: deque[Trace] = field(default_factory=deque)
    nearly: deque[Trace] = field(default_factory=deque)

    def __len__(self) -> int:
        return len(self.runs) + len(self.nearly)


class TraceBook:
    """Keeps the traces of the last runs of each automation, and apart from them those of the last
    triggers that led to no run: near misses push out no runs.

    Where there are more than MOST in memory, the automation that was heard of longest ago loses
    its own.
    """

    def __init__(self) -> None:
        self._pages: OrderedDict[str, Page] = OrderedDict()
        self._count = 0
        self._numbers = itertools.count(1)

    def add(self, trace: Trace, keep: int = RUNS) -> None:
        """Keep a trace, of a run that begins (`trace.began`) or of none, in place of the oldest of
        its kind. `keep`: how many runs of this automation are kept."""
        page = self._pages.get(trace.automation)
        if page is None:
            page = self._pages[trace.automation] = Page()
        kept, most = (page.runs, keep) if trace.began else (page.nearly, NEARLY)
        trace.number = next(self._numbers)
        kept.append(trace)
        self._count += 1
        while len(kept) > most:
            kept.popleft()
            self._count -= 1
        self._pages.move_to_end(trace.automation)
        while self._count > MOST:
            self._count -= len(self._pages.popitem(last=False)[1])

    def of(self, automation_id: str) -> list[Trace]:
        """The traces of an automation that are in memory, the oldest first."""
        page = self._pages.get(automation_id)
        if page is None:
            return []
        return sorted([*page.runs, *page.nearly], key=lambda trace: trace.number)
