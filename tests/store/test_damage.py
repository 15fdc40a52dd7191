"""A damaged database stops nothing else, and is never thrown away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DatabaseError, IntegrityError

import hub.app  # noqa: F401 - the tables of all rooms
from hub.access.audit import AuditLog, Entry
from hub.access.people import People
from hub.automation.tables import traces
from hub.bus import Bus
from hub.clock import VirtualClock
from hub.history import tables as history
from hub.history.service import History
from hub.history.settings import HistorySettings
from hub.model.core_events import StateChanged
from hub.model.entity import State
from hub.model.person import Actor
from hub.store import store as stores
from hub.store.damage import PutAside
from hub.store.folder import Damaged, DataFolder
from hub.store.store import BegunAnew, Store

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
PUT_ASIDE = "bulk.db.damaged-20261122T180000Z"
WHO = Actor(name="Оля", kind="person", way="cli", permissions=frozenset({"*"}))

Spoil = Callable[[Path], None]


class Here:
    """A data folder with what the bulk database is for."""

    def __init__(self, path: Path) -> None:
        self.clock = VirtualClock(NOW)
        self.path = path
        self.folder = DataFolder(path, self.clock, self._begin)
        self.people = People(self.folder.bulk, self.clock)
        self.audit = AuditLog(self.folder.bulk, self.clock)

    def _begin(self, *parts: object) -> None:
        self.audit.begin_anew(*parts)  # type: ignore[arg-type]

    async def open(self) -> Here:
        await asyncio.to_thread(self.folder.open)
        return self

    async def fill(self) -> None:
        await self.people.add("Оля", duties_held=frozenset({"duty"}), reached_by={"telegram": "7"})
        for number in range(3):
            await self.audit.write(Entry(WHO, "look", f"camera.{number}", "done"))
        rows = [
            {"run": f"{number:032}", "automation_id": "a", "nearly": False, "state": "finished",
             "started_at": NOW + timedelta(seconds=number), "trace": "x" * 2_000}
            for number in range(300)
        ]  # fmt: skip
        await self.folder.bulk.write(lambda connection: connection.execute(insert(traces), rows))

    async def read_all(self) -> int:
        query = select(func.sum(func.length(traces.c.trace)))
        return await self.folder.bulk.read(lambda c: c.execute(query).scalar_one()) or 0

    async def close(self) -> None:
        await self.folder.close()


@pytest.fixture
async def filled(tmp_path: Path) -> Path:
    here = await Here(tmp_path).open()
    await here.fill()
    await here.close()
    return tmp_path


def no_database(path: Path) -> None:
    path.write_bytes(b"\x00\x5a" * 5_000)


def first_page(path: Path) -> None:
    """The list of tables is nonsense, the head of the file is whole."""
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\x5a" * 3_996 + whole[4_096:])


def the_list_of_migrations(path: Path) -> None:
    """What is met at the start, while the people can still be read."""
    engine = Store.at(path).engine
    with engine.connect() as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'alembic_version'"
        page = int(connection.exec_driver_sql(query).scalar_one())
    engine.dispose()
    spoil(path, page)


def spoil(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * 4_096)
        file.write(b"\x5a" * 4_096)


def leaves_of_traces(path: Path) -> None:
    """Rows in the middle of a large table: nobody meets them at the start."""
    where = path.read_bytes().find(b"x" * 2_000)
    spoil(path, where // 4_096 + 1)


@pytest.mark.parametrize("damage", [no_database, first_page, the_list_of_migrations])
async def test_a_damaged_bulk_database_is_put_aside_at_the_start(
    filled: Path, damage: Spoil, caplog: pytest.LogCaptureFixture
) -> None:
    damage(filled / "bulk.db")
    spoilt = (filled / "bulk.db").read_bytes()
    here = await Here(filled).open()
    assert (filled / PUT_ASIDE).read_bytes() == spoilt
    assert [aside.file.name for aside in here.folder.put_aside] == [PUT_ASIDE]
    assert f"it is put aside as {PUT_ASIDE}, and a new one is begun" in caplog.text
    await here.fill()
    assert await here.read_all() == 600_000
    await here.close()
    again = await Here(filled).open()
    assert again.folder.put_aside == []
    await again.close()


async def test_people_are_carried_over_as_far_as_they_can_be_read(filled: Path) -> None:
    the_list_of_migrations(filled / "bulk.db")
    here = await Here(filled).open()
    (olya,) = await here.people.all()
    assert (olya.name, olya.duties, olya.contacts) == ("Оля", {"duty"}, {"telegram": "7"})
    (aside,) = here.folder.put_aside
    assert (aside.rescued["persons"], aside.incomplete) == (1, [])
    await here.close()


async def test_people_who_cannot_be_read_are_told_as_lost(filled: Path) -> None:
    no_database(filled / "bulk.db")
    here = await Here(filled).open()
    assert await here.people.all() == []
    assert {"persons", "contacts", "duties"} <= set(here.folder.put_aside[0].incomplete)
    await here.close()


@pytest.mark.parametrize(
    ("damage", "known"),
    [(the_list_of_migrations, "the log before ends with 3 "), (no_database, "cannot be read")],
)
async def test_the_new_audit_log_begins_with_its_break(
    filled: Path, damage: Spoil, known: str
) -> None:
    damage(filled / "bulk.db")
    here = await Here(filled).open()
    await here.audit.write(Entry(WHO, "look", "camera.9", "done"))
    newest, first = await here.audit.last()
    assert (first.seq, first.actor, first.permission) == (1, "hub", "audit.begin_anew")
    assert known in first.detail
    assert PUT_ASIDE in first.detail
    assert newest.seq == 2
    assert await here.audit.broken_at() is None
    await here.close()


async def test_a_damaged_alarm_database_stays_where_it_is_and_says_what_to_do(
    filled: Path,
) -> None:
    no_database(filled / "alarms.db")
    spoilt = (filled / "alarms.db").read_bytes()
    here = Here(filled)
    with pytest.raises(Damaged, match=r"alarms\.db is damaged .* Put it back from a copy"):
        await here.open()
    await here.close()
    assert (filled / "alarms.db").read_bytes() == spoilt
    assert not list(filled.glob("*.damaged-*"))


async def test_beside_a_running_hub_nothing_is_put_aside(filled: Path) -> None:
    no_database(filled / "bulk.db")
    folder = DataFolder(filled)
    with pytest.raises(Damaged, match="the hub puts it aside when it is started"):
        await asyncio.to_thread(folder.open_beside)
    await folder.close()
    assert not list(filled.glob("*.damaged-*"))


@pytest.mark.parametrize("by", ["reader", "writer"])
async def test_damage_that_is_met_while_the_hub_runs_is_put_aside_then(
    filled: Path, by: str
) -> None:
    leaves_of_traces(filled / "bulk.db")
    here = await Here(filled).open()
    renewed: list[PutAside] = []
    here.folder.bulk.renewed.append(renewed.append)
    gone = traces.delete().where(traces.c.trace != "")
    with pytest.raises(DatabaseError):
        await (
            here.read_all()
            if by == "reader"
            else here.folder.bulk.write(lambda connection: connection.execute(gone))
        )
    async with asyncio.timeout(10):
        while not renewed:
            await asyncio.sleep(0.01)
    assert renewed[0].file.name == PUT_ASIDE
    assert (filled / PUT_ASIDE).is_file()
    assert [person.name for person in await here.people.all()] == ["Оля"]
    await here.fill()
    assert await here.read_all() == 600_000
    assert (await here.audit.last())[-1].permission == "audit.begin_anew"
    await here.close()


async def test_what_was_asked_before_everybody_knew_is_not_written_into_the_new_one(
    filled: Path,
) -> None:
    """It may hold numbers of rows of the old one."""
    leaves_of_traces(filled / "bulk.db")
    here = await Here(filled).open()
    gone = traces.delete().where(traces.c.trace != "")
    write = here.folder.bulk.write
    first = asyncio.ensure_future(write(lambda connection: connection.execute(gone)))
    await asyncio.sleep(0)
    behind = [
        asyncio.ensure_future(here.audit.write(Entry(WHO, "look", str(number), "done")))
        for number in range(stores.GROUP + 5)
    ]
    results = await asyncio.gather(first, *behind, return_exceptions=True)
    assert isinstance(results[0], DatabaseError)
    assert isinstance(results[-1], BegunAnew)
    assert [row.permission for row in await here.audit.last()] == ["audit.begin_anew"]
    await here.close()


async def test_the_history_goes_on_in_the_new_database_with_numbers_of_its_own(
    filled: Path,
) -> None:
    here = await Here(filled).open()
    bus = Bus()
    entities = [
        State(entity_id=f"sensor.s{number}", value=number, changed_at=NOW, updated_at=NOW)
        for number in range(3)
    ]
    log = History(
        store=here.folder.bulk, bus=bus, clock=here.clock, settings=HistorySettings(),
        types={}, present=lambda: [],
    )  # fmt: skip

    def change(state: State) -> None:
        bus.publish(
            StateChanged(
                source=state.entity_id,
                received_at=here.clock.now(),
                entity_id=state.entity_id,
                old=None,
                new=state,
            )
        )

    log.start()
    for state in entities:
        change(state)
    await log.recorder.flush()
    leaves_of_traces_now(here)
    with pytest.raises(DatabaseError):
        await here.read_all()
    while not list(filled.glob("bulk.db.damaged-*")):
        await asyncio.sleep(0.01)
    for state in reversed(entities):
        change(state)
    while not await log.recorder.flush():
        await asyncio.sleep(0.01)
    joined = select(history.sources.c.name, history.states.c.number).join_from(
        history.states, history.sources, history.states.c.source == history.sources.c.id
    )
    rows = await here.folder.bulk.read(lambda c: c.execute(joined).all())
    assert sorted(tuple(row) for row in rows) == [
        ("sensor.s0", 0.0), ("sensor.s1", 1.0), ("sensor.s2", 2.0),
    ]  # fmt: skip
    await log.stop()
    await here.close()


def leaves_of_traces_now(here: Here) -> None:
    """The same under a hub that has the file open: what is in the log ahead is written first."""
    with here.folder.bulk.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    here.folder.bulk.engine.dispose()
    leaves_of_traces(here.path / "bulk.db")


async def test_damage_again_and_again_is_not_put_aside_for_ever(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "RENEWALS", 1)
    here = await Here(filled).open()
    for _ in range(2):
        leaves_of_traces_now(here)
        with pytest.raises(DatabaseError):
            await here.read_all()
        while here.folder.bulk.asked or not list(filled.glob("*Z")):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        with contextlib.suppress(IntegrityError):
            await here.fill()
    await here.close()
    assert len(list(filled.glob("*Z"))) == 1


async def test_a_new_database_that_cannot_be_made_leaves_the_old_one_where_it_is(
    filled: Path, caplog: pytest.LogCaptureFixture
) -> None:
    leaves_of_traces(filled / "bulk.db")
    here = await Here(filled).open()
    (filled / "bulk.db.new").mkdir()
    with pytest.raises(DatabaseError):
        await here.read_all()
    while "cannot be put aside before the next start" not in caplog.text:
        await asyncio.sleep(0.01)
    assert [person.name for person in await here.people.all()] == ["Оля"]
    await here.close()


async def test_damage_in_the_alarm_database_that_is_met_later_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store.at(tmp_path / "alarms.db")
    store.open()
    await store.write(lambda c: c.exec_driver_sql("CREATE TABLE t (x TEXT)"))
    await store.write(lambda c: c.exec_driver_sql("INSERT INTO t VALUES ('%s')" % ("x" * 9_000)))
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.engine.dispose()
    spoil(tmp_path / "alarms.db", 2)
    for _ in range(2):
        with pytest.raises(DatabaseError):
            await store.read(lambda c: c.exec_driver_sql("SELECT * FROM t").all())
    told = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert ["put the database back from a copy" in record.getMessage() for record in told] == [True]
    await store.close()
