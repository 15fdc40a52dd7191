"""Write a migration from the difference between the rooms' tables and the migrations so far.

usage: python scripts/new_migration.py alarms|bulk "What changes"
"""

import sys
import tempfile
from pathlib import Path

import hub.access.tables
import hub.alarms.tables
import hub.automation.tables
import hub.automation.waits
import hub.history.tables
import hub.holds
import hub.modes
import hub.video.tables  # noqa: F401
from hub.store import tables
from hub.store.migrate import migrate, new_revision
from hub.store.store import Store

name, message = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    store = Store.at(Path(folder) / f"{name}.db")
    metadata = getattr(tables, name)
    migrate(store, metadata)
    new_revision(store, metadata, message)
