"""The history as CSV: streamed page by page, oldest first, for spreadsheets.

Times carry their offset. A cell that a spreadsheet would take for a formula gets an apostrophe in
front (CSV injection: OWASP names =, +, -, @, also full width, tab, carriage return and line feed);
numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from hub.history.queries import MOST, EventRow, Page, Query, StateRow

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MARK = "\ufeff"
"""Spreadsheets take a file for UTF-8 only if it begins with this."""

Cell = str | float | None
Name = Callable[[str], str]
Row = TypeVar("Row")


async def states_csv(
    ask: Callable[[Query], Awaitable[Page[StateRow]]], query: Query, zone: ZoneInfo, name: Name
) -> AsyncIterator[bytes]:
    """Changes of state."""
    yield lines([("time", "entity_id", "name", "area", "state", "attributes")], MARK)
    async for page in _pages(ask, query):
        yield lines(
            (
                local_time(row.at, zone), row.entity_id, name(row.entity_id), row.area,
                _state(row), _json(row.attributes),
            )
            for row in page
        )  # fmt: skip


async def events_csv(
    ask: Callable[[Query], Awaitable[Page[EventRow]]], query: Query, zone: ZoneInfo, name: Name
) -> AsyncIterator[bytes]:
    """Other events."""
    yield lines([("time", "type", "source", "name", "area", "data")], MARK)
    async for page in _pages(ask, query):
        yield lines(
            (
                local_time(row.at, zone), row.type, row.source, name(row.source), row.area,
                _json(row.data),
            )
            for row in page
        )  # fmt: skip


async def _pages(
    ask: Callable[[Query], Awaitable[Page[Row]]], query: Query
) -> AsyncIterator[Sequence[Row]]:
    query = replace(query, newest_first=False, limit=MOST)
    while True:
        page = await ask(query)
        yield page.rows
        if page.more is None:
            return
        query = query.from_place(page.more)


def lines(rows: Iterable[Sequence[Cell]], before: str = "") -> bytes:
    """Rows as CSV, safe for spreadsheets, behind `before`."""
    file = io.StringIO()
    csv.writer(file).writerows([safe(cell) for cell in row] for row in rows)
    return (before + file.getvalue()).encode()


def safe(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(cell, str) and cell.startswith(_DANGEROUS):
        return f"'{cell}"
    return cell


def local_time(at: datetime, zone: ZoneInfo) -> str:
    """An instant as a cell."""
    return at.astimezone(zone).isoformat(timespec="milliseconds")


def _state(row: StateRow) -> Cell:
    """A number as a number, everything else in words."""
    value = row.value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and row.available else row.state.text


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(dict(data), ensure_ascii=False) if data else ""
