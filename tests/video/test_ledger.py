"""The ledger in its tables: judged once, a minute and a half behind, and whole over restarts."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from hub.video.indexing import rollup
from hub.video.instants import millis
from hub.video.tables import coverage, gap_marks, recordings, segments
from tests.video.ledgers import GATE, MINUTE, NOON, T0, Books

SUB = ("camera.gate", "sub")


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    books = Books(tmp_path)
    await books.causes.beat()
    yield books
    await books.close()


async def test_a_gap_is_written_a_minute_and_a_half_behind(books: Books) -> None:
    await books.mode(0, "continuous")
    await books.recorded((0, MINUTE))
    books.report("unreachable", 60)
    await books.settle(2)
    assert await books.gaps() == []
    await books.settle(1)
    assert await books.gaps() == [(MINUTE, MINUTE + 30_000, "unreachable", "")]


async def test_a_gap_that_goes_on_is_one_row(books: Books) -> None:
    await books.mode(0, "continuous")
    books.report("unreachable", 0)
    for _ in range(90):
        await books.settle(1)
    assert await books.gaps() == [(0, 90 * MINUTE - 90_000, "unreachable", "")]
    books.report(None, 90 * 60)
    await books.recorded((90 * MINUTE, 100 * MINUTE))
    await books.settle(10)
    assert await books.gaps() == [(0, 90 * MINUTE, "unreachable", "")]


async def test_a_gap_of_days_is_one_row_too(books: Books) -> None:
    await books.mode(0, "continuous")
    books.report("unreachable", 0)
    await books.settle(3 * 24 * 60)
    await books.settle(24 * 60)
    assert await books.gaps() == [(0, 4 * 24 * 60 * MINUTE - 90_000, "unreachable", "")]


async def test_what_was_purged_makes_no_gap(books: Books) -> None:
    await books.mode(0, "continuous")
    await books.recorded((0, 10 * MINUTE))
    await books.settle(10)
    await books.write(lambda c: c.execute(delete(coverage)))
    await books.recorded((10 * MINUTE, 20 * MINUTE))
    await books.settle(10)
    assert [gap for gap in await books.gaps() if gap[0] < 8.5 * MINUTE] == []


async def test_what_turns_up_late_takes_its_gap_back(books: Books) -> None:
    await books.mode(0, "continuous")
    await books.settle(10)
    await books.recorded((2 * MINUTE, 3 * MINUTE))
    await books.ledger.again(*GATE, T0 + 2 * MINUTE, T0 + 3 * MINUTE)
    assert [gap[:2] for gap in await books.gaps()] == [
        (0, 2 * MINUTE),
        (3 * MINUTE, 8.5 * MINUTE),
    ]


async def test_a_file_that_is_gone_without_a_purge_is_a_gap(books: Books) -> None:
    await books.mode(0, "continuous")
    await books.recorded((0, 20 * MINUTE))
    await books.settle(10)
    await books.write(lambda c: c.execute(insert(segments).values(_file(MINUTE, 2 * MINUTE))))
    await books.write(lambda c: c.execute(delete(coverage)))
    await books.recorded((0, MINUTE), (2 * MINUTE, 20 * MINUTE))
    books.ledger.changed(*GATE, T0 + MINUTE, T0 + 2 * MINUTE)
    await books.settle(1)
    assert await books.gaps() == [(MINUTE, 2 * MINUTE, "file_missing", "")]
    await books.write(lambda c: c.execute(delete(segments)))
    await books.recorded((MINUTE, 2 * MINUTE))
    books.ledger.changed(*GATE, T0 + MINUTE, T0 + 2 * MINUTE)
    await books.settle(1)
    assert await books.gaps() == []


def _file(start: int, end: int | None, state: str = "missing") -> dict[str, object]:
    """A row of the index."""
    return {
        "camera": GATE[0], "stream": GATE[1], "tier": "main", "path": "a", "start": T0 + start,
        "end": None if end is None else T0 + end, "bytes": 0, "epoch": "e", "codec": "h264",
        "width": 1, "height": 1, "keyframes": 0, "masked": False, "cls": 0, "state": state,
    }  # fmt: skip


async def test_judging_again_changes_nothing(books: Books) -> None:
    await books.mode(0, "continuous")
    await books.recorded((0, 5_000), (20_000, 3 * MINUTE), (4 * MINUTE, 5 * MINUTE))
    await books.settle(20)
    once = await books.gaps()
    await books.write(lambda c: c.execute(delete(gap_marks)))
    await books.settle()
    assert await books.gaps() == once


async def test_the_ledger_is_the_same_however_often_it_is_written(tmp_path: Path) -> None:
    luck = random.Random(4)
    story = []
    at = 0
    while at < 40 * MINUTE:
        end = at + luck.randrange(1_500, 200_000)
        story.append((at, end))
        at = end + luck.randrange(200, 90_000)
    told = []
    for number, every in enumerate((1, 6, 60)):
        (tmp_path / str(number)).mkdir()
        books = Books(tmp_path / str(number))
        await books.mode(0, "continuous")
        await books.recorded(*story)
        for _ in range(60 // every):
            await books.settle(every)
        told.append(await books.gaps())
        await books.close()
    assert told[0] == told[1] == told[2]
    assert told[0] != []


async def test_a_file_that_is_being_written_is_waited_for(books: Books) -> None:
    await books.mode(0, "continuous")
    await books.write(lambda c: c.execute(insert(segments).values(_file(0, None, "open"))))
    await books.settle(10)
    assert await books.gaps() == []
    books.report(None, 0, until=300)
    await books.write(lambda c: c.execute(delete(segments)))
    await books.recorded((0, 5 * MINUTE))
    await books.settle(10)
    assert await books.gaps() == [(5 * MINUTE, 18.5 * MINUTE, "unknown", "")]


async def test_what_was_asked_for_is_missed_where_events_are_recorded(books: Books) -> None:
    await books.mode(0, "events")
    order = {
        "id": "o", "camera": GATE[0], "start": NOON + timedelta(minutes=2),
        "end": NOON + timedelta(minutes=4), "state": "incomplete", "made_at": NOON,
    }  # fmt: skip
    await books.write(lambda c: c.execute(insert(recordings).values(order)))
    await books.recorded((3 * MINUTE, 4 * MINUTE))
    await books.settle(10)
    assert await books.gaps() == [(2 * MINUTE, 3 * MINUTE, "unknown", "")]


async def test_nothing_is_missed_before_a_stream_was_there_nor_while_it_is_off(
    books: Books,
) -> None:
    await books.mode(2 * MINUTE, "continuous", stream=SUB)
    await books.mode(3 * MINUTE, "off", stream=SUB)
    await books.settle(20)
    assert await books.gaps(SUB) == [(2 * MINUTE, 3 * MINUTE, "unknown", "")]
    assert await books.gaps() == []


async def test_who_switched_it_off_is_named(books: Books) -> None:
    await books.mode(0, "continuous")
    await books.mode(2 * MINUTE, "off", "switched_off", "Олена")
    await books.mode(3 * MINUTE, "continuous")
    await books.recorded((0, 2 * MINUTE), (3 * MINUTE, 30 * MINUTE))
    await books.settle(20)
    assert await books.gaps() == [(2 * MINUTE, 3 * MINUTE, "switched_off", "Олена")]


async def test_a_clock_that_is_set_back_brings_the_ledger_back(books: Books) -> None:
    await books.mode(0, "continuous")
    books.clock.jump(20 * 86_400)
    await books.settle(1)
    books.clock.jump(-20 * 86_400)
    await books.recorded((0, 30 * MINUTE))
    await books.settle(10)
    assert await books.gaps() == []
    books.report("unreachable", 30 * 60)
    await books.settle(30)
    assert await books.gaps() == [(30 * MINUTE, 39.5 * MINUTE, "unreachable", "")]


async def test_a_stream_that_stops_is_told_once_and_once_when_it_is_back(books: Books) -> None:
    await books.mode(0, "continuous")
    await books.recorded((0, MINUTE))
    books.report("stalled", 60)
    for _ in range(5):
        await books.settle(1)
    await books.recorded((5 * MINUTE, 30 * MINUTE))
    books.report(None, 300)
    for _ in range(5):
        await books.settle(1)
    told = [(e.type, e.source, getattr(e, "why", "")) for e in books.events]
    assert told == [
        ("recording.stopped", "camera.gate", "stalled"),
        ("recording.resumed", "camera.gate", ""),
    ]


async def test_rows_come_in_pages_the_youngest_first(books: Books) -> None:
    await books.mode(0, "continuous")
    await books.mode(0, "continuous", stream=SUB)
    spans = [(number * MINUTE, number * MINUTE + 50_000) for number in range(10)]
    await books.recorded(*spans)
    await books.recorded(*spans, stream=SUB)
    await books.settle(11.5)
    window = NOON, NOON + timedelta(minutes=10)
    every = await books.ledger.rows(None, *window, 1_000)
    assert len(every) == 20
    paged, after = [], None
    while page := await books.ledger.rows(None, *window, 3, after):
        paged += page
        after = page[-1].place
    assert paged == every
    assert await books.ledger.rows(["camera.other"], *window, 10) == []
    few = await books.ledger.rows(None, NOON, NOON + timedelta(seconds=55), 10)
    assert [millis(row.start) - T0 for row in few] == [50_000, 50_000]


async def test_a_rebuilt_index_gives_the_same_ledger(books: Books) -> None:
    await books.mode(0, "continuous")
    await books.recorded((0, MINUTE))
    await books.settle(10)
    await books.write(lambda c: rollup.rebuild(c, *GATE))
    await books.ledger.again(*GATE, T0, T0 + 10 * MINUTE)
    assert await books.gaps() == [(MINUTE, 8.5 * MINUTE, "unknown", "")]


async def test_totals_count_what_lies_in_the_window(books: Books) -> None:
    await books.mode(0, "continuous")
    books.report("unreachable", 0)
    await books.recorded((2 * MINUTE, 3 * MINUTE))
    await books.clock.advance(120, _nothing)
    books.report(None, 120)
    await books.settle(8)
    window = NOON + timedelta(minutes=1), NOON + timedelta(minutes=4)
    told = await books.ledger.totals(None, *window)
    assert [(t.stream, t.cause, t.gaps, t.missing) for t in told] == [
        ("main", "unknown", 1, timedelta(minutes=1)),
        ("main", "unreachable", 1, timedelta(minutes=1)),
    ]
    assert await books.ledger.totals(["camera.other"], *window) == []


async def _nothing() -> None:
    """Nobody else runs on this clock."""


async def test_a_clock_that_is_years_behind_takes_nothing_from_the_ledger(books: Books) -> None:
    await books.mode(0, "continuous")
    await books.recorded((0, MINUTE), (2 * MINUTE, 10 * MINUTE))
    await books.settle(10)
    before = await books.gaps()
    assert before
    books.ledger.behind = lambda: books.clock.now() < NOON
    books.clock.jump(-5 * 365 * 86_400)
    await books.settle(1)
    assert await books.gaps() == before
    books.clock.jump(5 * 365 * 86_400)
    await books.recorded((10 * MINUTE, 30 * MINUTE))
    await books.settle(5)
    assert await books.gaps() == before
