"""One automation at work: from its triggers to its runs."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.automation.conditions import evaluate_all
from hub.automation.memo import pack, unpack
from hub.automation.model import AutomationConfig
from hub.automation.modes import Admission, admit
from hub.automation.rows import RunRow, RunRows
from hub.automation.run import Run, Tools
from hub.automation.runner import Runner
from hub.automation.scope import Scope, World
from hub.automation.sites import Sites
from hub.automation.trace import Trace
from hub.automation.traces import TraceBook
from hub.automation.triggers import Detach, Site
from hub.bus import Bus
from hub.model.core_events import AutomationRefused
from hub.model.event import Event, new_id, to_plain
from hub.tasks import Tasks
from hub.text.templates import TemplateProblem

log = logging.getLogger("hub.automation")

SEEN = 1_000  # durable events remembered, so that two triggers do not make two runs of one
LEVELS = {
    "silent": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every automation works with."""

    bus: Bus
    tasks: Tasks
    world: World
    sites: Sites
    tools: Tools
    rows: RunRows
    runner: Runner
    traces: TraceBook


class Automation:
    """An automation at work."""

    def __init__(self, config: AutomationConfig, parts: Parts) -> None:
        self.config = config
        self.fingerprint = config.fingerprint()
        self.on = config.enabled
        self.runs: list[Run] = []
        self.last_triggered: datetime | None = None
        self._parts = parts
        self._ends: list[Detach] = []
        self._seen: OrderedDict[str, None] = OrderedDict()

    @property
    def id(self) -> str:
        """Its name for the hub."""
        return self.config.id

    @property
    def traces(self) -> list[Trace]:
        """What it did and nearly did last, the oldest first."""
        return self._parts.traces.of(self.id)

    def attach(self) -> None:
        """Begin to listen, where it is switched on."""
        if not self.on or self._ends:
            return
        for index, trigger in enumerate(self.config.triggers):
            if trigger.enabled:
                self._ends.append(trigger.attach(self._site(index)))

    def detach(self) -> None:
        """Listen no more; what runs goes on."""
        while self._ends:
            self._ends.pop()()

    def stop_runs(self, reason: str) -> None:
        """End all that runs."""
        for run in list(self.runs):
            run.stop(reason)

    def _site(self, index: int) -> Site:
        return self._parts.sites.site(
            self.config.triggers[index],
            index,
            owner=f"automation '{self.id}'",
            place=f"{self.id}:{index}",
            variables={"this": self._this()},
            fire=self.fire,
        )

    def fire(self, trigger: Mapping[str, Any], event: Event | None) -> None:
        """A trigger fired: look at the conditions and the mode, then begin a run."""
        if event is not None and event.durable and event.redelivered:
            self._parts.tasks.start(self._fire_again(trigger, event), "an event given again")
        else:
            self._fire(trigger, event)

    async def _fire_again(self, trigger: Mapping[str, Any], event: Event) -> None:
        """An event given again after a crash may have had its run: that one is resumed by itself,
        and must not be refused, replaced or doubled because of this one."""
        if not await self._parts.rows.known(self.id, event.id):
            self._fire(trigger, event)

    def _fire(self, trigger: Mapping[str, Any], event: Event | None) -> None:
        durable = event is not None and event.durable
        if event is not None and event.id in self._seen:
            return
        trace = self._trace(trigger, durable=durable)
        scope = Scope(self._parts.world, {"trigger": dict(trigger), "this": self._this()})
        if not self._conditions_pass(scope, trace):
            self._keep(trace)
            return
        admission = admit(self.config.mode, self.config.max, len(self.runs))
        if admission.refused is not None:
            self._refuse(trace, admission.refused, event)
            return
        run = Run(trace=trace, scope=scope, tools=self._parts.tools, event=event)
        try:
            row = self._row(run, trigger, event) if event is not None and durable else None
        except TypeError as error:
            self._failed(trace, f"variables: {error}")
            self._keep(trace)
            return
        if event is not None and durable:
            self._remember(event.id)
        self.last_triggered = trace.started_at
        self._begin(run, self.config, admission, row)

    def _begin(
        self, run: Run, config: AutomationConfig, admission: Admission, row: RunRow | None
    ) -> None:
        run.trace.began = True
        self._keep(run.trace)
        after = list(self.runs) if admission.waits else []
        if admission.replaces:
            self.stop_runs("it was triggered anew")
        self.runs.append(run)
        self._parts.runner.start(run, config.actions, after=after, row=row, ended=self.runs.remove)

    def resume(self, row: RunRow, config: AutomationConfig, event: Event) -> None:
        """Go on with a run that was interrupted, by what its row says."""
        self._remember(event.id)
        trace = Trace(
            run=row.id,
            automation=self.id,
            started_at=row.started_at,
            trigger=row.trigger,
            durable=True,
            resumed=True,
        )
        variables = unpack(row.memo.get("", {}).get("variables", {}))
        scope = Scope(
            self._parts.world,
            {"trigger": unpack(row.trigger), "this": self._this(), **variables},
        )
        run = Run(
            trace=trace,
            scope=scope,
            tools=self._parts.tools,
            event=event,
            memo=dict(row.memo),
            incident=row.incident,
        )
        admission = admit(config.mode, config.max, len(self.runs))
        self._begin(run, config, admission, None)

    def _trace(self, trigger: Mapping[str, Any], *, durable: bool) -> Trace:
        return Trace(
            run=new_id(),
            automation=self.id,
            started_at=self._parts.tools.clock.now(),
            trigger=trigger,
            durable=durable,
        )

    def _keep(self, trace: Trace) -> None:
        self._parts.traces.add(trace, self.config.trace.stored_traces)

    def _conditions_pass(self, scope: Scope, trace: Trace) -> bool:
        """A condition that cannot tell does not pass, and says why in trace and log."""
        try:
            for name, value in self.config.variables.items():
                scope.variables[name] = scope.render(value)
            passed, outcomes = evaluate_all(self.config.conditions, scope)
        except TemplateProblem as problem:
            self._failed(trace, f"template: {problem.why}")
            return False
        except Exception:
            log.exception("automation '%s': its conditions fail by a bug", self.id)
            self._failed(trace, "a bug of the hub, see the log")
            return False
        trace.conditions = outcomes
        if not passed:
            trace.state, trace.ended_at = "false", trace.started_at
        return passed

    def _failed(self, trace: Trace, why: str) -> None:
        trace.state, trace.error, trace.ended_at = "failed", why, trace.started_at
        log.warning("automation '%s' did not run: %s", self.id, why)

    def _refuse(self, trace: Trace, why: str, event: Event | None) -> None:
        trace.state, trace.error, trace.ended_at = "refused", why, trace.started_at
        self._keep(trace)
        log.log(LEVELS[self.config.max_exceeded], "automation '%s' refused: %s", self.id, why)
        refused = AutomationRefused(
            source=f"automation.{self.id}",
            automation=self.id,
            why=why,
            cause=event.id if event is not None else None,
        )
        self._parts.bus.publish(refused.stamped(area=None, received_at=trace.started_at))

    def _row(self, run: Run, trigger: Mapping[str, Any], event: Event) -> RunRow:
        names = self.config.variables
        run.memo[""] = {"variables": pack({name: run.scope.variables[name] for name in names})}
        return RunRow(
            id=run.id,
            automation_id=self.id,
            event_id=event.id,
            event=to_plain(event),
            trigger=pack(trigger),
            config_hash=self.fingerprint,
            config=self.config.plain(),
            memo=run.memo,
            started_at=run.trace.started_at,
        )

    def _remember(self, event_id: str) -> None:
        self._seen[event_id] = None
        if len(self._seen) > SEEN:
            self._seen.popitem(last=False)

    def _this(self) -> dict[str, Any]:
        """What templates see as `this`: the automation as Home Assistant shows it."""
        return {
            "entity_id": f"automation.{self.id}",
            "state": "on" if self.on else "off",
            "attributes": {
                "id": self.id,
                "friendly_name": self.config.alias or self.id,
                "last_triggered": self.last_triggered,
                "mode": self.config.mode,
                "current": len(self.runs),
            },
        }
