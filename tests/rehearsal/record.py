"""Makes the record of a town: its rules on a stage, and the real recorder beside them."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.clock import VirtualClock
from hub.config.check import load
from hub.history.recorder import Recorder
from hub.model.entity import State, StateValue
from hub.model.event import Event, from_plain
from hub.rehearsal import loop
from hub.rehearsal.stage import Stage
from hub.store.migrate import migrate
from hub.store.store import Store
from hub.store.tables import bulk
from hub.tasks import Tasks
from tests.rehearsal.conftest import Rehearsed

START = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)  # a Friday, 23:00 in Kyiv


@dataclass
class Then:
    """What can be let happen while it is recorded."""

    stage: Stage
    recorder: Recorder

    async def after(self, seconds: float) -> None:
        await self.stage.clock.advance(seconds, self.stage.settle)

    async def state(self, name: str, value: StateValue, **attributes: Any) -> None:
        now = self.stage.clock.now()
        self.stage.adopt(name, None)
        self.stage.set_state(
            State(
                entity_id=name, value=value, attributes=attributes, changed_at=now, updated_at=now
            )
        )
        await self.stage.settle()

    async def event(self, kind: str, source: str, **data: Any) -> Event:
        event = from_plain({"type": kind, "source": source, **data}, self.stage.types)
        await self.stage.publish(event)
        await self.stage.settle()
        return event


def record(town: Rehearsed, happen: Callable[[Then], Awaitable[None]]) -> None:
    """Record what `happen` lets happen from START on, by the rules of the town's configuration."""
    with tempfile.TemporaryDirectory() as folder:
        loop.run(_record(town, Path(folder), happen))


async def _record(town: Rehearsed, folder: Path, happen: Callable[[Then], Awaitable[None]]) -> None:
    config = load(town.config, town.plugins)
    stage = Stage(config, folder, START, note=lambda _: None, traced=lambda _: None)
    store = Store.at(town.folder / "data" / "bulk.db")
    migrate(store, bulk)
    store.open()
    still = VirtualClock(START)  # the recorder takes the events' own times
    tasks = Tasks("record", still)
    recorder = Recorder(store, stage.bus, still, tasks)
    await stage.open(config.automations)
    recorder.start()
    await happen(Then(stage, recorder))
    await recorder.stop()
    await tasks.close()
    await stage.close()
    await store.close()
