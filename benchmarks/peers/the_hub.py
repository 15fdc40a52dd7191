"""This hub as a side: all of it, as `hub run` puts it together."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

import hub
from benchmarks.peers.side import PLATE_READ, Automations, Off, write_in_files
from hub.app import Hub
from hub.automation.model import AutomationConfig
from hub.automation.scope import Scope, World
from hub.config.check import load
from hub.config.sealed import start
from hub.model.core_events import AutomationRefused, AutomationTriggered, StateChanged
from hub.model.entity import Entity
from hub.model.event import Event
from hub.plugin.loader import Plugins

PLUGINS = Path(__file__).parent / "plugins"
WRITTEN_S = 60.0
TURNS = 10  # of the event loop, after which runs that wait for nothing have ended


def _nothing(number: int) -> None:
    return None


class TheHub:
    """A Side."""

    on: Any = True
    off: Any = False
    acted: Callable[[int], None] = staticmethod(_nothing)

    async def start(self, folder: Path) -> None:
        self._plugins = Plugins([PLUGINS])
        path = self._configured([], folder, "[]")
        self._hub = Hub(start(path, self._plugins), listen="127.0.0.1:0")
        await self._hub.start()
        running = self._hub.supervisor.plugins["bench"]
        assert running.context is not None, running.why
        running.context.runtime.acted = self._acted
        self._plate = self._plugins.find("bench").module.Plate
        self._world = World(self._hub.registry, self._hub.clock, self._hub.config.time_zone)
        gc.collect()
        gc.freeze()  # as `hub run` does

    def _acted(self, number: int) -> None:
        self.acted(number)

    async def stop(self) -> None:
        await self._hub.stop(linger=False)

    def version(self) -> str:
        return f"Safe City Hub {hub.__version__}"

    def number(self, value: int) -> Any:
        return value

    def read_plate(self, number: str) -> None:
        now = self._hub.clock.now()
        event: Event = self._plate(source="bench", received_at=now, number=number)
        self._hub.bus.publish(event)

    def hear_plates(self, handler: Callable[[Any], None]) -> Off:
        return self._hub.bus.subscribe(PLATE_READ, handler, owner="benchmark")

    def hear_states(self, handler: Callable[[Any], None]) -> Off:
        return self._hub.bus.subscribe(StateChanged.type, handler, owner="benchmark")

    def hear_runs(self, handler: Callable[[Any], None]) -> Off:
        return self._hub.bus.subscribe(AutomationTriggered.type, handler, owner="benchmark")

    def hear_refusals(self, handler: Callable[[Any], None]) -> Off:
        return self._hub.bus.subscribe(AutomationRefused.type, handler, owner="benchmark")

    def add(self, entity_ids: Iterable[str], value: Any) -> None:
        found = [(Entity(entity_id=name, name=name, plugin="bench"), value) for name in entity_ids]
        self._hub.registry.add(found)

    def set(self, entity_id: str, value: Any, attributes: Mapping[str, Any] | None = None) -> None:
        self._hub.registry.set_state(entity_id, value, attributes)

    async def load(self, automations: Automations) -> None:
        checked = TypeAdapter(list[AutomationConfig]).validate_python(automations)
        await self._hub.engine.load(checked)
        gc.collect()
        gc.freeze()  # a hub loads its automations before it freezes what is there

    def write(self, automations: Automations, entity_ids: Iterable[str], folder: Path) -> Path:
        changed = folder / "changed"
        write_in_files(automations, changed / "automations")
        return self._configured(entity_ids, changed, "!include_dir automations")

    async def load_file(self, path: Path) -> int:
        config = load(path, self._plugins)
        await self._hub.engine.load(config.automations)
        return len(self._hub.engine.automations)

    def renderer(self, text: str) -> Callable[[], Any]:
        scope = Scope(self._world)
        return lambda: scope.render(text)

    async def settle(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def written(self) -> None:
        recorder, store = self._hub.history.recorder, self._hub.folder.bulk
        async with asyncio.timeout(WRITTEN_S):
            while recorder.waiting or store.asked:
                await recorder.flush()
                await asyncio.sleep(0.001)

    @staticmethod
    def _configured(entity_ids: Iterable[str], folder: Path, automations: Any) -> Path:
        path = folder / "config.yaml"
        config = {
            "hub": {"name": "Benchmark", "data_dir": "data"},
            "plugins": {"bench": {"entities": list(entity_ids)}},
        }
        path.write_text(yaml.safe_dump(config, sort_keys=False) + f"automations: {automations}\n")
        return path


class BareHub(TheHub):
    """The same without its history and its pages, as Home Assistant is without its recorder."""

    async def start(self, folder: Path) -> None:
        await super().start(folder)
        await self._hub.history.stop()
        await self._hub.web.stop()
