"""What a page draws of the archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, event, insert

from hub.video.indexing import rollup, spans
from hub.video.indexing.index import put_segments
from hub.video.indexing.spans import GapSpan, Timeline
from hub.video.tables import archive_hours, coverage, gap_marks, gaps, segments
from tests.video.archive_rows import START, report, store_at

ZERO = round(START * 1000)
HOUR = 3_600_000
DAY = 24 * HOUR
KEY = "camera.a/main"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    store = store_at(tmp_path)
    with store.engine.connect() as connection, connection.begin():
        yield connection
    store.engine.dispose()


def drawn(connection: Connection, start: int, end: int, points: int = 1000) -> Timeline:
    """The timeline of one stream, times from START on."""
    [[key, found]] = spans.timeline(connection, [KEY], ZERO + start, ZERO + end, points).items()
    assert key == KEY
    found.spans = [(a - ZERO, b - ZERO) for a, b in found.spans]
    found.density = [(at - ZERO, size) for at, size in found.density]
    return found


def test_spans_are_cut_to_what_was_asked(connection: Connection) -> None:
    put_segments(connection, [report(0, 60), report(60, 120), report(300, 360)])
    assert drawn(connection, 30_000, 330_000).spans == [(30_000, 120_000), (300_000, 330_000)]
    assert drawn(connection, 120_000, 300_000).spans == []


def test_a_span_that_began_long_before_is_found(connection: Connection) -> None:
    put_segments(connection, [report(60 * n, 60 * n + 60) for n in range(600)])
    assert drawn(connection, 35_000_000, 35_900_000).spans == [(35_000_000, 35_900_000)]


def test_a_short_stretch_is_counted_by_files_and_a_long_one_by_hours(
    connection: Connection,
) -> None:
    put_segments(connection, [report(0, 60), report(60, 120), report(7200, 7260)])
    short = drawn(connection, 0, 3 * HOUR)
    assert short.step == 60_000
    assert short.density == [(0, 1_000_000), (60_000, 1_000_000), (7_200_000, 1_000_000)]
    long = drawn(connection, 0, 30 * DAY)
    assert long.step == HOUR
    assert long.density == [(0, 2_000_000), (2 * HOUR, 1_000_000)]
    assert drawn(connection, 0, 30 * DAY, points=60).density == [(0, 3_000_000)]


def test_no_more_is_drawn_than_there_are_points(connection: Connection) -> None:
    put_segments(connection, [report(100 * n, 100 * n + 60) for n in range(300)])
    found = drawn(connection, 0, 30_000_000, points=20)
    assert found.spans == [(0, 29_960_000)]
    assert len(found.density) <= 20


def test_streams_that_have_nothing_are_there_too_and_no_others(connection: Connection) -> None:
    put_segments(connection, [report(0, 60), report(0, 60, stream="sub")])
    keys = ["camera.b/main", "camera.a/sub"]
    found = spans.timeline(connection, keys, ZERO, ZERO + HOUR, 10)
    assert {key: len(each.spans) for key, each in found.items()} == {
        "camera.b/main": 0,
        "camera.a/sub": 1,
    }


def test_the_ledger_of_gaps_and_a_file_in_the_making_stand_beside(connection: Connection) -> None:
    put_segments(connection, [report(0, 60), report(70, None)])
    gap = {"camera": "camera.a", "stream": "main", "detail": "", "by": "schedule"}
    connection.execute(
        insert(gaps),
        [
            gap | {"start": ZERO - 9_000, "end": ZERO - 5_000, "cause": "unreachable"},
            gap | {"start": ZERO - 5_000, "end": ZERO, "cause": "unreachable"},
            gap | {"start": ZERO + 60_000, "end": ZERO + 70_000, "cause": "switched_off"},
        ],
    )
    connection.execute(
        insert(gap_marks).values(camera="camera.a", stream="main", settled=ZERO + 90_000)
    )
    found = drawn(connection, -1_000, HOUR)
    assert found.gaps == [
        GapSpan(ZERO - 5_000, ZERO, "unreachable", "", "schedule"),
        GapSpan(ZERO + 60_000, ZERO + 70_000, "switched_off", "", "schedule"),
    ]
    assert (found.open, found.settled) == (ZERO + 70_000, ZERO + 90_000)


def test_no_table_is_read_through(connection: Connection) -> None:
    plans: list[str] = []

    @event.listens_for(connection.engine, "before_cursor_execute")
    def _(_connection: object, cursor: object, statement: str, values: object, *_: object) -> None:
        beside = cursor.connection.cursor()  # type: ignore[attr-defined]
        beside.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        plans.extend(row[3] for row in beside.fetchall())

    for length in (HOUR, 300 * DAY):
        spans.timeline(connection, [KEY, "camera.b/sub"], ZERO, ZERO + length, 100)
    assert [plan for plan in plans if "SEARCH segments USING" in plan]
    scanned = [plan for plan in plans if plan.startswith("SCAN") and "asked" not in plan]
    assert [plan for plan in scanned if "CONSTANT ROW" not in plan] == []


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    files=st.lists(
        st.tuples(st.integers(0, 40_000_000), st.integers(1, 900_000)),
        max_size=25,
        unique_by=lambda file: file[0],
    ),
    start=st.integers(-1_000_000, 41_000_000),
    length=st.integers(1, 41_000_000),
)
def test_any_stretch_shows_what_the_files_in_it_come_to(
    connection: Connection, files: list[tuple[int, int]], start: int, length: int
) -> None:
    for table in (segments, coverage, archive_hours):
        connection.execute(delete(table))
    put_segments(connection, [report(a / 1000, (a + n) / 1000) for a, n in files])
    whole = rollup.merged((a, a + n) for a, n in files)
    end = start + length
    wanted = [(max(start, a), min(end, b)) for a, b in whole if a < end and b > start]
    assert drawn(connection, start, end).spans == wanted
