"""The one form in which a user sees that something is wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a configuration file; line and column count from 1, `length` in characters."""

    file: str
    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and what to do about it.

    `field` is the path of keys to the value inside its block, for problems that were found by
    somebody who does not know the file (a plugin); the configuration turns it into `position`.
    """

    message: str
    position: Position | None = None
    hint: str | None = None
    field: tuple[str | int, ...] = ()


class Problems(Exception):
    """All problems of one check, raised together."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class NotReady(Exception):
    """Raised by a plugin in setup: the device does not answer now; try again later."""


class AuthFailed(Exception):
    """Raised by a plugin in setup: a person must act (wrong password, locked account)."""


class ConfigProblem(Exception):
    """Raised by a plugin: the user's mistake at `field` of its block (dots between keys)."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field
        self.why = why


class Refused(Exception):
    """The one who asks may not do this, or what is asked is not possible now."""


class ActionFailed(Exception):
    """An action of an automation could not be done; the message is for the operator."""
