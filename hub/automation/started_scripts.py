"""Scripts that run by themselves: started by `script.turn_on`, which does not wait for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hub.automation.gates import LOOP_S, TURNS, chain, leads_on
from hub.automation.run import Run, Tools
from hub.automation.runner import Runner
from hub.automation.scope import Scope, World
from hub.automation.script_model import DOMAIN
from hub.automation.scripts import Script
from hub.automation.trace import Trace
from hub.automation.traces import TraceBook
from hub.model.event import new_id
from hub.model.problem import ActionFailed


@dataclass(frozen=True, slots=True)
class _CallStep:
    """The one step of such a run."""

    word: ClassVar[str] = "action"

    script: str
    data: Mapping[str, Any]
    alias: str | None = None
    enabled: bool = True
    continue_on_error: bool = False

    async def run(self, run: Run, path: str) -> None:
        run.note(action=f"{DOMAIN}.{self.script}", data=self.data)
        await run.tools.scripts.call(run, path, self.script, self.data)


class StartedScripts:
    """Starts scripts, each in a run of its own. Such runs end with the hub."""

    def __init__(self, tools: Tools, world: World, runner: Runner, traces: TraceBook) -> None:
        self._tools = tools
        self._world = world
        self._runner = runner
        self._traces = traces
        self.runs: list[Run] = []

    def start(self, script: Script, data: Mapping[str, Any]) -> None:
        """Begin a run of a script. Raises ActionFailed where the data does not fit its fields, or
        it starts itself again and again."""
        clock = self._tools.clock
        try:
            script.config.given(data)
        except ValueError as error:
            raise ActionFailed(f"{script.entity_id}: {error}") from None
        turns = [hop.at for hop in chain.get() if hop.automation == script.entity_id]
        if len(turns) >= TURNS and clock.monotonic() - turns[-TURNS] < LOOP_S:
            why = f"it starts itself: {TURNS} times within {LOOP_S:.0f} s"
            raise ActionFailed(f"{script.entity_id}: {why}")
        trace = Trace(
            run=new_id(),
            automation=script.entity_id,
            started_at=clock.now(),
            trigger={},
            began=True,
        )
        self._traces.add(trace, script.config.trace.stored_traces)
        run = Run(trace=trace, scope=Scope(self._world), tools=self._tools, event=None)
        self.runs.append(run)
        with leads_on(script.entity_id, run.id, clock):
            self._runner.start(
                run, [_CallStep(script.name, data)], row=None, ended=self.runs.remove
            )
