"""The metadata of both databases. Each room defines its tables in a file of its own on one of
these; `hub/store/migrations` brings the databases up to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, MetaData, String, TypeDecorator

alarms = MetaData()
bulk = MetaData()

RESCUED = "rescued"
"""In the `info` of a table: its rows are carried over when a damaged database is begun anew, as far
as they can be read. For tables that are small, and that nobody can make again."""


class Instant(TypeDecorator[datetime]):
    """An instant as ISO 8601 text in UTC with microseconds: sorts as time, reads as time."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without time zone cannot be stored")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)
