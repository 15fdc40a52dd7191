"""Values on their way into a run's memo (JSON) and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

Memo = dict[str, dict[str, Any]]
"""What was decided, by the path of the step."""

_TIMES: dict[str, type[Any]] = {"$datetime": datetime, "$date": date, "$time": time}


def pack(value: Any) -> Any:
    """The value as JSON-ready data; times keep their type. Raises TypeError for what cannot be
    kept."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [pack(item) for item in value]
    if isinstance(value, timedelta):
        return {"$seconds": value.total_seconds()}
    for mark, kind in _TIMES.items():
        if isinstance(value, kind):
            return {mark: value.isoformat()}
    raise TypeError(f"a value of the type {value.__class__.__name__} cannot be kept")


def unpack(value: Any) -> Any:
    """The inverse of `pack`."""
    if isinstance(value, list):
        return [unpack(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        mark, item = next(iter(value.items()))
        if mark in _TIMES:
            return _TIMES[mark].fromisoformat(item)
        if mark == "$seconds":
            return timedelta(seconds=item)
    return {key: unpack(item) for key, item in value.items()}


def forget(memo: Memo, path: str) -> None:
    """Take out what was decided below a path: nobody will ask for it again."""
    for below in [key for key in memo if key.startswith(f"{path}/")]:
        del memo[below]
