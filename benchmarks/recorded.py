"""What lies on the disk after streams were recorded, and what is missing of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av

from hub.video.talk.messages import SegmentReport

RATE = 25
HOLE_S = 0.1


@dataclass(slots=True)
class Kept:
    """What was found of the streams on the disk."""

    seconds: float = 0.0
    files: int = 0
    lost: int = 0
    holes_s: float = 0.0
    behind_s: float = 0.0

    @property
    def whole(self) -> bool:
        return not self.lost and not self.holes_s and self.behind_s < 2.0


def read_back(folder: Path, sealed: Mapping[str, list[SegmentReport]], behind_s: float) -> Kept:
    """Count what is missing of the frames between the first and the last of each stream."""
    kept = Kept(behind_s=round(behind_s, 2))
    for reports in sealed.values():
        reports.sort(key=lambda report: report.start)
        kept.files += len(reports)
        for before, after in pairwise(reports):
            hole = after.start - (before.end or before.start)
            kept.holes_s += hole if hole > HOLE_S else 0.0
        for report in reports:
            kept.seconds += (report.end or report.start) - report.start
            kept.lost += lost_frames(folder / report.path)
    kept.seconds, kept.holes_s = round(kept.seconds, 1), round(kept.holes_s, 2)
    return kept


def lost_frames(path: Path) -> int:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        times = [packet.dts for packet in container.demux(stream) if packet.dts is not None]
        tick = float(stream.time_base or 0)
    return sum(
        max(0, round((after - before) * tick * RATE) - 1) for before, after in pairwise(times)
    )
