"""What the mode of an automation or a script says when it is asked to run while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["single", "restart", "queued", "parallel"]
Loudness = Literal["silent", "info", "warning", "error"]
"""How loud the log says that a run was refused."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a run may begin: `refused` says why not; `replaces`: those that run are stopped
    first; `waits`: it begins when they have ended."""

    refused: str | None = None
    replaces: bool = False
    waits: bool = False


def admit(mode: Mode, most: int, active: int) -> Admission:
    """The verdict for a new run while `active` others run or wait."""
    if active == 0 or mode == "restart":
        return Admission(replaces=active > 0, waits=active > 0)
    if mode == "single":
        return Admission(refused="it runs already, and its mode is single")
    if active >= most:
        return Admission(refused=f"{active} runs are under way, and its mode allows {most}")
    return Admission(waits=mode == "queued")
