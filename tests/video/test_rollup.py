"""What is derived from the index is, after any changes, what it would be made of the rows anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, select, update

from hub.video.indexing import rollup
from hub.video.indexing.index import put_missing, put_segments
from hub.video.tables import archive_hours, coverage, segments
from tests.video.archive_rows import START, report, store_at

ZERO = round(START * 1000)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    store = store_at(tmp_path)
    with store.engine.connect() as connection, connection.begin():
        yield connection
    store.engine.dispose()


def kept(connection: Connection) -> rollup.Derived:
    return rollup.stored(connection, "camera.a", "main")


def spans(connection: Connection) -> list[tuple[float, float]]:
    """Covered spans in seconds from START on."""
    return [((a - ZERO) / 1000, (b - ZERO) / 1000) for a, b in kept(connection).covered]


def test_files_that_follow_each_other_are_one_span(connection: Connection) -> None:
    put_segments(connection, [report(0, 60), report(60.4, 120), report(121, 180)])
    assert spans(connection) == [(0, 180)]


def test_a_pause_of_more_than_a_second_is_a_hole(connection: Connection) -> None:
    put_segments(connection, [report(61.001, 120), report(0, 60)])
    assert spans(connection) == [(0, 60), (61.001, 120)]


def test_a_file_that_fills_a_hole_joins_both_sides(connection: Connection) -> None:
    put_segments(connection, [report(0, 60), report(120, 180)])
    put_segments(connection, [report(60, 120)])
    assert spans(connection) == [(0, 180)]


def test_a_file_that_is_still_written_does_not_count_and_counts_when_told_finished(
    connection: Connection,
) -> None:
    put_segments(connection, [report(0, None)])
    assert spans(connection) == []
    put_segments(connection, [report(0, 60)])
    put_segments(connection, [report(0, 60)])
    assert spans(connection) == [(0, 60)]
    assert sum(size for _, size in kept(connection).hours.values()) == 1_000_000


def test_a_file_that_is_lost_leaves_a_hole_but_not_where_another_covers_it(
    connection: Connection,
) -> None:
    put_segments(connection, [report(0, 60), report(30, 90), report(90, 150), report(150, 200)])
    put_missing(connection, [("main", report(0, 60).path), ("main", report(90, 150).path)])
    assert spans(connection) == [(30, 90), (150, 200)]


def test_the_bytes_of_a_file_are_shared_between_the_hours_that_it_spans(
    connection: Connection,
) -> None:
    put_segments(connection, [report(3600 - 45, 3600 + 15, size=1001)])
    [first, second] = [tuple(hour) for _, hour in sorted(kept(connection).hours.items())]
    assert (first, second) == ((45_000, 750), (15_000, 251))


def test_an_hour_without_files_has_no_row(connection: Connection) -> None:
    put_segments(connection, [report(0, 60), report(7200, 7260)])
    put_missing(connection, [("main", report(0, 60).path)])
    assert len(kept(connection).hours) == 1


FILES = st.tuples(
    st.integers(0, 40).map(lambda n: 3_590_000 + 500 * n),
    st.sampled_from([0, 499, 500, 500, 1000, 1500, 7000, 7_000_000]),
    st.integers(0, 10_000),
)
"""Start and length in milliseconds, bytes: they touch, overlap, leave pauses of a second more or
less, and lie about the border of an hour."""


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    files=st.lists(FILES, min_size=1, max_size=30, unique_by=lambda file: file[0]),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["lost", "back", "cut"]), st.sets(st.integers(0, 29), max_size=8)
        ),
        max_size=8,
    ),
)
def test_any_files_that_come_and_go_leave_what_the_rest_comes_to(
    connection: Connection,
    files: list[tuple[int, int, int]],
    steps: list[tuple[str, set[int]]],
) -> None:
    for table in (segments, coverage, archive_hours):
        connection.execute(delete(table))
    reports = [report(a / 1000, (a + n) / 1000, size=size) for a, n, size in files]
    put_segments(connection, reports)
    for kind, chosen in steps:
        some = [reports[n] for n in chosen if n < len(reports)]
        if kind == "lost":
            put_missing(connection, [("main", one.path) for one in some])
        elif kind == "back":
            put_segments(connection, some)
        else:  # told twice at once, the second time of half the length
            halves = [replace(one, end=(one.start + (one.end or 0)) / 2) for one in some]
            put_segments(connection, some + halves)
        wanted = rollup.derived(connection, "camera.a", "main")
        assert kept(connection) == wanted
    rollup.rebuild(connection, "camera.a", "main")
    assert kept(connection) == rollup.derived(connection, "camera.a", "main")


def test_a_rebuild_mends_what_was_spoilt(connection: Connection) -> None:
    put_segments(connection, [report(0, 60)])
    connection.execute(update(coverage).values(end=coverage.c.end + 5000))
    connection.execute(delete(archive_hours))
    rollup.rebuild(connection, "camera.a", "main")
    assert spans(connection) == [(0, 60)]
    assert connection.execute(select(func.count()).select_from(archive_hours)).scalar() == 1
