"""Which capture process has which camera."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

STREAMS_EACH = 25
"""With `auto`, another process is begun when each has so many streams."""


class Spread:
    """Cameras stay where they are; a new one goes where its settings say, else where there is
    least to do. Processes are counted from 1; `most` is how many there may be with `auto`."""

    def __init__(self, processes: int | Literal["auto"], most: int) -> None:
        self._auto = processes == "auto"
        self._most = most if processes == "auto" else processes
        self.count = 1 if processes == "auto" else processes
        self._places: dict[str, int] = {}

    def __getitem__(self, camera: str) -> int:
        return self._places[camera]

    def get(self, camera: str) -> int | None:
        """The process of a camera, if it has one yet."""
        return self._places.get(camera)

    @property
    def cameras(self) -> frozenset[str]:
        """All that have a process."""
        return frozenset(self._places)

    def of(self, number: int) -> frozenset[str]:
        """The cameras of a process."""
        return frozenset(camera for camera, at in self._places.items() if at == number)

    def found(self, number: int, cameras: Iterable[str]) -> None:
        """A running process has these; those that another one has too stay with that one."""
        self._reach(number)
        for camera in cameras:
            self._places.setdefault(camera, number)

    def forget(self, cameras: Iterable[str]) -> None:
        """These are gone."""
        for camera in cameras:
            self._places.pop(camera, None)

    def place(self, streams: Mapping[str, int], pinned: Mapping[str, int]) -> None:
        """Give each camera that has none a process. `streams`: the cameras that there are, and how
        many streams each has; `pinned`: the processes that settings name."""
        load: Counter[int] = Counter()
        for camera, number in self._places.items():
            load[number] += streams.get(camera, 1)
        for camera in sorted(streams.keys() - self._places.keys()):
            number = self._named(pinned.get(camera)) or self._least(load)
            self._places[camera] = number
            load[number] += streams[camera]

    def _named(self, number: int | None) -> int | None:
        if number is not None:
            self._reach(number)
            return min(number, self.count)
        return None

    def _reach(self, number: int) -> None:
        if self._auto:
            self.count = max(self.count, min(number, self._most))

    def _least(self, load: Counter[int]) -> int:
        least = min(range(1, self.count + 1), key=lambda number: load[number])
        if self._auto and load[least] >= STREAMS_EACH and self.count < self._most:
            self.count += 1
            return self.count
        return least
