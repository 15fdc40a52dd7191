"""The life of a run, from its row to its end."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence

from hub.automation.errors import RunStops, StepFailed
from hub.automation.ports import JournalPort
from hub.automation.rows import RunRow
from hub.automation.run import Run, Runnable, Tools
from hub.tasks import Tasks

log = logging.getLogger("hub.automation")

AGAIN_S = 1.0
TURN_S = 5.0  # a durable event whose run waits longer for its turn opens the default incident

Ended = Callable[[Run], None]


def _nothing() -> None:
    """What is to be cancelled where nothing was begun."""


class Runner:
    """Carries runs to their end, each in a task of its own."""

    def __init__(self, tools: Tools, tasks: Tasks, journal: JournalPort) -> None:
        self._tools = tools
        self._tasks = tasks
        self._journal = journal
        self._of_event: Counter[str] = Counter()
        self._beginning = False

    def start(
        self,
        run: Run,
        steps: Sequence[Runnable],
        *,
        row: RunRow | None,
        ended: Ended,
    ) -> None:
        """Begin a run, once it is its turn. `row`: what to write first, for a durable
        run that is new. `ended` is called when it no longer counts as active."""
        if run.trace.durable and run.event is not None:
            self._of_event[run.event.id] += 1
        work = self._live(run, steps, row, ended)
        name = f"run of {run.trace.automation}"
        if self._beginning:  # a run that another one leads to, at once: no stack is that deep
            self._tasks.start(work, name)
            return
        self._beginning = True
        try:
            self._tasks.begin(work, name)
        finally:
            self._beginning = False

    async def _live(
        self,
        run: Run,
        steps: Sequence[Runnable],
        row: RunRow | None,
        ended: Ended,
    ) -> None:
        run.task = asyncio.current_task()
        error: str | None
        try:
            if row is not None and not await self._tools.rows.insert(row):
                state, error = "refused", "this event has had its run"
            else:
                state, error = await self._do(run, steps)
                if run.stop_reason is not None and state != "stopped":
                    await asyncio.sleep(0)  # stopped by its own last step: that is felt here
        except asyncio.CancelledError:
            if run.stop_reason is None:
                self._close(
                    run,
                    "stopped",
                    "the hub ended; the run will be resumed"
                    if run.trace.durable
                    else "the hub ended",
                )
                raise
            state, error = "stopped", run.stop_reason
        finally:
            ended(run)
        self._close(run, state, error)
        await self._conclude(run, state, error)

    async def _do(self, run: Run, steps: Sequence[Runnable]) -> tuple[str, str | None]:
        if run.turn is not None:
            await self._wait_for_turn(run, run.turn)
        if run.stop_reason is not None:
            return "stopped", run.stop_reason
        try:
            await run.sequence(steps)
        except RunStops as stop:
            return ("failed" if stop.error else "finished"), stop.reason
        except StepFailed as error:
            log.warning("automation '%s' failed: %s", run.trace.automation, error)
            return "failed", str(error)
        except Exception:
            log.exception("automation '%s' failed by a bug", run.trace.automation)
            return "failed", "a bug of the hub, see the log"
        return "finished", None

    async def _wait_for_turn(self, run: Run, turn: asyncio.Event) -> None:
        """An alarm whose run must wait is told all the same: the run has claimed it, so nobody
        else would."""

        def tell() -> None:
            if run.event is not None:
                work = self._journal.unhandled(run.event.id)
                self._tasks.start(work, "tell an alarm whose run waits")

        cancel = self._tools.clock.call_later(TURN_S, tell) if run.durable else _nothing
        try:
            await turn.wait()
        finally:
            cancel()

    def _close(self, run: Run, state: str, error: str | None) -> None:
        run.trace.state = state
        run.trace.error = error
        run.trace.incident = run.incident
        run.trace.ended_at = self._tools.clock.now()

    async def _conclude(self, run: Run, state: str, error: str | None) -> None:
        """Write the end of a durable run, after the journal has heard of it: a crash between the
        two resumes a run with nothing left to do, and the journal hears of it again."""
        if not run.trace.durable or run.event is None:
            return
        event_id = run.event.id
        self._of_event[event_id] -= 1
        last = self._of_event[event_id] <= 0
        if last:
            del self._of_event[event_id]
        if state == "refused":
            return
        while last:
            try:
                await self._journal.unhandled(event_id)
                break
            except Exception:
                log.exception("the end of a run cannot be told; again in %.0f s", AGAIN_S)
                await self._tools.clock.sleep(AGAIN_S)
        await self._tools.rows.end(run.id, state, error, run.incident)
