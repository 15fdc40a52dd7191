"""What automations may ask of cameras."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from pydantic import Field

from hub.clock import Clock
from hub.model.action import Action, Call
from hub.model.config import Duration
from hub.model.problem import ActionFailed
from hub.video.service import Video
from hub.video.status import CameraUnavailable
from hub.video.watching import addresses

log = logging.getLogger("hub.video")


class CameraServices(Protocol):
    """What the core hands to these actions as `hub`."""

    video: Video
    clock: Clock

    async def attach(
        self,
        incident: int,
        camera: str,
        kind: Literal["snapshot", "recording"],
        ref: str,
        at: datetime,
    ) -> None:
        """Add media to an incident; the same again changes nothing."""
        ...


class Record(Action):
    """Record cameras around the moment of the trigger, or around now where there is none."""

    name: ClassVar[str] = "camera.record"
    target: ClassVar[str | None] = "camera"
    repeat: ClassVar[Literal["safe", "never"]] = "safe"

    before: Duration = Field(
        default=timedelta(seconds=10), description="How long before the moment it begins."
    )
    after: Duration = Field(
        default=timedelta(minutes=2), description="How long after the moment it ends."
    )

    async def run(self, hub: CameraServices, call: Call) -> dict[str, Any]:
        """Returns `{"recordings": [id, ...], "addresses": [where each can be seen, ...]}`."""
        moment = moment_of(hub, call)
        start, end = moment - self.before, moment + self.after
        recordings, seen = [], []
        for camera in call.targets:
            recording = await hub.video.record(
                key=call.key, camera=camera, start=start, end=end, incident=call.incident
            )
            recordings.append(recording)
            seen.append(addresses.clip(camera, start, end))
            if call.incident is not None:
                await hub.attach(call.incident, camera, "recording", recording, start)
        return {"recordings": recordings, "addresses": seen}


class TakeSnapshot(Action):
    """Store a picture of each camera as it is now."""

    name: ClassVar[str] = "camera.snapshot"
    target: ClassVar[str | None] = "camera"
    repeat: ClassVar[Literal["safe", "never"]] = "safe"

    async def run(self, hub: CameraServices, call: Call) -> dict[str, Any]:
        """Returns `{"snapshots": [{"camera", "path", "at", "address"}, ...]}`: paths are relative
        to the data folder, addresses are those of the page that plays the moment. Raises
        ActionFailed where not one camera gave a picture."""
        tries = [self._take(hub, call, camera) for camera in call.targets]
        taken = await asyncio.gather(*tries, return_exceptions=True)
        snapshots: list[dict[str, str]] = []
        problems: list[str] = []
        for camera, result in zip(call.targets, taken, strict=True):
            if isinstance(result, dict):
                snapshots.append(result)
            elif isinstance(result, CameraUnavailable):
                problems.append(str(result))
            elif isinstance(result, OSError):
                problems.append(f"the picture of {camera} cannot be stored")
            else:
                raise result
        for problem in problems:
            log.warning("snapshot: %s", problem)
        if problems and not snapshots:
            raise ActionFailed("; ".join(problems))
        return {"snapshots": snapshots}

    async def _take(self, hub: CameraServices, call: Call, camera: str) -> dict[str, str]:
        moment = moment_of(hub, call)
        folder = hub.video.data_dir / f"snapshots/{moment:%Y/%m/%d}"
        mark = hashlib.sha256(call.key.encode()).hexdigest()[:12]
        ending = f"-{camera.partition('.')[2]}-{mark}.jpg"
        file, at = await asyncio.to_thread(_taken, folder, ending)
        if file is None:
            snapshot = await hub.video.snapshot(camera)
            file, at = folder / f"{moment:%H%M%S}{ending}", snapshot.at
            await asyncio.to_thread(store_file, file, snapshot.jpeg, at)
        path = file.relative_to(hub.video.data_dir).as_posix()
        if call.incident is not None:
            await hub.attach(call.incident, camera, "snapshot", path, at)
        address = addresses.player(camera, at)
        return {"camera": camera, "path": path, "at": at.isoformat(), "address": address}


def _taken(folder: Path, ending: str) -> tuple[Path | None, datetime]:
    """The picture that this very call stored before a crash, and its instant."""
    for file in folder.glob(f"[0-9]*{ending}"):
        return file, datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return None, datetime.min.replace(tzinfo=UTC)


def moment_of(hub: CameraServices, call: Call) -> datetime:
    """When the event was received that led to this, else now."""
    received = call.event.received_at if call.event is not None else None
    return received or hub.clock.now()


def store_file(path: Path, data: bytes, at: datetime) -> None:
    """Write a file, dated `at`, so that after a crash it is there whole, or not at all.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.utime(name, (at.timestamp(), at.timestamp()))
            os.fsync(file.fileno())
        Path(name).rename(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


ACTIONS: tuple[type[Action], ...] = (Record, TakeSnapshot)
