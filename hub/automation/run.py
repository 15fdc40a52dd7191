"""One run of an automation: its steps in order, and what was decided at each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from hub.automation.actions import ActionRegistry
from hub.automation.errors import SequenceEnds, StepFailed
from hub.automation.memo import pack, unpack
from hub.automation.rows import RunRows
from hub.automation.scope import Scope
from hub.automation.sites import Sites
from hub.automation.trace import StepTrace, Trace
from hub.bus import Bus
from hub.clock import Clock
from hub.model.action import Call
from hub.model.event import Event
from hub.model.problem import ActionFailed
from hub.text.templates import TemplateProblem

Memo = dict[str, dict[str, Any]]

UNDER_WAY = "it was under way when the hub ended, and is not safe to repeat"


class Runnable(Protocol):
    """A step, or a condition among steps."""

    word: ClassVar[str]

    @property
    def alias(self) -> str | None: ...

    @property
    def enabled(self) -> bool: ...

    @property
    def continue_on_error(self) -> bool: ...

    async def run(self, run: Run, path: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What runs work with."""

    actions: ActionRegistry
    bus: Bus
    clock: Clock
    rows: RunRows
    sites: Sites


class Run:
    """A run while it goes on. `memo` maps a step's path to what was decided there: a run with a
    row (`durable`) writes it down, and is resumed by it after a crash."""

    def __init__(
        self,
        *,
        trace: Trace,
        scope: Scope,
        tools: Tools,
        event: Event | None,
        memo: Memo | None = None,
        incident: int | None = None,
    ) -> None:
        self.id = trace.run
        self.trace = trace
        self.scope = scope
        self.event = event
        self.memo: Memo = memo if memo is not None else {}
        self.incident = incident
        self.actions = tools.actions
        self.clock = tools.clock
        self._rows = tools.rows
        self._step: StepTrace | None = None
        self.ended = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.begun = False
        self.stop_reason: str | None = None

    def stop(self, reason: str) -> None:
        """End the run from outside, for good: unlike one that ends with the hub it is not
        resumed."""
        if self.stop_reason is None:
            self.stop_reason = reason
            if self.begun and self.task is not None:
                self.task.cancel()  # a task that has not begun would never learn of it

    async def sequence(self, steps: Sequence[Runnable], path: str = "") -> None:
        """Run steps one after the other; a false condition among them ends this list."""
        for index, step in enumerate(steps):
            if not step.enabled:
                continue
            try:
                await self._one(step, f"{path}/{index}" if path else str(index))
            except SequenceEnds:
                return

    async def _one(self, step: Runnable, path: str) -> None:
        outer, began = self._step, self.clock.monotonic()
        self._step = trace = self.trace.step(
            StepTrace(path, step.word, step.alias, self.clock.now())
        )
        try:
            await step.run(self, path)
        except StepFailed as error:
            trace.error = str(error)
            if not step.continue_on_error:
                raise
        finally:
            trace.seconds = self.clock.monotonic() - began
            self._step = outer

    def note(self, **seen: Any) -> None:
        """Add to the trace of the step that runs."""
        if self._step is not None:
            self._step.seen.update(seen)

    async def decided(self, path: str, key: str, decide: Callable[[], Any]) -> Any:
        """What was decided at `path` before a crash; otherwise decide now, and keep it."""
        entry = self.memo.setdefault(path, {})
        if key in entry:
            return unpack(entry[key])
        try:
            value = decide()
            entry[key] = pack(value)
        except TemplateProblem as error:
            raise StepFailed(f"template: {error.why}") from None
        except (ActionFailed, TypeError, ValueError) as error:
            raise StepFailed(str(error)) from None
        await self._keep()
        return value

    async def act(
        self, path: str, name: str, data: Mapping[str, Any], targets: tuple[str, ...]
    ) -> Any:
        """Do an action once, and give its answer; a crash before now may have done it already."""
        entry = self.memo.setdefault(path, {})
        if "failed" in entry:
            raise StepFailed(entry["failed"])
        if "done" not in entry:
            await self._act(entry, path, name, data, targets)
        answer = unpack(entry["done"])
        self.note(answer=answer)
        self._take_incident(answer)
        return answer

    def _take_incident(self, answer: Any) -> None:
        """The rule: an answer with the key `incident` names the incident of the steps after it."""
        if isinstance(answer, Mapping) and isinstance(answer.get("incident"), int):
            self.incident = answer["incident"]

    async def _act(
        self,
        entry: dict[str, Any],
        path: str,
        name: str,
        data: Mapping[str, Any],
        targets: tuple[str, ...],
    ) -> None:
        try:
            if self.actions.type_of(name).repeat != "safe":
                if "begun" in entry:
                    self.note(passed_over=UNDER_WAY)
                    entry["done"] = None
                    return
                entry["begun"] = True
                await self._keep(wait=True)
            answer = await self.actions.run(name, data, self._call(path, targets))
            entry["done"] = pack(answer)
            self._take_incident(answer)
        except (ActionFailed, TypeError) as error:
            entry["failed"] = str(error)
            raise StepFailed(str(error)) from None
        finally:
            await self._keep()

    def _call(self, path: str, targets: tuple[str, ...]) -> Call:
        return Call(
            key=f"{self.id}:{path}",
            targets=targets,
            event=self.event,
            incident=self.incident,
            automation=self.trace.automation,
            run=self.id,
        )

    async def _keep(self, *, wait: bool = False) -> None:
        if self.trace.durable:
            await self._rows.note(self.id, self.memo, self.incident, wait=wait)
