"""One run of an automation: its steps in order, and what was decided at each."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from hub.automation.actions import ActionRegistry
from hub.automation.calling import Calling
from hub.automation.errors import SequenceEnds, StepFailed
from hub.automation.memo import Memo, forget, pack, unpack
from hub.automation.rows import RunRows
from hub.automation.scope import Scope
from hub.automation.sites import Sites
from hub.automation.trace import StepTrace, Trace
from hub.bus import Bus
from hub.clock import Clock
from hub.model.event import Event
from hub.model.problem import ActionFailed
from hub.tasks import Tasks
from hub.text.templates import TemplateProblem

if TYPE_CHECKING:
    from hub.automation.scripts import Scripts


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
    """What runs work with. `event_types` are those that are declared, by name."""

    actions: ActionRegistry
    bus: Bus
    clock: Clock
    rows: RunRows
    sites: Sites
    tasks: Tasks
    scripts: Scripts
    event_types: Mapping[str, type[Event]]


class Run:
    """A run while it goes on. `memo` maps a step's path to what was decided there: a run with a
    row (`durable`) writes it down, and is resumed by it after a crash; others keep none.

    `calls` are the calls of scripts that this part of the run stands in, the outermost first;
    `turn` is set when a run that waits for others may go on.
    """

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
        self.durable = trace.durable
        self.scope = scope
        self.event = event
        self.memo: Memo = memo if memo is not None else {}
        self.incident = incident
        self.tools = tools
        self.actions = tools.actions
        self.clock = tools.clock
        self.calls: tuple[Calling, ...] = ()
        self._step: StepTrace | None = None
        self._whole: Run | None = None
        self.turn: asyncio.Event | None = None
        self.task: asyncio.Task[Any] | None = None  # from when it begins: before, it would not
        # learn of being cancelled
        self.stop_reason: str | None = None

    def stop(self, reason: str) -> None:
        """End the run from outside, for good: unlike one that ends with the hub it is not
        resumed."""
        if self.stop_reason is None:
            self.stop_reason = reason
            if self.task is not None:
                self.task.cancel()

    def inner(self, variables: Mapping[str, Any]) -> Run:
        """A part of this run with variables, an incident and a step under way of its own: a branch
        that goes on beside others, or a script."""
        part = copy.copy(self)
        part.scope = Scope(self.scope.world, variables)
        part._whole = self._whole or self
        return part

    async def sequence(self, steps: Sequence[Runnable], path: str = "") -> None:
        """Run steps one after the other; a false condition among them ends this list."""
        prefix = f"{path}/" if path else ""
        try:
            for index, step in enumerate(steps):
                if step.enabled:
                    await self.one(step, f"{prefix}{index}")
        except SequenceEnds:
            return

    async def one(self, step: Runnable, path: str) -> None:
        """Run one step, and note it in the trace."""
        clock, outer = self.clock, self._step
        began = clock.monotonic()
        self._step = trace = self.trace.step(StepTrace(path, step.word, step.alias, clock.now()))
        try:
            await step.run(self, path)
        except StepFailed as error:
            trace.error = str(error)
            if not step.continue_on_error:
                raise
        finally:
            trace.seconds = clock.monotonic() - began
            self._step = outer

    def note(self, **seen: Any) -> None:
        """Add to the trace of the step that runs."""
        if self._step is not None:
            self._step.seen.update(seen)

    async def decided(self, path: str, key: str, decide: Callable[[], Any]) -> Any:
        """What was decided at `path` before a crash; otherwise decide now, and keep it."""
        if self.durable:
            entry = self.memo.setdefault(path, {})
            if key in entry:
                return unpack(entry[key])
        try:
            value = decide()
            if self.durable:
                entry[key] = pack(value)
        except TemplateProblem as error:
            raise StepFailed(f"template: {error.why}") from None
        except (ActionFailed, TypeError, ValueError, ArithmeticError) as error:
            raise StepFailed(str(error)) from None
        await self.keep()
        return value

    def kept(self, path: str, key: str) -> Any:
        """What was decided at `path` before a crash; None where nothing was."""
        return unpack(self.memo.get(path, {}).get(key))

    async def once(self, path: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """What `work` gave at `path` before a crash, or its failure; otherwise do it now, and keep
        that: what was decided on the way is forgotten then."""
        if not self.durable:
            return await work()
        entry = self.memo.setdefault(path, {})
        if "failed" in entry:
            raise StepFailed(entry["failed"])
        if "done" not in entry:
            try:
                entry["done"] = _packed(await work())
            except StepFailed as error:
                entry["failed"] = str(error)
                raise
            finally:
                if "done" in entry or "failed" in entry:
                    forget(self.memo, path)
                await self.keep()
        return unpack(entry["done"])

    async def begin(self, path: str) -> bool:
        """Note, until it is committed, that something begins here that is not safe to repeat.
        False where it had begun before a crash."""
        if self.durable:
            entry = self.memo.setdefault(path, {})
            if "begun" in entry:
                return False
            entry["begun"] = True
            await self.keep(wait=True)
        return True

    async def keep(self, *, wait: bool = False) -> None:
        """Write down what was decided. `wait`: until it is committed."""
        if self.durable:
            incident = (self._whole or self).incident
            await self.tools.rows.note(self.id, self.memo, incident, wait=wait)


def _packed(value: Any) -> Any:
    """What an action has answered. It is done: that its answer is odd must not fail it."""
    try:
        return pack(value, spell=True)
    except RecursionError:
        raise StepFailed("its answer is nested too deep to be kept") from None
