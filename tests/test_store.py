"""The store: what is committed is there, and one bad write spoils no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

import hub.app
import hub.holds  # noqa: F401 - the tables of all rooms
from hub.store import tables
from hub.store.folder import DataFolder, FolderInUse
from hub.store.migrate import StoreTooNew, migrate
from hub.store.store import Store, StoreClosed

numbers = Table("numbers", MetaData(), Column("n", Integer, primary_key=True))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store.at(tmp_path / "t.db")
    numbers.metadata.create_all(store.engine)
    store.open()
    yield store
    await store.close()


def put(number: int):  # type: ignore[no-untyped-def]
    return lambda connection: connection.execute(insert(numbers).values(n=number))


async def all_of(store: Store) -> list[int]:
    return await store.read(lambda c: list(c.execute(select(numbers.c.n)).scalars()))


async def test_a_write_is_there_for_readers_when_it_returns(store: Store) -> None:
    await store.write(put(1))
    assert await all_of(store) == [1]


async def test_a_bad_write_is_told_to_its_own_caller_and_undone_alone(store: Store) -> None:
    def half(connection: Connection) -> None:
        put(7)(connection)
        raise KeyError("half way")

    results = await asyncio.gather(
        store.write(put(1)), store.write(put(1)), store.write(half), store.write(put(2)),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(result).__name__ for result in results[1:3]] == ["IntegrityError", "KeyError"]
    assert isinstance(results[1], IntegrityError)
    assert await all_of(store) == [1, 2]


async def test_writes_that_wait_when_the_store_closes_are_committed(tmp_path: Path) -> None:
    store = Store.at(tmp_path / "t.db")
    numbers.metadata.create_all(store.engine)
    store.open()
    writes = [asyncio.ensure_future(store.write(put(n))) for n in range(50)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*writes)
    with pytest.raises(StoreClosed):
        await store.write(put(99))
    again = Store.at(tmp_path / "t.db")
    assert len(await all_of(again)) == 50
    await again.close()


async def test_each_commit_of_the_alarm_store_is_synced_to_disk(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    modes = await folder.alarms.read(
        lambda c: (
            c.exec_driver_sql("PRAGMA synchronous").scalar(),
            c.exec_driver_sql("PRAGMA journal_mode").scalar(),
        )
    )
    await folder.close()
    assert modes == (2, "wal")  # 2 is FULL


async def test_a_second_hub_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path), DataFolder(tmp_path)
    await asyncio.to_thread(first.open)
    with pytest.raises(FolderInUse):
        await asyncio.to_thread(second.open)
    await first.close()
    await second.close()


@pytest.mark.parametrize("name", ["alarms", "bulk"])
def test_the_migrations_bring_a_new_database_to_the_tables_of_the_code(
    name: str, tmp_path: Path
) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    store = Store.at(tmp_path / f"{name}.db")
    metadata = getattr(tables, name)
    migrate(store, metadata)
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_database_of_a_newer_hub_is_left_alone(tmp_path: Path) -> None:
    store = Store.at(tmp_path / "alarms.db")
    migrate(store, tables.alarms)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew, match="newer hub"):
        migrate(store, tables.alarms)


async def test_a_database_that_cannot_be_opened_at_first_is_written_when_it_can(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "not there yet"
    store = Store("later", f"sqlite:///{folder}/later.db")
    store.open()
    with pytest.raises(DBAPIError, match="unable to open"):
        await store.write(lambda connection: connection.execute(text("SELECT 1")))
    folder.mkdir()
    await store.write(lambda connection: connection.execute(text("CREATE TABLE t (n INTEGER)")))
    await store.close()


def test_a_damaged_database_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "alarms.db"
    store = Store.at(path)
    migrate(store, tables.alarms)
    store.engine.dispose()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\x5a" * (len(whole) - 4096))
    with pytest.raises(OSError, match=r"alarms\.db cannot be read: .*malformed"):
        migrate(Store.at(path), tables.alarms)
