"""Brings a database up to the tables that this version of the hub knows."""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData
from sqlalchemy.exc import DatabaseError

from hub.store.damage import is_damage
from hub.store.store import Store

log = logging.getLogger("hub.store")

MIGRATIONS = Path(__file__).parent / "migrations"


class StoreTooNew(Exception):
    """The database was written by a newer version of the hub."""


class CannotBeRead(OSError):
    """The file is there and cannot be read; `why` is what SQLite says, its cause the error."""

    def __init__(self, store: Store, error: DatabaseError) -> None:
        self.why = str(error.orig)
        super().__init__(f"{store.url} cannot be read: {self.why}")


def migrate(store: Store, metadata: MetaData) -> None:
    """Run the migrations that the store lacks, in one transaction; blocks. Raises StoreTooNew
    and CannotBeRead."""
    config = _config(store.name)
    script = ScriptDirectory.from_config(config)
    try:
        with store.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except DatabaseError as error:
        if is_damage(error):
            raise CannotBeRead(store, error) from error
        raise
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise StoreTooNew(f"{store.url} was written by a newer hub (schema {current})")
    if current == script.get_current_head():
        return
    log.info("bringing %s up to date", store.name)
    try:
        with store.engine.connect().execution_options(writes=True) as connection:
            config.attributes |= {"connection": connection, "metadata": metadata}
            with connection.begin():
                command.upgrade(config, "head")
    except DatabaseError as error:
        if is_damage(error):
            raise CannotBeRead(store, error) from error
        raise


def new_revision(store: Store, metadata: MetaData, message: str) -> None:
    """Write a migration from the difference between the tables and an up-to-date database."""
    config = _config(store.name)
    with store.engine.connect() as connection:
        config.attributes |= {"connection": connection, "metadata": metadata}
        number = len(list((MIGRATIONS / store.name).glob("*.py"))) + 1
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")


def _config(name: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", str(MIGRATIONS / name))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    return config
