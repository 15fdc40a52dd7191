"""What it is that a database is damaged, and what became of one."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True, kw_only=True)
class PutAside:
    """A database that was put aside: where it is now, what SQLite said of it, how many rows of
    which table were carried over, and the tables of which some may be lost."""

    file: Path
    why: str
    rescued: dict[str, int] = field(default_factory=dict)
    incomplete: list[str] = field(default_factory=list)


def is_damage(error: BaseException) -> bool:
    """Whether SQLite says by this that a file is malformed, or no database at all."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
