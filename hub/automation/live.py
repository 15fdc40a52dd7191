"""One automation at work: from its triggers to its runs."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.automation.conditions import evaluate_all
from hub.automation.gates import Gates, Refusal, leads_on
from hub.automation.memo import pack, unpack
from hub.automation.model import AutomationConfig
from hub.automation.modes import Admission, admit
from hub.automation.refusals import Refusals
from hub.automation.rows import RunRow, RunRows
from hub.automation.run import Run, Tools
from hub.automation.runner import Runner
from hub.automation.scope import Scope, World
from hub.automation.sites import Sites
from hub.automation.trace import Trace
from hub.automation.traces import TraceBook
from hub.automation.triggers import Detach, Site, at_load, flat
from hub.bus import Bus
from hub.model.core_events import AutomationTriggered
from hub.model.event import Event, new_id, to_plain
from hub.tasks import Tasks
from hub.text.templates import TemplateProblem

log = logging.getLogger("hub.automation")

SEEN = 1_000  # durable events remembered, so that two triggers do not make two runs of one


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
        self.id = config.id
        self.fingerprint = config.fingerprint()
        self.on = config.enabled
        self.runs: list[Run] = []
        self.last_triggered: datetime | None = None
        self._parts = parts
        self._triggers = flat(config.triggers)
        self._ends: list[Detach] = []
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._gates = Gates(config.id, config, parts.tools.clock)
        self._refusals = Refusals(config.id, config.max_exceeded, parts.bus, parts.tools.clock)

    @property
    def traces(self) -> list[Trace]:
        """What it did and nearly did last, the oldest first."""
        return self._parts.traces.of(self.id)

    def attach(self) -> None:
        """Begin to listen, where it is switched on."""
        if self.on and not self._ends:
            # whoever switched it on has not led to what it does from now on
            Context().run(self._attach)

    def _attach(self) -> None:
        for index, trigger in enumerate(self._triggers):
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
            self._triggers[index],
            index,
            owner=f"automation '{self.id}'",
            place=f"{self.id}:{index}",
            variables={"this": self._this(), **self._trigger_variables()},
            fire=self.fire,
        )

    def _trigger_variables(self) -> dict[str, Any]:
        """What the templates of triggers see, evaluated once."""
        try:
            return at_load(self.config.trigger_variables)
        except TemplateProblem as problem:
            log.error("automation '%s': trigger_variables: %s", self.id, problem.why)
            return {}

    def fire(
        self, trigger: Mapping[str, Any], event: Event | None, *, skip_conditions: bool = False
    ) -> None:
        """A trigger fired: look at the conditions, the gates and the mode, then begin a run."""
        if event is not None and event.durable and event.redelivered:
            self._parts.tasks.start(self._fire_again(trigger, event), "an event given again")
        else:
            self._fire(trigger, event, skip_conditions)

    async def _fire_again(self, trigger: Mapping[str, Any], event: Event) -> None:
        """An event given again after a crash may have had its run: that one is resumed by itself,
        and must not be refused, replaced or doubled because of this one."""
        if not await self._parts.rows.known(self.id, event.id):
            self._fire(trigger, event, skip_conditions=False)

    def _fire(self, trigger: Mapping[str, Any], event: Event | None, skip_conditions: bool) -> None:
        durable = event is not None and event.durable
        if event is not None and durable and event.id in self._seen:
            return
        trace = self._trace(trigger, durable=durable)
        scope = Scope(self._parts.world, {"trigger": trigger, "this": self._this()})
        if not self._passes(scope, trace, trigger, event, skip_conditions):
            return
        admission = admit(self.config.mode, self.config.max, len(self.runs))
        if admission.refused is not None:
            self._refuse(trace, Refusal(admission.refused), event)
            return
        run = Run(trace=trace, scope=scope, tools=self._parts.tools, event=event)
        try:
            row = self._row(run, trigger, event) if event is not None and durable else None
        except TypeError as error:
            self._failed(trace, f"variables: {error}")
            return
        if event is not None and durable:
            self._remember(event.id)
        self.last_triggered = trace.started_at
        self._gates.passed()
        self._begin(run, self.config, admission, row)

    def _begin(
        self, run: Run, config: AutomationConfig, admission: Admission, row: RunRow | None
    ) -> None:
        run.trace.began = True
        self._keep(run.trace)
        if admission.replaces:
            self.stop_runs("it was triggered anew")
        if admission.waits:
            run.turn = asyncio.Event()
        self.runs.append(run)
        with leads_on(self.id, run.id, self._parts.tools.clock):
            if not run.trace.resumed:
                self._tell_triggered(run)
            self._parts.runner.start(run, config.actions, row=row, ended=self._ended)

    def _ended(self, run: Run) -> None:
        """A run no longer counts; the one that has waited longest may go on."""
        self.runs.remove(run)
        if self.runs and self.runs[0].turn is not None:
            self.runs[0].turn.set()

    def _tell_triggered(self, run: Run) -> None:
        """In a turn of its own: automations that hear of each other would go too deep."""
        bus = self._parts.bus
        if bus.wants(AutomationTriggered.type, "automation", self.id):
            event = AutomationTriggered(
                source=f"automation.{self.id}",
                received_at=run.trace.started_at,
                cause=run.event.id if run.event is not None else None,
                automation=self.id,
                run=run.id,
            )
            asyncio.get_running_loop().call_soon(bus.publish, event)

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

    def _passes(
        self,
        scope: Scope,
        trace: Trace,
        trigger: Mapping[str, Any],
        event: Event | None,
        skip_conditions: bool,
    ) -> bool:
        """Whether conditions and gates let a run begin. One that cannot tell does not, and says why
        in trace and log."""
        try:
            self._set_variables(scope, trigger)
            if not skip_conditions:
                passed, trace.conditions = evaluate_all(self.config.conditions, scope)
                if not passed:
                    trace.state, trace.ended_at = "false", trace.started_at
                    self._keep(trace)
                    return False
            refusal = self._gates.refusal(trigger, scope)
        except TemplateProblem as problem:
            self._failed(trace, f"template: {problem.why}")
            return False
        except (ValueError, ArithmeticError) as error:
            self._failed(trace, f"conditions: {error}")
            return False
        except Exception:
            log.exception("automation '%s': its conditions fail by a bug", self.id)
            self._failed(trace, "a bug of the hub, see the log")
            return False
        if refusal is not None:
            self._refuse(trace, refusal, event)
        return refusal is None

    def _set_variables(self, scope: Scope, trigger: Mapping[str, Any]) -> None:
        index = trigger.get("idx")
        own = self._triggers[int(index)].variables if index is not None else {}
        for variables in (self.config.trigger_variables, own, self.config.variables):
            for name, value in variables.items():
                scope.variables[name] = scope.render(value)

    def _failed(self, trace: Trace, why: str) -> None:
        trace.state, trace.error, trace.ended_at = "failed", why, trace.started_at
        self._keep(trace)
        log.warning("automation '%s' did not run: %s", self.id, why)

    def _refuse(self, trace: Trace, refusal: Refusal, event: Event | None) -> None:
        trace.state, trace.error, trace.ended_at = "refused", refusal.why, trace.started_at
        self._keep(trace)
        self._refusals.tell(refusal, trace.started_at, event)

    def _row(self, run: Run, trigger: Mapping[str, Any], event: Event) -> RunRow:
        set_here = {k: v for k, v in run.scope.variables.items() if k not in ("trigger", "this")}
        run.memo[""] = {"variables": pack(set_here)}
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
