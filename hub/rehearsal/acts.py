"""Actions on a stage: their data is checked as ever; most of them are noted instead of done."""

from __future__ import annotations

import copy
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.automation.actions import ActionRegistry
from hub.clock import Clock
from hub.model.action import Action, Call
from hub.model.problem import ActionFailed

FAILS = "fails"
"""The key of an answer that says that the action fails, and why."""

ANSWERS: Mapping[str, Any] = {
    "incident.open": {"incident": 1, "new": True},
    "camera.record": {"recordings": [], "addresses": []},
    "camera.snapshot": {"snapshots": []},
}
"""What an action answers that is only noted, where nobody has said otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An action that an automation asked for. `done`: the stage has done it, too."""

    at: datetime
    action: Action
    call: Call
    done: bool

    @property
    def name(self) -> str:
        """The name by which automations ask for it."""
        return self.action.name


class Acts:
    """All actions of a configuration. Those that were given services act in the town on the stage;
    every other one is noted, and gives an answer that was made up."""

    def __init__(self, clock: Clock, note: Callable[[Deed], None]) -> None:
        self.registry = ActionRegistry(clock)
        self.answers: Mapping[str, Any] = {}
        self._clock = clock
        self._note = note
        self._done: dict[str, tuple[type[Action], Any]] = {}

    def do(self, action: type[Action], services: Any) -> None:
        """Make an action known that is done on the stage, unless it was given an answer."""
        self._done[action.name] = action, services
        self.note(action)

    def note(self, action: type[Action]) -> None:
        """Make an action known that is noted."""
        self.registry.add(_staged(action), self, "stage")

    async def perform(self, action: Action, call: Call) -> Any:
        """What comes of an action. Raises ActionFailed, also where its answer says so."""
        name = action.name
        done = name in self._done and name not in self.answers
        self._note(Deed(at=self._clock.now(), action=action, call=call, done=done))
        if done:
            original, services = self._done[name]
            return await original.run(action, services, call)
        answer = self.answers.get(name, ANSWERS.get(name))
        if isinstance(answer, Mapping) and FAILS in answer:
            raise ActionFailed(str(answer[FAILS]))
        return copy.deepcopy(answer)


def _staged(action: type[Action]) -> type[Action]:
    """The same model, with the same words, that asks the stage what comes of it."""

    async def run(self: Action, hub: Acts, call: Call) -> Any:
        return await hub.perform(self, call)

    def body(namespace: dict[str, Any]) -> None:
        namespace |= {"__module__": __name__, "__doc__": action.__doc__, "run": run}

    return types.new_class(action.__name__, (action,), {}, body)
