"""What the rules of a configuration make of what was recorded. Nothing is done: every action is
noted, nobody is told, and the town answers as it did then."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hub.automation.triggers import flat
from hub.config.config import Config
from hub.config.marks import marks
from hub.model.core_events import StateChanged
from hub.model.entity import State
from hub.model.event import Event
from hub.model.references import Ref
from hub.rehearsal.stage import Stage
from hub.rehearsal.tally import Tally

TOLD_EVERY = 2_000  # events between two words on the progress
RULES = ("automation.", "script.")
"""What the sources of events begin with that rules made: they make them anew."""

NOT_RECORDED = ("mqtt", "webhook")
"""Triggers whose messages no history has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time that is replayed; `until` is not part of it."""

    since: datetime
    until: datetime


Progress = Callable[[float, int], None]
"""Hears which part of the span is done (0 to 1), and how many events that were."""


async def replay(
    config: Config,
    span: Span,
    events: AsyncIterator[Event],
    tally: Tally,
    *,
    before: Mapping[str, State],
    progress: Progress = lambda part, events: None,
) -> None:
    """Give the recorded events to the rules, in order, at their own times. `before`: how entities
    were at the beginning. To be awaited on a QuietLoop. Raises NeverQuiet."""
    tally.known(automation.id for automation in config.automations)
    with tempfile.TemporaryDirectory(prefix="hub-replay-") as folder:
        stage = Stage(
            config, Path(folder), span.since, note=tally.noted, traced=tally.traced, people=None
        )
        try:
            await stage.open(config.automations, states=before)
            async for event in events:
                await _give(stage, event, tally)
                if tally.events % TOLD_EVERY == 0:
                    progress((stage.clock.now() - span.since) / (span.until - span.since),
                             tally.events)  # fmt: skip
            await stage.pass_until(span.until)
        finally:
            await stage.close()
    tally.close()


async def _give(stage: Stage, event: Event, tally: Tally) -> None:
    """Let happen again what happened then."""
    assert event.received_at is not None
    if event.received_at > stage.clock.now():
        await stage.pass_until(event.received_at)
    tally.recorded(event)
    if event.source.startswith(RULES):
        return
    if isinstance(event, StateChanged):
        stage.adopt(event.entity_id, event.area)
        stage.set_state(event.new)
    else:
        stage.bus.publish(replace(event, redelivered=False))
    await stage.settle()


def not_replayed(config: Config, recorded: set[str]) -> list[str]:
    """What the record cannot tell the rules, in sentences; `recorded` are the entities that it
    knows."""
    found: list[str] = []
    for automation in config.automations:
        for trigger in flat(automation.triggers):
            if trigger.word in NOT_RECORDED:
                found.append(f"'{automation.id}' listens to {trigger.word}, which is not recorded")
        names = {
            mark.text
            for mark in marks(automation.triggers)
            if isinstance(mark.marker, Ref) and mark.marker.kind == "entity"
        }
        found += [
            f"'{automation.id}' listens to {name}, of which nothing was recorded"
            for name in sorted(names - recorded)
        ]
    return found
