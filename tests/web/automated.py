"""A town of the web's tests with an engine, whose automations stand in a config.yaml."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from hub.automation.actions import ActionRegistry
from hub.automation.engine import Engine
from hub.automation.model import AutomationConfig
from hub.automation.script_model import ScriptConfig
from hub.automation.trace import Trace
from hub.automation.trace_keeper import TraceKeeper
from hub.automation.traces import TraceBook
from hub.config.files import DiskFiles
from hub.config.lines import ConfigLines
from hub.config.source import read
from hub.config.tree import plain
from hub.model.action import Action, Call
from hub.model.problem import ActionFailed
from hub.web.services import Automations
from tests.web.conftest import WebTown

CONFIG = """
hub: {name: Козятин}
automations:
  - id: night_door
    alias: Двері школи вночі
    description: Хтось відчинив двері, коли школа зачинена.
    triggers:
      - trigger: state
        entity_id: binary_sensor.school_door
        to: "on"
        for: 00:00:00
    conditions:
      - or:
          - condition: time
            after: "22:00"
            before: "06:00"
          - "{{ 'secret' != 'do-not-tell' }}"
    actions:
      - variables: {level: "{{ states('sensor.river_level') }}"}
      - action: town.siren
        alias: Сирена
        data: {loud: true, token: !secret siren}
      - if: "{{ true }}"
        then:
          - delay: {seconds: 0}
          - action: town.broken
            continue_on_error: true
      - stop: досить
  - id: river
    triggers:
      - {trigger: state, entity_id: sensor.river_level}
    conditions: ["{{ false }}"]
    actions: [{stop: x}]
    enabled: true
  - id: panic
    alias: Тривожна кнопка на ринку
    triggers:
      - {trigger: event, event_type: panic_button.pressed, area_id: market}
    actions:
      - action: incident.open
        data: {kind: panic, severity: critical, escalation: life_safety}
    mode: parallel
scripts:
  noise:
    alias: Гучно
    description: Сирена на хвилину.
    sequence:
      - action: town.siren
        data: {loud: true}
"""


class Siren(Action):
    """Make a noise."""

    name: ClassVar[str] = "town.siren"

    loud: bool = False
    token: str = ""

    async def run(self, hub: Any, call: Call) -> Any:
        return {"played": "гучно" if self.loud else "тихо"}


class Broken(Action):
    """Fail."""

    name: ClassVar[str] = "town.broken"

    async def run(self, hub: Any, call: Call) -> Any:
        raise ActionFailed("сирена мовчить")


class _Journal:
    def claim(self, connection: Any, event_id: str, automation_id: str) -> None:
        pass

    async def unhandled(self, event_id: str) -> None:
        pass


class Automated:
    """What was added to the town."""

    def __init__(self, town: WebTown) -> None:
        self.town = town
        path = town.folder / "config.yaml"
        path.write_text(CONFIG)
        (town.folder / "secrets.yaml").write_text("siren: do-not-tell\n")
        source = read(DiskFiles(path), str(path.parent))
        assert source.root is not None
        lines = self.lines = ConfigLines(source.root, source.excerpts)
        self.book = TraceBook(lambda: lines)
        self.keeper = TraceKeeper(self.book, town.bulk_store, town.clock, town.tasks)
        actions = ActionRegistry(town.clock)
        for action in (Siren, Broken):
            actions.add(action, None, "tests")
        self.engine = Engine(
            bus=town.bus,
            clock=town.clock,
            tasks=town.tasks,
            store=town.alarm_store,
            town=town.registry,
            actions=actions,
            journal=_Journal(),
            time_zone=ZoneInfo("Europe/Kyiv"),
            event_types={},
            traces=self.book,
        )
        block = source.root.child("automations")
        assert block is not None
        scripts = source.root.child("scripts")
        assert scripts is not None
        self._scripts = {
            name: ScriptConfig.model_validate(one) for name, one in plain(scripts).items()
        }
        self._configs = [AutomationConfig.model_validate(one) for one in plain(block)]

    async def start(self) -> None:
        await self.keeper.start()
        self.engine.load_scripts(self._scripts)
        await self.engine.load(self._configs)
        await self.engine.start()
        automations = Automations(
            engine=self.engine, book=self.book, keeper=self.keeper, lines=lambda: self.lines
        )
        self.town.services = replace(self.town.services, automations=automations)

    async def stop(self) -> None:
        await self.engine.stop()
        await self.keeper.stop()

    async def ran(self, automation: str) -> Trace:
        """The last trace of an automation, once it has ended."""
        async with asyncio.timeout(60):
            while True:
                traces = self.book.of(automation)
                if traces and traces[-1].ended_at is not None:
                    return traces[-1]
                await asyncio.sleep(0.01)

    async def change(self, entity_id: str, value: Any) -> None:
        self.town.registry.set_state(entity_id, value)
        await asyncio.sleep(0.02)
