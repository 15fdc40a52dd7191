"""What waits to be written: bounded, and when full the least important goes first."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

from hub.history.writing import STEP, Item, StateMet
from hub.model.core_events import StateChanged
from hub.model.event import Event

READINGS, STATES, EVENTS, DURABLE = range(4)
"""Classes of what is recorded, the least important first: numbers that are measured; on, off and
words; other events; events that are in the journal too."""
CLASSES = ("readings", "states", "events", "durable_events")

BOUND = 50_000


def class_of(event: Event) -> int:
    """How important it is that this is not lost."""
    if isinstance(event, StateChanged):
        return READINGS if type(event.new.value) in (float, int) else STATES
    if isinstance(event, StateMet):
        return READINGS
    return DURABLE if event.durable else EVENTS


@dataclass(frozen=True, slots=True)
class Shed:
    """How much of each class was dropped."""

    readings: int = 0
    states: int = 0
    events: int = 0
    durable_events: int = 0

    @property
    def total(self) -> int:
        return self.readings + self.states + self.events + self.durable_events

    def __str__(self) -> str:
        return (
            f"{self.readings} readings, {self.states} states, {self.events} events, "
            f"{self.durable_events} durable events"
        )


class Buffer:
    """At most `bound` events. They wait as they came; only where there are too many are they
    sorted into a queue for each class, since most never wait so long."""

    def __init__(self, bound: int = BOUND) -> None:
        self.bound = bound
        self._arrived: deque[Event] = deque()
        self._room = bound  # for what arrives unsorted
        self._queues: tuple[deque[Item], ...] = tuple(deque() for _ in CLASSES)
        self._next_id = STEP
        self._dropped: Counter[str] = Counter()

    def __len__(self) -> int:
        return self.bound - self._room + len(self._arrived)

    def put(self, event: Event) -> int:
        """Take note. When full, the oldest of the least important class is dropped, which may be
        this one. Returns how many have arrived since some were taken."""
        arrived = self._arrived
        arrived.append(event)
        if len(arrived) > self._room:
            self._sort()
        return len(arrived)

    def _sort(self) -> None:
        while self._arrived:
            event = self._arrived.popleft()
            self._queues[class_of(event)].append(self._numbered(event))
            self._room -= 1
        while self._room < 0:
            self._drop()

    def _numbered(self, event: Event) -> Item:
        item = Item(self._next_id, event)
        self._next_id += STEP
        return item

    def _drop(self) -> None:
        for name, queue in zip(CLASSES, self._queues, strict=True):
            if queue:
                queue.popleft()
                self._dropped[name] += 1
                self._room += 1
                return

    def take(self, limit: int) -> list[Item]:
        """The oldest of all classes, in the order of their arrival."""
        taken: list[Item] = []
        filled = [queue for queue in self._queues if queue]
        while filled and len(taken) < limit:
            queue = min(filled, key=_head)
            taken.append(queue.popleft())
            if not queue:
                filled.remove(queue)
        self._room += len(taken)
        while self._arrived and len(taken) < limit:
            taken.append(self._numbered(self._arrived.popleft()))
        return taken

    def put_back(self, items: list[Item]) -> None:
        """What was taken and could not be written, in front of the rest."""
        for item in reversed(items):
            self._queues[class_of(item.event)].appendleft(item)
        self._room -= len(items)
        if len(self._arrived) > self._room:
            self._sort()

    @property
    def shed(self) -> Shed:
        """How much was dropped since `start_over`."""
        return Shed(**self._dropped)

    def start_over(self) -> None:
        """Count what is dropped from zero."""
        self._dropped.clear()


def _head(queue: deque[Item]) -> int:
    return queue[0].id
