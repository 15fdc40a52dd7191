"""Puts a damaged database aside, and begins a new one in its place."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from sqlalchemy import Connection, MetaData, Table, create_engine, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from hub.clock import Clock
from hub.store.damage import PutAside
from hub.store.migrate import migrate
from hub.store.store import Store
from hub.store.tables import RESCUED

log = logging.getLogger("hub.store")

PARTS = ("", "-wal", "-shm")

Begin = Callable[[Connection | None, Connection, PutAside], None]
"""Writes the first rows of a new database: with the old one where it can be opened at all, and the
new one, before anybody else writes there."""


def begin_anew(
    path: Path, metadata: MetaData, why: str, clock: Clock, begin: Begin | None = None
) -> PutAside:
    """Put a database aside and begin a new one; blocks. The new one is made beside it first, so a
    failure (of a full disk, say) leaves all as it was. Raises OSError and SQLAlchemyError."""
    utc = clock.now().strftime("%Y%m%dT%H%M%SZ")
    aside = PutAside(file=_free(path.with_name(f"{path.name}.damaged-{utc}")), why=why)
    fresh = path.with_name(f"{path.name}.new")
    _delete(fresh)
    store = Store(path.stem, f"sqlite:///{fresh}")
    try:
        migrate(store, metadata)
        with store.engine.connect().execution_options(writes=True) as new, new.begin():
            _carry_over(path, new, metadata, aside, begin)
    finally:
        store.engine.dispose()
    for part in PARTS:
        old = Path(f"{path}{part}")
        if old.exists():
            old.rename(f"{aside.file}{part}")
    fresh.rename(path)
    log.critical(
        "%s is damaged (%s): it is put aside as %s, and a new one is begun. Carried over: %s. "
        "Perhaps not all of: %s", path, why, aside.file.name,
        ", ".join(f"{number} {name}" for name, number in aside.rescued.items()) or "nothing",
        ", ".join(aside.incomplete) or "-",
    )  # fmt: skip
    return aside


def _free(file: Path) -> Path:
    """A name that is not taken: two may be put aside within a second."""
    number, free = 1, file
    while free.exists():
        number += 1
        free = file.with_name(f"{file.name}-{number}")
    return free


def _delete(file: Path) -> None:
    for part in PARTS:
        Path(f"{file}{part}").unlink(missing_ok=True)


def _carry_over(
    path: Path, new: Connection, metadata: MetaData, aside: PutAside, begin: Begin | None
) -> None:
    wanted = [table for table in metadata.sorted_tables if table.info.get(RESCUED)]
    aside.incomplete = [table.name for table in wanted]
    # without the write-ahead log where that is what cannot be read; neither changes the file
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        engine = create_engine(f"sqlite:///file:{path}?{mode}&uri=true")
        try:
            with engine.connect() as old:
                inspect(old).get_table_names()
                for table in wanted:
                    _copy(old, new, table, aside)
                if begin is not None:
                    begin(old, new, aside)
                return
        except SQLAlchemyError as error:
            log.warning("%s cannot be opened to rescue anything: %s", path, error)
        finally:
            engine.dispose()
    if begin is not None:
        begin(None, new, aside)


def _copy(old: Connection, new: Connection, table: Table, aside: PutAside) -> None:
    """What can be read of a table; a row that the new one does not take is left out."""
    copied, whole = 0, True
    for row in _rows(old, table):
        if row is None:
            whole = False
            continue
        try:
            with new.begin_nested():
                new.execute(insert(table).values(**row))
            copied += 1
        except SQLAlchemyError:
            whole = False
    aside.rescued[table.name] = copied
    if whole:
        aside.incomplete.remove(table.name)


def _rows(old: Connection, table: Table) -> Iterable[dict[str, object] | None]:
    """The rows; None in the place of what cannot be read."""
    try:
        there = {column["name"] for column in inspect(old).get_columns(table.name)}
        columns = [column for column in table.c if column.name in there]
        for row in old.execution_options(stream_results=True).execute(select(*columns)):
            yield dict(row._mapping)
    except (SQLAlchemyError, ValueError, TypeError) as error:
        log.error("%s cannot be read to its end: %s", table.name, error)
        yield None
