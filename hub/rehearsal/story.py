"""A story that was checked: what happens when, and what must come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.config.config import Config
from hub.config.tree import Excerpts
from hub.model.person import Person
from hub.model.problem import Position, Problem, Problems
from hub.rehearsal.model import Expected, Given, StoryFile


class WrongStory(Problems):
    """The story does not check; `excerpts` are the lines for rendering its problems."""

    def __init__(self, problems: list[Problem], excerpts: Excerpts) -> None:
        super().__init__(problems)
        self.excerpts = excerpts


@dataclass(frozen=True, slots=True)
class Wanted:
    """One expectation, with its place. `typed` are those fields of an action's or an event's data
    that were read by its model, to be compared by value."""

    expected: Expected
    position: Position
    typed: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One entry of a story, its times resolved (UTC).

    What happens from `at` to `until` may be what is expected; `closed`: also at `until` itself.
    `silent`: beside that nothing may happen.
    """

    position: Position
    at: datetime
    until: datetime
    closed: bool
    silent: bool
    given: Sequence[Given]
    wanted: Sequence[Wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story that was checked."""

    path: Path
    config: Config
    file: StoryFile
    start: datetime
    people: tuple[Person, ...]
    scenes: tuple[Scene, ...]
    excerpts: Excerpts = field(repr=False)
