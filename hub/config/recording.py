"""Whether the cameras can give what automations ask of them."""

from __future__ import annotations

from collections.abc import Iterable

from hub.config.schema import RecordingDefault
from hub.model.action import Action
from hub.model.problem import Position, Problem
from hub.video.actions import Record


def check(asked: Iterable[tuple[Action, Position]], default: RecordingDefault) -> list[Problem]:
    """Problems of actions that record what is not kept."""
    problems: list[Problem] = []
    for action, place in asked:
        if not isinstance(action, Record):
            continue
        if default.mode == "off":
            message = "nothing is recorded: the mode under recording: default: is 'off'"
            problems.append(Problem(message, place, "set it to 'events', or delete this step"))
        elif action.before > default.pre_roll:
            before, kept = action.before.total_seconds(), default.pre_roll.total_seconds()
            message = f"a recording cannot begin {before:g} s back: {kept:g} s are kept in memory"
            hint = f"set recording: {{default: {{pre_roll: {before:g}s}}}}, or lower 'before'"
            problems.append(Problem(message, place, hint))
    return problems
