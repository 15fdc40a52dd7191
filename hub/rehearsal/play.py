"""Plays a story on a stage, and notes what comes of it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from hub.automation.trace import Trace
from hub.clock import Clock
from hub.model.core_events import IncidentChanged, IncidentOpened, StateChanged
from hub.model.entity import State
from hub.model.event import Event
from hub.model.incident import Incident
from hub.model.problem import Refused
from hub.modes import DOMAIN as MODE
from hub.rehearsal import loop
from hub.rehearsal.give import Giver, state_of
from hub.rehearsal.stage import Happening, Published, Stage
from hub.rehearsal.story import Scene, Story

T = TypeVar("T")

MOST = 10_000  # of each kind of note; a story in which more happens is told to be too long


@dataclass(slots=True)
class Played:
    """What happened while a story was played, in order.

    - `before`: the states at the start; `states`: all changes of state.
    - `traces`: of all that was triggered.
    - `refused`: why something that an entry gives was not possible, by the entry's number.
    - `left_out`: what happened beyond MOST.
    """

    happened: list[Happening] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    before: dict[str, State] = field(default_factory=dict)
    states: list[StateChanged] = field(default_factory=list)
    incidents: dict[int, Incident] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    left_out: int = 0


def play(story: Story) -> Played:
    """Play a story from its start to the end of its last entry; blocks, and takes as long as there
    is work. Raises NeverQuiet."""
    with tempfile.TemporaryDirectory(prefix="hub-rehearsal-") as folder:
        return loop.run(_play(story, Path(folder)))


async def _play(story: Story, folder: Path) -> Played:
    notes = _Notes()
    stage = Stage(
        story.config, folder, story.start, note=notes.happened, traced=notes.traced,
        people=story.people,
    )  # fmt: skip
    assert stage.alarms is not None
    notes.clock = stage.clock
    giver = notes.giver = Giver(stage, stage.alarms)
    stage.acts.answers = story.file.answers
    stage.bus.subscribe(None, notes.event, owner="rehearsal")
    given = story.file.states
    states = {name: state_of(name, state, story.start) for name, state in given.items()}
    modes = {name.partition(".")[2]: state.value is True for name, state in states.items()
             if name.startswith(f"{MODE}.")}  # fmt: skip
    modes |= dict.fromkeys(story.file.modes, True)
    try:
        await stage.open(story.config.automations, states=states, modes=modes)
        for entity in stage.registry.entities():
            state = stage.registry.get(entity.entity_id)
            if state is not None:
                notes.played.before[entity.entity_id] = state
        for number, scene in enumerate(story.scenes):
            await stage.pass_until(scene.at)
            await _give(stage, giver, scene, number, notes.played)
        await stage.pass_until(story.scenes[-1].until)
        for opened in notes.opened:
            incident = await stage.alarms.get(opened)
            if incident is not None:
                notes.played.incidents[opened] = incident
    finally:
        await stage.close()
    return notes.played


async def _give(stage: Stage, giver: Giver, scene: Scene, number: int, played: Played) -> None:
    for given in scene.given:
        try:
            await giver.give(given)
        except Refused as refused:
            played.refused.setdefault(number, str(refused))
        await stage.settle()


class _Notes:
    """Takes notes of what is told."""

    def __init__(self) -> None:
        self.played = Played()
        self.opened: list[int] = []
        self.giver: Giver
        self.clock: Clock

    def happened(self, happening: Happening) -> None:
        self._add(self.played.happened, happening)

    def traced(self, trace: Trace) -> None:
        self._add(self.played.traces, trace)

    def event(self, event: Event) -> None:
        """All that the bus tells, but what the story gives."""
        if isinstance(event, StateChanged):
            self._add(self.played.states, event)
        elif event.id not in self.giver.given:
            self.happened(Published(at=self.clock.now(), event=event))
        if isinstance(event, IncidentOpened | IncidentChanged):
            self.opened.append(event.incident)

    def _add(self, kept: list[T], one: T) -> None:
        if len(kept) < MOST:
            kept.append(one)
        else:
            self.played.left_out += 1
