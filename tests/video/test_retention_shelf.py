"""What the index says of the files is what there is: the plan by it is the plan by all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, delete, event, insert

from hub.holds import hold_cameras, holds
from hub.store.tables import bulk
from hub.video.indexing.classes import Cls
from hub.video.retention.plan import Need, Piece, Terms, plan
from hub.video.retention.shelf import IndexShelf
from hub.video.tables import segments
from tests.video.test_retention_plan import (
    CAMERAS,
    DAY,
    NOW,
    ListShelf,
    all_terms,
    needs,
    shelves,
)

HERE = ("ssd", "nas")


@st.composite
def placed(draw: st.DrawFn) -> tuple[int, int | None, tuple[str, ...], int | None, int | None]:
    """A hold: from, to, cameras, until, released at."""
    start = NOW - draw(st.integers(0, 50)) * DAY
    end = draw(st.none() | st.integers(0, 20))
    cameras = draw(st.lists(st.sampled_from(CAMERAS), max_size=2, unique=True))
    until = draw(st.none() | st.sampled_from([NOW - 1, NOW, NOW + 1]))
    released = draw(st.none() | st.just(NOW - DAY))
    return start, None if end is None else start + end * DAY, tuple(cameras), until, released


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Connection:
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('shelf') / Path('bulk.db')}")
    bulk.create_all(engine)
    connection = engine.connect()
    connection.exec_driver_sql("PRAGMA synchronous=OFF")
    return connection


def fill(connection: Connection, pieces: list[Piece], keeping: list[tuple]) -> None:  # type: ignore[type-arg]
    for table in (hold_cameras, holds, segments):
        connection.execute(delete(table))
    if pieces:
        connection.execute(insert(segments), [_row(piece) for piece in pieces])
    for number, (start, end, cameras, until, released) in enumerate(keeping, 1):
        row = {"id": number, "start": start, "end": end, "until": until, "released_at": released}
        named = {"reason": "x", "person": "x", "made_at": 0}
        connection.execute(insert(holds).values(row | named))
        for camera in cameras:
            connection.execute(insert(hold_cameras).values(hold=number, camera=camera))


def _row(piece: Piece) -> dict[str, object]:
    return {
        "id": piece.id, "camera": piece.camera, "stream": piece.stream, "tier": piece.tier,
        "path": piece.path, "start": piece.start, "end": piece.end, "bytes": piece.bytes,
        "epoch": "", "codec": "h264", "width": 1, "height": 1, "keyframes": 1, "masked": False,
        "cls": int(piece.cls), "state": "finished",
    }  # fmt: skip


def held(piece: Piece, keeping: list[tuple]) -> bool:  # type: ignore[type-arg]
    return any(
        piece.start <= (end if end is not None else piece.start)
        and piece.end >= start
        and (not cameras or piece.camera in cameras)
        and (until is None or until > NOW)
        and released is None
        for start, end, cameras, until, released in keeping
    )


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(shelves(), all_terms, needs, st.lists(placed(), max_size=3))
def test_the_plan_by_the_index_is_the_plan_by_all_files(
    connection: Connection,
    pieces: list[Piece],
    terms: Terms,
    need: dict[str, Need],
    keeping: list[tuple],  # type: ignore[type-arg]
) -> None:
    fill(connection, pieces, keeping)
    known = [replace(piece, held=1 if held(piece, keeping) else None) for piece in pieces]
    index = IndexShelf(connection, terms, NOW, HERE)
    by_index = list(plan(index, terms=terms, now=NOW, need=need))
    by_all = list(plan(ListShelf(known), terms=terms, now=NOW, need=need))
    old = sum(each.why == "too_old" for each in by_all)
    assert {each.piece.id for each in by_index[:old]} == {each.piece.id for each in by_all[:old]}
    assert [(each.piece.id, each.why, each.early) for each in by_index[old:]] == [
        (each.piece.id, each.why, each.early) for each in by_all[old:]
    ]


def test_the_index_is_used_and_no_more_is_read_than_is_asked_for(connection: Connection) -> None:
    fill(connection, [], [])
    asked: list[str] = []
    note = lambda *args: asked.append(args[2])  # noqa: E731
    event.listen(connection, "before_cursor_execute", note)
    shelf = IndexShelf(connection, Terms.of_settings(_settings()), NOW, HERE)
    list(shelf.too_old())
    for past in (True, False):
        list(shelf.oldest("ssd", Cls.CONTINUOUS, past=past))
    event.remove(connection, "before_cursor_execute", note)
    parameters = ("x",) * 30
    for statement in asked:
        count = statement.count("?")
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters[:count])
        steps = [row[3] for row in rows]
        searched = [step for step in steps if "segments" in step]
        assert all("USING INDEX segments_by_" in step for step in searched), steps
        assert not [step for step in steps if "TEMP B-TREE" in step], steps


def _settings():  # type: ignore[no-untyped-def]
    from hub.video.settings import RecordingSettings

    own = {"camera.a": {"keep": {"continuous": {"min": "1d", "max": "2d"}}}}
    return RecordingSettings.model_validate({"cameras": own})
