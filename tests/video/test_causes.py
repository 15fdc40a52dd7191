"""Each cause of a gap, made as it comes about, stands in the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from hub.store.damage import PutAside
from hub.video.instants import millis
from hub.video.tables import outages
from hub.video.talk.messages import DiskReport, Outage
from tests.video.ledgers import GATE, MINUTE, NOON, T0, Books

CAMERA = "camera.gate"
UNIX = NOON.timestamp()
GAP = (5 * MINUTE, 10 * MINUTE)


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    books = Books(tmp_path)
    await start(books)
    yield books
    await books.close()


async def start(books: Books) -> None:
    """A camera that is recorded for five minutes."""
    await books.causes.beat()
    await books.mode(0, "continuous")
    await books.recorded((0, GAP[0]))
    books.report(None, 0)
    books.causes.capture([CAMERA], up=True)
    await books.clock.advance(5 * 60, _nothing)
    await books.causes.beat()


async def end(books: Books) -> list[tuple[Any, ...]]:
    """It is recorded again after five more; gives the ledger."""
    await books.recorded((GAP[1], 60 * MINUTE))
    await books.settle(10)
    return await books.gaps()


async def _nothing() -> None:
    """Nobody else runs on this clock."""


@pytest.mark.parametrize(
    "reason", ["unauthorized", "not_found", "unreachable", "stalled", "ended", "no_keyframe"]
)
async def test_a_camera_that_is_lost(books: Books, reason: str) -> None:
    books.report(reason, 300)
    await books.clock.advance(300, _nothing)
    books.report(None, 600)
    assert await end(books) == [(*GAP, reason, "")]


async def test_a_cause_that_changes_while_a_camera_is_lost(books: Books) -> None:
    books.report("stalled", 300)
    await books.clock.advance(120, _nothing)
    books.report("unreachable", 420)
    await books.clock.advance(180, _nothing)
    books.report("connecting", 599)
    books.report(None, 600)
    assert await end(books) == [
        (GAP[0], 7 * MINUTE, "stalled", ""),
        (7 * MINUTE, GAP[1], "unreachable", ""),
    ]


async def test_a_disk_that_is_full_names_its_tier(books: Books) -> None:
    books.causes.disk(DiskReport("ssd", "disk_full"))
    await books.clock.advance(300, _nothing)
    books.causes.disk(DiskReport("ssd", None))
    assert await end(books) == [(*GAP, "disk_full", "ssd")]


async def test_a_disk_matters_more_than_a_camera(books: Books) -> None:
    books.causes.disk(DiskReport("ssd", "disk_gone"))
    books.report("unreachable", 300)
    await books.clock.advance(300, _nothing)
    books.causes.disk(DiskReport("ssd", None))
    books.report(None, 600)
    assert await end(books) == [(*GAP, "disk_gone", "ssd")]


async def test_a_capture_process_that_is_away(books: Books) -> None:
    books.causes.capture([CAMERA], up=False)
    await books.clock.advance(298, _nothing)
    books.causes.capture([CAMERA], up=True)
    books.causes.outages([Outage(CAMERA, "main", UNIX + 598, UNIX + 600, "connecting")])
    assert await end(books) == [(*GAP, "capture_stopped", "")]


async def test_the_capture_process_of_another_camera_explains_nothing(books: Books) -> None:
    books.causes.capture(["camera.yard"], up=False)
    await books.clock.advance(300, _nothing)
    assert await end(books) == [(*GAP, "unknown", "")]


async def test_a_hub_that_was_away_with_its_capture(books: Books, tmp_path: Path) -> None:
    await books.clock.advance(300, _nothing)
    again = Books(tmp_path, books.clock)
    await again.causes.beat()
    again.causes.capture([CAMERA], up=True)
    assert await end(again) == [(*GAP, "hub_stopped", "")]
    await again.close()


async def test_a_hub_that_was_away_while_capture_recorded_leaves_no_gap(
    books: Books, tmp_path: Path
) -> None:
    await books.recorded((0, 60 * MINUTE))
    await books.clock.advance(300, _nothing)
    again = Books(tmp_path, books.clock)
    await again.causes.beat()
    await again.settle(10)
    assert await again.gaps() == []
    await again.close()


async def test_a_camera_that_was_lost_while_the_hub_was_away(books: Books, tmp_path: Path) -> None:
    await books.clock.advance(300, _nothing)
    again = Books(tmp_path, books.clock)
    again.causes.capture([CAMERA], up=True)
    again.causes.outages(
        [
            Outage(CAMERA, "main", UNIX + 300, UNIX + 590, "unreachable"),
            Outage(CAMERA, "main", UNIX + 590, UNIX + 600, "connecting"),
        ]
    )
    assert await end(again) == [(*GAP, "unreachable", "")]
    await again.close()


async def test_a_camera_that_was_lost_when_the_hub_and_its_capture_died(
    books: Books, tmp_path: Path
) -> None:
    books.report("unreachable", 300)
    await books.clock.advance(120, _nothing)
    await books.causes.beat()
    await books.clock.advance(180, _nothing)
    again = Books(tmp_path, books.clock)
    again.causes.capture([CAMERA], up=True)
    again.report(None, 600)
    assert await end(again) == [
        (GAP[0], 7 * MINUTE, "unreachable", ""),
        (7 * MINUTE, GAP[1], "hub_stopped", ""),
    ]
    await again.close()


async def test_a_camera_that_is_still_lost_when_the_hub_is_back(
    books: Books, tmp_path: Path
) -> None:
    books.report("unreachable", 300)
    await books.causes.beat()
    await books.clock.advance(120, _nothing)
    again = Books(tmp_path, books.clock)
    again.causes.capture([CAMERA], up=True)
    again.causes.outages([Outage(CAMERA, "main", UNIX + 300, None, "unreachable")])
    again.report("unreachable", 300)
    await again.clock.advance(180, _nothing)
    await again.causes.beat()
    again.report(None, 600)
    assert await end(again) == [(*GAP, "unreachable", "")]
    await again.close()


async def test_a_clock_that_is_set_forward(books: Books) -> None:
    books.clock.jump(300)
    await books.causes.beat()
    assert await end(books) == [(*GAP, "clock_set", "+300 s")]


async def test_a_clock_that_is_set_back_makes_no_gap(books: Books) -> None:
    books.report("unreachable", 300)
    books.clock.jump(-240)
    await books.causes.beat()
    books.report(None, 60)
    await books.recorded((MINUTE, 60 * MINUTE))
    await books.settle(20)
    assert await books.gaps() == []
    rows = await books.store.read(lambda c: c.execute(select(outages)).all())
    assert all(row.start <= T0 + MINUTE and row.end is not None for row in rows)


async def test_a_clock_that_drifts_was_not_set(books: Books) -> None:
    for _ in range(100):
        await books.clock.advance(10, _nothing)
        books.clock.jump(0.5)
        await books.causes.beat()
    rows = await books.store.read(lambda c: c.execute(select(outages)).all())
    assert rows == []


async def test_a_mode_that_was_switched_names_the_person(books: Books) -> None:
    await books.mode(GAP[0], "off", "switched_off", "Олена")
    await books.mode(GAP[1], "continuous")
    assert await end(books) == [(*GAP, "switched_off", "Олена")]


async def test_a_database_that_is_away_loses_no_cause(books: Books) -> None:
    write = books.store.write

    async def refuse(_work: Any) -> Any:
        raise OSError("no disk")

    books.store.write = refuse  # type: ignore[method-assign]
    books.report("unreachable", 300)
    for _ in range(3):
        with pytest.raises(OSError, match="no disk"):
            await books.causes.beat()
    await books.clock.advance(300, _nothing)
    books.report(None, 600)
    books.store.write = write  # type: ignore[method-assign]
    assert await end(books) == [(*GAP, "unreachable", "")]


async def test_what_waits_for_the_database_is_bounded(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.video.missing.causes.MOST_WAITING", 10)
    found = [Outage(CAMERA, "main", UNIX + n, UNIX + n + 0.5, "stalled") for n in range(30)]
    books.causes.outages(found)
    await books.causes.beat()
    rows = await books.store.read(lambda c: c.execute(select(outages)).all())
    assert sorted(row.start for row in rows) == [T0 + n * 1000 for n in range(20, 30)]


async def test_a_database_that_is_begun_anew_is_told_what_is_not_over(books: Books) -> None:
    books.report("unreachable", 300)
    await books.causes.beat()
    await books.write(lambda c: c.execute(delete(outages)))
    for hear in books.store.renewed:
        hear(PutAside(file=Path("bulk.db.damaged"), why="malformed"))
    await books.clock.advance(300, _nothing)
    books.report(None, 600)
    assert await end(books) == [(*GAP, "unreachable", "")]


async def test_the_same_outages_told_again_are_the_same_rows(books: Books) -> None:
    found = [Outage(CAMERA, "main", UNIX + n, UNIX + n + 0.5, "stalled") for n in range(5)]
    for _ in range(3):
        books.causes.outages(found)
        await books.causes.beat()
    rows = await books.store.read(lambda c: c.execute(select(outages)).all())
    assert len(rows) == 5


async def test_how_far_files_reach_is_known_of_each_stream(books: Books) -> None:
    books.report(None, 0, until=42.5)
    assert books.causes.until(*GATE) == millis(UNIX + 42.5)
    assert books.causes.until(CAMERA, "sub") is None
