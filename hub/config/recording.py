"""Whether the cameras can give what automations ask of them."""

from __future__ import annotations

from collections.abc import Iterable

from hub.config.schema import RecordingDefault
from hub.model.action import Action
from hub.model.problem import Position, Problem
from hub.model.said import said
from hub.video.actions import Record


def check(asked: Iterable[tuple[Action, Position]], default: RecordingDefault) -> list[Problem]:
    """Problems of actions that record what is not kept."""
    problems: list[Problem] = []
    for action, place in asked:
        if not isinstance(action, Record):
            continue
        if default.mode == "off":
            message = said("nothing is recorded: the mode under recording: default: is 'off'")
            problems.append(
                Problem(message, place, said("set it to 'events', or delete this step"))
            )
        elif action.before > default.pre_roll:
            before, kept = action.before.total_seconds(), default.pre_roll.total_seconds()
            message = said(
                "a recording cannot begin %(before)s s back: %(kept)s s are kept in memory",
                before=f"{before:g}",
                kept=f"{kept:g}",
            )
            hint = said(
                "set recording: {default: {pre_roll: %(before)ss}}, or lower 'before'",
                before=f"{before:g}",
            )
            problems.append(Problem(message, place, hint))
    return problems
