"""Recorders that are given fragments without waiting, and what they told and wrote."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from hub.video.capture.files import Archive
from hub.video.capture.fragments import Fragment
from hub.video.capture.outages import Outages
from hub.video.capture.recorder import Recorder
from hub.video.files import mp4
from hub.video.talk.messages import ORDERS, Order, Wanted
from tests.world import counted_clip

START = 1_800_000_000.0


class Kept:
    """A recorder, and what it told. `root`: where its files go, the data folder else."""

    def __init__(
        self, data: Path, mode: str = ORDERS, *, root: Path | None = None, **more: Any
    ) -> None:
        self.told: list[tuple[str, Any]] = []
        self.root = root or data
        self.finisher = ThreadPoolExecutor(1)
        fields = {"ring_s": 60.0, "ring_bytes": 1 << 30, "tier": "main", "mounted": False} | more
        self.wanted = Wanted(mode=mode, root=str(self.root), **fields)
        self.archive, self.outages = Archive(data), Outages()
        self.recorder = self.another("main")

    def another(self, stream: str) -> Recorder:
        """A recorder that shares the disks with the first one."""
        return Recorder(
            "camera.a",
            stream,
            self.wanted,
            self.archive,
            self.finisher,
            self.tell,
            self.outages,
        )

    def tell(self, name: str, report: object) -> None:
        self.told.append((name, report))

    def order(self, name: str, start: float, end: float) -> None:
        self.recorder.order(Order(name, "camera.a", START + start, START + end))

    def take(self, fragments: list[Fragment]) -> None:
        for fragment in fragments:
            self.recorder.take(fragment)

    def files(self) -> list[list[int]]:
        self.recorder.close()
        self.finisher.shutdown(wait=True)
        paths = sorted((self.root / "archive").rglob("*.mp4"))
        return [counted_clip.numbers(path) for path in paths]

    def disk(self) -> list[str | None]:
        return [report.why for name, report in self.told if name == "disk"]

    def over(self) -> list[str]:
        return [report.order for name, report in self.told if name == "recorded"]


def later(fragment: Fragment, seconds: int) -> Fragment:
    """The same pictures at another place of the stream."""
    time = fragment.moof.time + seconds * fragment.epoch.scale
    head = mp4.moved(fragment.data, fragment.moof, time)
    return replace(
        fragment,
        data=bytes(head) + fragment.data[fragment.moof.size :],
        moof=fragment.moof._replace(time=time),
        start=fragment.start + seconds,
    )
