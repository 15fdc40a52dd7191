"""A ledger of gaps with its tables, on a clock that is turned by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from hub.bus import Bus
from hub.clock import VirtualClock
from hub.model.event import Event
from hub.store.store import Store
from hub.store.tables import bulk
from hub.video.indexing import rollup
from hub.video.instants import millis
from hub.video.missing.causes import Causes
from hub.video.missing.ledger import Ledger
from hub.video.tables import record_modes
from hub.video.talk.messages import StreamReport

NOON = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
T0 = millis(NOON)
GATE = ("camera.gate", "main")
MINUTE = 60_000


class Books:
    """The ledger and all that it goes by; milliseconds count from noon."""

    def __init__(self, path: Path, clock: VirtualClock | None = None) -> None:
        self.clock = clock or VirtualClock(NOON)
        self.bus = Bus()
        self.events: list[Event] = []
        self.bus.subscribe(None, self.events.append, owner="test")
        self.store = Store.at(path / "bulk.db", synchronous="NORMAL")
        bulk.create_all(self.store.engine)
        self.store.open()
        self.causes = Causes(self.store, self.clock)
        self.ledger = Ledger(self.store, self.clock, self.bus, self.causes)

    async def settle(self, minutes: float = 0) -> None:
        """Let time pass, then judge."""
        await self.clock.advance(minutes * 60, _nothing)
        await self.causes.beat()
        await self.ledger.settle()

    async def write(self, work: Callable[[Connection], Any]) -> None:
        await self.store.write(work)

    async def mode(
        self, at: int, word: str, why: str = "config", by: str = "", stream: Any = GATE
    ) -> None:
        row = {"at": T0 + at, "mode": word, "why": why, "by": by}
        row |= {"camera": stream[0], "stream": stream[1]}
        await self.write(lambda c: c.execute(insert(record_modes).values(row)))

    async def recorded(self, *spans: tuple[int, int], stream: Any = GATE) -> None:
        rows = [(T0 + start, T0 + end, 1_000) for start, end in spans]
        await self.write(lambda c: rollup.added(c, *stream, rows))

    async def gaps(self, stream: Any = GATE) -> list[tuple[Any, ...]]:
        end = datetime(2030, 1, 1, tzinfo=UTC)
        found = await self.ledger.rows([stream[0]], datetime(2020, 1, 1, tzinfo=UTC), end, 1_000)
        return [
            (millis(row.start) - T0, millis(row.end) - T0, row.cause, row.by or row.detail)
            for row in reversed(found)
            if row.stream == stream[1]
        ]

    def report(
        self, reason: str | None, since: float, *, until: float | None = None, stream: Any = GATE
    ) -> None:
        """What capture says of a stream; seconds from noon."""
        unix = NOON.timestamp()
        self.causes.stream(
            StreamReport(
                camera=stream[0],
                stream=stream[1],
                online=reason is None,
                reason=reason,
                since=unix + since,
                width=None,
                height=None,
                codec=None,
                audio=None,
                recording=reason is None,
                until=None if until is None else unix + until,
                bitrate=0.0,
            )
        )

    async def close(self) -> None:
        await self.store.close()


async def _nothing() -> None:
    """Nobody else runs on this clock."""
