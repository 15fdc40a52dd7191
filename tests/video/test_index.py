"""The index: what capture told, in the database; classes; and the index of an older hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, event, select, text, update

import hub.app  # noqa: F401 - the tables of all rooms
from hub.store.migrate import _config, migrate
from hub.store.store import Store
from hub.store.tables import bulk
from hub.video.indexing import index, rollup
from hub.video.indexing.classes import Cls
from hub.video.indexing.index import Recording, instant, put_recording, put_segments
from hub.video.tables import segments
from tests.video.archive_rows import START, report, store_at


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    store = store_at(tmp_path)
    with store.engine.connect() as connection, connection.begin():
        yield connection
    store.engine.dispose()


def at(seconds: float) -> datetime:
    return instant(START + seconds)


def files(
    connection: Connection, start: float, end: float, stream: str = "main"
) -> list[tuple[float, float | None]]:
    """Files of a window, in seconds from START on."""
    found = index.files(connection, "camera.a", stream, at(start), at(end))
    return [
        (f.start.timestamp() - START, None if f.end is None else f.end.timestamp() - START)
        for f in found
    ]


def classes(connection: Connection) -> list[Cls]:
    return [Cls(row.cls) for row in connection.execute(select(segments).order_by(segments.c.start))]


def order(start: float, end: float, incident: int | None = None, id: str = "r") -> Recording:
    return Recording(id, "camera.a", at(start), at(end), incident, "open")


def put_order(connection: Connection, asked: Recording) -> None:
    put_recording(connection, asked, at(0))


def test_files_of_a_window_are_those_that_reach_into_it(connection: Connection) -> None:
    put_segments(connection, [report(0, 60), report(60, 120), report(120, None)])
    assert files(connection, 60, 100) == [(60, 120)]
    assert files(connection, 59.9, 130) == [(0, 60), (60, 120), (120, None)]
    assert files(connection, 500, 600) == [(120, None)]


def test_each_stream_has_files_of_its_own(connection: Connection) -> None:
    put_segments(connection, [report(0, 60), report(0, 61, stream="sub")])
    assert files(connection, 0, 60) == [(0, 60)]
    assert files(connection, 0, 60, "sub") == [(0, 61)]


def test_a_file_that_is_being_deleted_or_is_missing_is_not_read(connection: Connection) -> None:
    put_segments(connection, [report(0, 60), report(60, 120)])
    index.put_missing(connection, [("main", report(0, 60).path)])
    connection.execute(
        update(segments).where(segments.c.path == report(60, 120).path).values(state="purging")
    )
    assert files(connection, 0, 120) == []
    put_segments(connection, [report(60, 120)])
    assert files(connection, 0, 120) == [], "what is being deleted came back"


def test_a_file_that_is_finished_is_not_opened_again_by_a_late_notice(
    connection: Connection,
) -> None:
    put_segments(connection, [report(0, 60), report(0, None)])
    assert files(connection, 0, 10) == [(0, 60)]


def test_an_order_raises_the_class_of_the_files_it_needs_and_nothing_lowers_it(
    connection: Connection,
) -> None:
    put_segments(connection, [report(60 * n, 60 * n + 60) for n in range(5)])
    put_order(connection, order(70, 170))
    assert classes(connection) == [0, 1, 1, 0, 0]
    put_order(connection, order(100, 110, incident=7, id="s"))
    assert classes(connection) == [0, 2, 1, 0, 0]
    put_order(connection, order(70, 200))
    assert classes(connection) == [0, 2, 1, 1, 0]
    put_segments(connection, [report(60, 120)])
    assert classes(connection) == [0, 2, 1, 1, 0]


def test_a_file_that_comes_after_its_order_has_the_class_of_it(connection: Connection) -> None:
    put_order(connection, order(70, 170, incident=1))
    put_segments(connection, [report(0, 60), report(0, 80, stream="sub"), report(60, None)])
    put_segments(connection, [report(60, 120), report(200, 260, camera="camera.b")])
    by_path = {row.path: row.cls for row in connection.execute(select(segments))}
    assert by_path == {
        report(0, 60).path: Cls.CONTINUOUS,
        report(0, 80, stream="sub").path: Cls.INCIDENT,
        report(60, 120).path: Cls.INCIDENT,
        report(200, 260, camera="camera.b").path: Cls.CONTINUOUS,
    }


def test_an_order_is_judged_by_main_or_else_by_the_stream_there_is(connection: Connection) -> None:
    put_segments(connection, [report(0, 60, stream="sub"), report(60, 120, stream="sub")])
    put_order(connection, order(10, 110))
    done = index.finish_recording(connection, "r", None)
    assert done is not None
    assert done[0].state == "finished"
    put_segments(connection, [report(0, 60)])
    put_order(connection, order(10, 110, id="s"))
    done = index.finish_recording(connection, "s", None)
    assert done is not None
    assert done[0].state == "incomplete"


@contextmanager
def plans(connection: Connection) -> Iterator[list[str]]:
    """How the database goes about each statement."""
    found: list[str] = []

    def explain(_: object, cursor: Any, statement: str, values: Any, *_more: object) -> None:
        beside = cursor.connection.cursor()
        first = values[0] if values and isinstance(values[0], tuple) else values  # of many rows
        beside.execute(f"EXPLAIN QUERY PLAN {statement}", first)
        found.extend(row[3] for row in beside.fetchall())

    event.listen(connection.engine, "before_cursor_execute", explain)
    yield found
    event.remove(connection.engine, "before_cursor_execute", explain)


FOLDER = report(0, 60).path.rpartition("/")[0]
WORK: dict[str, Callable[[Connection], object]] = {
    "a report": lambda c: put_segments(c, [report(60, None), report(0, 70)]),
    "an order": lambda c: put_order(c, order(0, 100, id="s")),
    "the end of an order": lambda c: index.finish_recording(c, "r", None),
    "files of a window": lambda c: files(c, 0, 100),
    "files of a folder": index.rows_of(FOLDER),
    "all folders": index.folders_after(""),
    "folders of the last days": index.recent_folders({"2027/01/15"}),
    "a file that is gone": lambda c: index.put_missing(c, [("main", report(0, 60).path)]),
    "all streams": rollup.streams,
    "a stream anew": lambda c: rollup.rebuild(c, "camera.a", "main"),
}


@pytest.mark.parametrize("work", WORK)
def test_no_table_is_read_through_for(connection: Connection, work: str) -> None:
    put_segments(connection, [report(0, 60), report(86_400, 86_460), report(100, None)])
    put_order(connection, order(0, 60))
    with plans(connection) as found:
        WORK[work](connection)
    assert [plan for plan in found if plan.startswith("SEARCH")]
    assert [plan for plan in found if plan.startswith("SCAN")] == []


def test_files_of_a_folder_are_those_of_no_other(connection: Connection) -> None:
    put_segments(connection, [report(0, 60), report(86_400, 86_460)])
    assert list(index.rows_of(FOLDER)(connection)) == [report(0, 60).path]
    both = sorted(one.path.rpartition("/")[0] for one in (report(0, 60), report(86_400, 86_460)))
    assert index.folders_after("")(connection) == both
    assert index.folders_after(both[0])(connection) == both[1:]


def older(folder: Path) -> Store:
    """The database of the hub before the archive, with files and orders."""
    store = Store.at(folder / "bulk.db")
    config = _config("bulk")
    with store.engine.connect().execution_options(writes=True) as connection:
        config.attributes |= {"connection": connection, "metadata": bulk}
        with connection.begin():
            command.upgrade(config, "0004")
            for n in range(3):
                start = datetime(2027, 1, 15, 8, n, 0, 250_000, tzinfo=UTC)
                end = start.replace(second=59).isoformat(timespec="microseconds")
                values = {
                    "path": f"archive/a/2027/01/15/080{n}00.250.mp4",
                    "start": start.isoformat(timespec="microseconds"),
                    "end": end if n < 2 else None,
                    "state": "finished" if n < 2 else "open",
                }
                connection.execute(
                    text(
                        'INSERT INTO segments (camera, stream, path, start, "end", bytes, epoch,'
                        " codec, width, height, state) VALUES ('camera.a', 'main', :path, :start,"
                        " :end, 59, 'e', 'h264', 640, 480, :state)"
                    ),
                    values,
                )
            connection.execute(
                text(
                    "INSERT INTO recordings VALUES ('r', 'camera.a',"
                    " '2027-01-15T08:01:10.000000+00:00', '2027-01-15T08:01:20.000000+00:00',"
                    " 3, 'finished', '2027-01-15T08:01:10.000000+00:00')"
                )
            )
    return store


def test_the_index_of_an_older_hub_is_taken_over(tmp_path: Path) -> None:
    store = older(tmp_path)
    migrate(store, bulk)
    with store.engine.connect() as connection:
        assert files(connection, 0, 300) == [(0.25, 59.25), (60.25, 119.25), (120.25, None)]
        assert classes(connection) == [Cls.EVENT, Cls.INCIDENT, Cls.EVENT]
        kept = rollup.stored(connection, "camera.a", "main")
        assert kept == rollup.derived(connection, "camera.a", "main")
        assert len(kept.covered) == 1
        assert connection.execute(select(segments.c.tier)).scalars().all() == ["main"] * 3
