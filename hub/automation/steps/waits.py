"""Steps `wait_template` and `wait_for_trigger`: wait for something to happen, up to a time."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, field_validator

from hub.automation.errors import RunStops, StepFailed
from hub.automation.fields import OneOrMany, TemplateSpan
from hub.automation.steps.base import Step
from hub.automation.steps.spans import ends, seconds_left
from hub.automation.triggers import AnyTrigger, flat
from hub.automation.watching import Tracked
from hub.model.event import Event
from hub.model.references import TemplateText, is_template
from hub.model.said import said
from hub.text.filters import forgiving_bool

if TYPE_CHECKING:
    from hub.automation.run import Run

Met = asyncio.Future[Any]
"""What was waited for: the trigger's data; None for a template."""


class _Wait(Step):
    """What both have in common. The steps that follow see what came of it as `wait`."""

    timeout: TemplateSpan | None = None
    """How long at most; without it, for as long as it takes."""
    continue_on_timeout: bool = True
    """`false`: where the time is up the run ends here."""

    async def run(self, run: Run, path: str) -> None:
        """Wait, then set the variable `wait`. Begin and end are kept over a restart."""
        began = await run.decided(path, "began", lambda: self._begin(run))
        run.note(at=began["at"], until=began["until"])
        wait = run.kept(path, "wait")
        if wait is None:
            found = await self._wait(run, path, began)
            wait = await run.decided(path, "wait", lambda: found)
        run.scope.variables["wait"] = wait
        run.note(wait=wait)
        if not wait["completed"] and not self.continue_on_timeout:
            raise RunStops("the time to wait was up")

    def _begin(self, run: Run) -> dict[str, Any]:
        limit = {"until": None} if self.timeout is None else ends(self.timeout, run.scope)
        return {"at": run.clock.now().isoformat(), **limit}

    async def _wait(self, run: Run, path: str, began: dict[str, Any]) -> dict[str, Any]:
        """`completed`, `remaining` seconds (None without a limit), and `trigger`."""
        left = None if began["until"] is None else seconds_left(began, run.scope)
        over = None if left is None else run.clock.monotonic() + left
        met: Met = asyncio.get_running_loop().create_future()
        with ExitStack() as ends_with:
            self._watch(run, path, datetime.fromisoformat(began["at"]), met, ends_with)
            if left is None:
                await met
            elif left > 0 and not met.done():
                await self._up_to(run, met, left)
        if not met.done():
            return {"completed": False, "remaining": 0.0, "trigger": None}
        remaining = None if over is None else max(0.0, over - run.clock.monotonic())
        return {"completed": True, "remaining": remaining, "trigger": met.result()}

    @staticmethod
    async def _up_to(run: Run, met: Met, seconds: float) -> None:
        timer = asyncio.ensure_future(run.clock.sleep(seconds))
        try:
            await asyncio.wait((met, timer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()

    @abstractmethod
    def _watch(self, run: Run, path: str, since: datetime, met: Met, ends_with: ExitStack) -> None:
        """Let `met` have its result when it happens; what ends the watch goes on the stack."""


class WaitTemplateStep(_Wait):
    """Wait until a template gives true; where it does already, go on at once."""

    word: ClassVar[str] = "wait_template"

    wait_template: TemplateText
    """True for: true, yes, on, enable, and numbers other than 0."""

    @field_validator("wait_template")
    @classmethod
    def _is_one(cls, text: str) -> str:
        if not is_template(text):
            raise ValueError(said("not a template: write '{{ ... }}'"))
        return text

    def _watch(self, run: Run, path: str, since: datetime, met: Met, ends_with: ExitStack) -> None:
        def changed(value: Any, event: Event | None) -> None:
            if _is_true(value) and not met.done():
                met.set_result(None)

        tools = run.tools
        owner = f"a wait of '{run.trace.automation}'"
        tracked = Tracked(
            self.wait_template,
            run.scope,
            bus=tools.bus,
            tasks=tools.tasks,
            owner=owner,
            changed=changed,
        )
        ends_with.callback(tracked.close)
        changed(tracked.start(), None)
        if tracked.problem is not None:
            raise StepFailed(f"template: {tracked.problem.why}")


class WaitForTriggerStep(_Wait):
    """Wait until one of several triggers fires. What was so before does not count."""

    word: ClassVar[str] = "wait_for_trigger"

    wait_for_trigger: OneOrMany[AnyTrigger] = Field(min_length=1)
    """The triggers; they are written as those of an automation."""

    def _watch(self, run: Run, path: str, since: datetime, met: Met, ends_with: ExitStack) -> None:
        def fire(trigger: Mapping[str, Any], event: Event | None) -> None:
            if not met.done() and not _is_old(event, since):
                met.set_result(dict(trigger))

        for index, trigger in enumerate(flat(self.wait_for_trigger)):
            if trigger.enabled:
                site = run.tools.sites.site(
                    trigger,
                    index,
                    owner=f"a wait of '{run.trace.automation}'",
                    place=f"{run.id}:{path}:{index}",
                    variables=run.scope.variables,
                    fire=fire,
                )
                ends_with.callback(trigger.attach(site))


def _is_old(event: Event | None, since: datetime) -> bool:
    """Whether a durable event that is given again after a crash came before the wait began: the
    one that started the run, above all."""
    if event is None or not event.redelivered or event.received_at is None:
        return False
    return event.received_at <= since


def _is_true(value: Any) -> bool:
    return bool(forgiving_bool(value.strip() if isinstance(value, str) else value, False))
