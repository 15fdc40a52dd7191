"""How a step ends other than by being done."""

from __future__ import annotations

from typing import Any


class StepFailed(Exception):
    """A step could not be done; the message is for the operator. `continue_on_error` goes on."""


class SequenceEnds(Exception):
    """A condition among the steps was false: the steps after it in its list are left out."""


class RunStops(Exception):
    """The step `stop`, or a wait that was not to go on: the run ends here, as a failure where
    `error`. In a script it ends the script, which answers `response`."""

    def __init__(self, reason: str, *, error: bool = False, response: Any = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error
        self.response = response
