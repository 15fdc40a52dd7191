"""The engine: all automations, and the runs that outlive a crash."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy import Connection, delete, insert, select

from hub.automation.actions import ActionRegistry
from hub.automation.live import Automation, Parts
from hub.automation.model import AutomationConfig
from hub.automation.ports import JournalPort, Links, Town
from hub.automation.rows import RunRow, RunRows
from hub.automation.run import Run, Tools
from hub.automation.runner import Runner
from hub.automation.scope import World
from hub.automation.script_model import ScriptConfig
from hub.automation.scripts import Script, Scripts
from hub.automation.shown import AUTOMATIONS, automation_entity
from hub.automation.sites import Sites
from hub.automation.started_scripts import StartedScripts
from hub.automation.tables import automation_switches
from hub.automation.traces import TraceBook
from hub.bus import Bus
from hub.clock import Clock
from hub.model.entity import Location
from hub.model.event import Event, from_plain
from hub.store.store import Store
from hub.tasks import Tasks

log = logging.getLogger("hub.automation")

CATCH_UP = 20  # turns of the event loop in which a run finds back to its step

NO_LINKS = Links()


class Engine:
    """All automations of the hub. Order at start: `load`, `recover`, `start`; then durable events
    may be given again."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        tasks: Tasks,
        store: Store,
        town: Town,
        actions: ActionRegistry,
        journal: JournalPort,
        time_zone: ZoneInfo,
        location: Location | None = None,
        links: Links = NO_LINKS,
        event_types: Mapping[str, type[Event]],
        traces: TraceBook | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._journal = journal
        self._event_types = event_types
        self._rows = RunRows(store, journal, clock, tasks)
        world = World(town, clock, time_zone, location)
        sites = Sites(bus=bus, tasks=tasks, world=world, links=links)
        self._town = town
        self._scripts = Scripts(town, bus, clock)
        tools = Tools(
            actions=actions, bus=bus, clock=clock, rows=self._rows, sites=sites, tasks=tasks,
            scripts=self._scripts, event_types=event_types,
        )  # fmt: skip
        runner = Runner(tools, tasks, journal)
        self.traces = traces or TraceBook()
        """What automations and scripts did and nearly did last."""
        self._started_scripts = StartedScripts(tools, world, runner, self.traces)
        self._parts = Parts(
            bus=bus, tasks=tasks, world=world, sites=sites, tools=tools, rows=self._rows,
            runner=runner, traces=self.traces,
        )  # fmt: skip
        self._automations: dict[str, Automation] = {}
        self._retired: list[Automation] = []
        self._started = False

    @property
    def automations(self) -> Mapping[str, Automation]:
        """The automations by id, each with its last runs' traces."""
        return self._automations

    @property
    def runs(self) -> list[Run]:
        """All runs under way, those of automations that are no longer configured too."""
        owners = [*self._automations.values(), *self._retired]
        of_automations = [run for automation in owners for run in automation.runs]
        return [*of_automations, *self._started_scripts.runs]

    @property
    def scripts(self) -> Mapping[str, Script]:
        """The scripts by name."""
        return self._scripts.all

    def load_scripts(self, scripts: Mapping[str, ScriptConfig]) -> None:
        """Take over the scripts of a configuration; what runs goes on to its end by its old
        steps."""
        self._scripts.configure(scripts)

    async def load(self, automations: Iterable[AutomationConfig]) -> None:
        """Take over a configuration. One that says the same as before is left alone; a changed or
        removed one listens no more, and what runs goes on to its end by its old steps. The waits
        of a trigger that says the same go on."""
        switches = await self._switches()
        self._retired = [automation for automation in self._retired if automation.runs]
        before, self._automations = self._automations, {}
        with self._parts.sites.waits.over_a_change():
            for config in automations:
                self._automations[config.id] = self._taken_over(config, before, switches)
        for old in before.values():
            self._retire(old)
        all_of_them = self._automations.values()
        shown = [(automation_entity(each.id, each.config.alias), each.on) for each in all_of_them]
        self._town.replace_of(AUTOMATIONS, shown)

    def _taken_over(
        self,
        config: AutomationConfig,
        before: dict[str, Automation],
        switches: Mapping[str, bool],
    ) -> Automation:
        old = before.pop(config.id, None)
        if old is not None and old.fingerprint == config.fingerprint():
            return old
        if old is not None:
            self._retire(old)
        automation = Automation(config, self._parts)
        automation.on = switches.get(config.id, config.enabled)
        if self._started:
            automation.attach()
        return automation

    def _retire(self, automation: Automation) -> None:
        automation.detach()
        self._retired.append(automation)

    async def recover(self) -> None:
        """Resume the runs that were interrupted. Their actions must be known by now. When this
        returns they stand where they stood: an event that is given again may end a wait of
        theirs."""
        for row in await self._rows.unfinished():
            try:
                config = AutomationConfig.model_validate(row.config)
                self._owner(row, config).resume(row, config, self._event(row))
            except ValidationError:
                await self._give_up(row, "its configuration cannot be read by this version")
            except Exception:
                log.exception("run %s of '%s' cannot be read", row.id, row.automation_id)
                await self._give_up(row, "what was kept of it cannot be read")
        for _ in range(CATCH_UP):
            await asyncio.sleep(0)

    async def _give_up(self, row: RunRow, why: str) -> None:
        """A run that cannot be resumed: somebody is told of its event all the same."""
        log.error("run %s of '%s' cannot be resumed: %s", row.id, row.automation_id, why)
        try:
            await self._journal.unhandled(row.event_id)
            await self._rows.end(row.id, "failed", why, row.incident)
        except Exception:
            log.exception("run %s stays as it is till the next start", row.id)

    def _owner(self, row: RunRow, config: AutomationConfig) -> Automation:
        automation = self._automations.get(row.automation_id)
        for retired in self._retired:
            if automation is None and retired.id == row.automation_id:
                automation = retired
        if automation is None:
            automation = Automation(config, self._parts)
            self._retired.append(automation)
        return automation

    def _event(self, row: RunRow) -> Event:
        try:
            return from_plain(row.event, self._event_types)
        except ValidationError:  # its type has changed since
            return from_plain(row.event, {})

    async def start(self) -> None:
        """Listen to the triggers."""
        self._started = True
        for automation in self._automations.values():
            automation.attach()

    async def stop(self) -> None:
        """Listen no more, and end all runs; durable ones are resumed at the next start."""
        self._started = False
        for automation in self._automations.values():
            automation.detach()
        while runs := self.runs:
            for run in runs:
                if run.task is not None:
                    run.task.cancel()
            await asyncio.sleep(0)  # one that has not begun must begin to learn of it

    async def finish(self, runs: Iterable[Run], seconds: float) -> None:
        """Wait for the end of these runs, but no longer than that."""
        await asyncio.sleep(0)  # their tasks have begun now
        tasks = [run.task for run in runs if run.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def turn_on(self, automation_id: str) -> None:
        """Switch an automation on, also over a restart. Raises KeyError for an unknown id."""
        await self._switch(automation_id, True)

    async def turn_off(self, automation_id: str, *, stop_runs: bool = True) -> None:
        """Switch an automation off, also over a restart, and end what it runs."""
        await self._switch(automation_id, False)
        if stop_runs:
            self.stop_runs(automation_id)

    def stop_runs(self, automation_id: str) -> None:
        """End what an automation runs, by its steps before a reload too."""
        for automation in (*self._automations.values(), *self._retired):
            if automation.id == automation_id:
                automation.stop_runs("it was switched off")

    async def _switch(self, automation_id: str, on: bool) -> None:
        if automation_id not in self._automations:
            raise KeyError(automation_id)
        row = {"automation_id": automation_id, "enabled": on, "changed_at": self._clock.now()}

        def work(connection: Connection) -> None:
            table = automation_switches
            connection.execute(delete(table).where(table.c.automation_id == automation_id))
            connection.execute(insert(table), [row])

        await self._store.write(work)
        automation = self._automations[automation_id]  # there may have been a reload meanwhile
        automation.on = on
        automation.detach()
        if self._started:
            automation.attach()
        self._town.set_state(f"automation.{automation_id}", on)

    def is_on(self, automation_id: str) -> bool:
        """Whether an automation is switched on. Raises KeyError for an unknown id."""
        return self._automations[automation_id].on

    def trigger(self, automation_id: str, *, skip_condition: bool) -> None:
        """Run an automation as if a trigger had fired, also one that is switched off. Raises
        KeyError for an unknown id."""
        by_hand = {"platform": None, "id": None, "idx": None, "alias": None}
        self._automations[automation_id].fire(by_hand, None, skip_conditions=skip_condition)

    def start_script(self, name: str, data: Mapping[str, Any]) -> None:
        """Begin a run of a script by itself. Raises KeyError for an unknown name, and ActionFailed
        where the data does not fit its fields."""
        self._started_scripts.start(self._scripts[name], data)

    def stop_script(self, name: str) -> None:
        """End all that a script runs; whoever waits for it goes on. Raises KeyError for an unknown
        name."""
        self._scripts[name].stop("it was switched off")

    def script_runs(self, name: str) -> bool:
        """Whether a script runs. Raises KeyError for an unknown name."""
        return bool(self._scripts[name].callings)

    async def _switches(self) -> dict[str, bool]:
        table = automation_switches
        query = select(table.c.automation_id, table.c.enabled)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return {row[0]: row[1] for row in rows}
