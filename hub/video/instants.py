"""Instants of the archive: milliseconds since 1970 in its tables, Unix time on the wire."""

from __future__ import annotations

from datetime import UTC, datetime

LONGEST_MS = 3_600_000
"""No file is longer; it bounds the search for those that began before a window."""


def instant(unix: float) -> datetime:
    """Unix time as an instant."""
    return datetime.fromtimestamp(unix, UTC)


def millis(at: float | datetime) -> int:
    """Unix time or an instant in whole milliseconds since 1970."""
    unix = at.timestamp() if isinstance(at, datetime) else at
    return round(unix * 1000)
