"""Keeps video and registry in step: cameras come from the one, their health goes to the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

from hub.clock import Clock
from hub.model.camera import Camera
from hub.registry import Registry
from hub.video.service import Video
from hub.video.status import CameraStatus

Attach = Callable[[int, str, str, str, datetime], Awaitable[None]]


class Cameras:
    """What the actions of cameras work on, and the link between video and registry."""

    def __init__(self, video: Video, registry: Registry, clock: Clock, attach: Attach) -> None:
        self.video = video
        self.clock = clock
        self._registry = registry
        self._attach = attach
        registry.on_entities = self._changed
        video.on_status = self._status

    async def attach(
        self,
        incident: int,
        camera: str,
        kind: Literal["snapshot", "recording"],
        ref: str,
        at: datetime,
    ) -> None:
        await self._attach(incident, camera, kind, ref, at)

    def _changed(self) -> None:
        entities = self._registry.entities()
        self.video.set_cameras({e.entity_id: e for e in entities if isinstance(e, Camera)})

    def _status(self, camera: str, status: CameraStatus) -> None:
        if self._registry.entity(camera) is None:
            return
        if status.online:
            self._registry.set_state(camera, "idle")
        else:
            self._registry.set_available(camera, False)
