"""One rendering under way: what it may still spend, and what it has read so far."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from hub.clock import cpu_seconds

CPU_S = 0.2  # of this thread, counted from the first look at the clock
LOOK_EVERY = 256  # steps between two looks at the clock


class TooMuch(Exception):
    """The template went over a limit; the message says which."""


@dataclass(frozen=True, slots=True)
class Reads:
    """What a rendering looked at; it gives the same again as long as none of this changes.

    - `entities`: their states, attributes and times, also of such as are not there.
    - `domains`: all entities of these domains, those that are yet to come too.
    - `time`: the clock.
    - `everything`: all entities of the town.
    """

    entities: frozenset[str] = frozenset()
    time: bool = False
    everything: bool = False
    domains: frozenset[str] = frozenset()


NOTHING = Reads()


class Rendering:
    """What one rendering may spend and has read. `functions` are those of the town, for filters
    and tests that have to find them."""

    __slots__ = (
        "_ends",
        "_later",
        "domains",
        "entities",
        "everything",
        "functions",
        "left",
        "time",
    )

    def __init__(self, steps: int, functions: Mapping[str, Any]) -> None:
        self.left = min(steps, LOOK_EVERY)
        self.functions = functions
        self.entities: set[str] = set()
        self.domains: set[str] = set()
        self.time = False
        self.everything = False
        self._later = steps - self.left
        self._ends: float | None = None

    def spend(self, steps: int) -> None:
        """Take away steps. Raises TooMuch when none are left, or the time is up."""
        self.left -= steps
        if self.left < 0:
            self.refill()

    def hurry(self, steps: int) -> None:
        """Bring the next look at the clock nearer, at the price of no step: for work that takes
        long and makes little."""
        self._later += steps
        self.spend(steps)

    def refill(self) -> None:
        """The steps at hand are used up: look at the clock and hand out the next ones."""
        now = cpu_seconds()
        if self._ends is None:
            self._ends = now + CPU_S
        elif now > self._ends:
            raise TooMuch(f"it takes longer than {CPU_S} s")
        given = min(self._later, LOOK_EVERY - self.left)
        self.left += given
        self._later -= given
        if self.left < 0 or given == 0:
            raise TooMuch("it takes too many steps")

    def reads(self) -> Reads:
        """What was read up to now."""
        return Reads(frozenset(self.entities), self.time, self.everything, frozenset(self.domains))


current: ContextVar[Rendering] = ContextVar("rendering")
"""The rendering that is under way in this thread."""
