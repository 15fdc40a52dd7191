"""What either side is asked to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import yaml

PLATE_READ = "bench.plate"
"""The type of the event that is published; it has a field `number`."""

Off = Callable[[], None]
Automations = list[dict[str, Any]]

IN_A_FILE = 500
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def write_in_files(automations: Automations, folder: Path) -> None:
    """Write them as lists in YAML files, as operators spread theirs."""
    folder.mkdir(parents=True)
    for first in range(0, len(automations), IN_A_FILE):
        part = automations[first : first + IN_A_FILE]
        text = yaml.dump(part, Dumper=DUMPER, sort_keys=False)
        (folder / f"{first:06}.yaml").write_text(text)


class Side(Protocol):
    """A hub, or a Home Assistant, without anything of a town but what it is told.

    `on` and `off` are the states of a binary sensor, `number` makes a state of a number, as its
    own devices give them. `acted` is called by the actions `bench.hit` and `bench.work`, the
    latter 20 ms later, with what stands in their data under `n`.
    """

    on: Any
    off: Any
    acted: Callable[[int], None]

    async def start(self, folder: Path) -> None:
        """Start, with an empty folder to keep things in."""

    async def stop(self) -> None: ...

    def version(self) -> str: ...

    def number(self, value: int) -> Any: ...

    def read_plate(self, number: str) -> None:
        """Publish an event."""

    def hear_plates(self, handler: Callable[[Any], None]) -> Off:
        """Subscribe to the event."""

    def hear_states(self, handler: Callable[[Any], None]) -> Off:
        """Subscribe to all changes of states."""

    def hear_runs(self, handler: Callable[[Any], None]) -> Off:
        """Subscribe to what says that a run began."""

    def hear_refusals(self, handler: Callable[[Any], None]) -> Off:
        """Subscribe to what says that a trigger did not lead to a run."""

    def add(self, entity_ids: Iterable[str], value: Any) -> None:
        """Let entities appear."""

    def set(self, entity_id: str, value: Any, attributes: Mapping[str, Any] | None = None) -> None:
        """Give an entity a new state."""

    async def load(self, automations: Automations) -> None:
        """Check automations and let them listen."""

    def write(self, automations: Automations, entity_ids: Iterable[str], folder: Path) -> Path:
        """Write automations as an operator would; gives the file."""

    async def load_file(self, path: Path) -> int:
        """Read, check and load what `write` wrote; gives how many automations listen."""

    def renderer(self, text: str) -> Callable[[], Any]:
        """A template that was not seen before: each call renders it."""

    async def settle(self) -> None:
        """Let follow what follows."""

    async def written(self) -> None:
        """Wait until all that is recorded is in the database."""
