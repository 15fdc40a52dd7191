"""A keeper that is killed at a step: `python -m tests.video.purge_to_kill FOLDER STEP`.

Steps are those of a deletion (`mark`, `unlink`, `gone`, `settle`) and of a move (`names`, `copy`,
`follow`, `end`); the process ends right before or in the middle of them, as by SIGKILL.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from hub.video.retention import disks, purge, tiers
from hub.video.retention.disks import Room
from tests.video.kept_archive import KeptArchive

KEEP = {"default": {"keep": {"continuous": {"min": "1d", "max": "5d"}}}}


def recording(folder: Path) -> dict[str, Any]:
    """Old files go, and those that are not so old move."""
    ssd = {"name": "ssd", "path": str(folder / "ssd"), "move_after": "2d"}
    return KEEP | {"tiers": [ssd, {"name": "nas", "path": str(folder / "nas")}]}


def kill(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after_two(owner: Any, name: str) -> None:
    """Kill in the middle: when it is called for the third time."""
    real, calls = getattr(owner, name), 0

    def count(*args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            kill()
        return real(*args, **named)

    setattr(owner, name, count)


def arm(step: str) -> None:
    match step:
        case "mark":
            purge._take = kill  # type: ignore[assignment]
        case "unlink":
            after_two(Path, "unlink")
        case "gone":
            purge._remove_empty = kill  # type: ignore[assignment]
        case "settle":
            purge.record = kill_at_the_end  # type: ignore[assignment]
        case "names":
            tiers.Mover._copy_all = kill  # type: ignore[assignment, method-assign]
        case "copy":
            after_two(tiers.Mover, "_copy")
        case "follow":
            tiers._follow = kill  # type: ignore[assignment]
        case "end":
            tiers.Mover._end = kill  # type: ignore[assignment, method-assign]
        case _:
            raise ValueError(step)


def kill_at_the_end(connection: Any, now: int, day: str, gone: list[Any]) -> None:
    """In the third transaction; the first one logs too, but nothing."""
    if gone:
        kill()


async def main(folder: Path, step: str) -> None:
    disks.room_of = lambda root: Room(10**12, 10**12, 0, 0, hash(root))
    kept = KeptArchive(folder, recording(folder))
    arm(step)
    await kept.look()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
