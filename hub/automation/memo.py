"""Values on their way into a run's memo (JSON) and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

Memo = dict[str, dict[str, Any]]
"""What was decided, by the path of the step."""

_KEYS = str | int | float | bool | None
_TIMES: dict[str, type[Any]] = {"$datetime": datetime, "$date": date, "$time": time}


def pack(value: Any, *, spell: bool = False) -> Any:
    """The value as JSON-ready data; times keep their type. Raises TypeError for what cannot be
    kept; with `spell` the text of that is kept in its place."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return _pack_mapping(value, spell)
    if isinstance(value, list | tuple | set | frozenset):
        return [pack(item, spell=spell) for item in value]
    if isinstance(value, timedelta):
        return {"$seconds": value.total_seconds()}
    for mark, kind in _TIMES.items():
        if isinstance(value, kind):
            return {mark: value.isoformat()}
    if spell:
        return str(value)
    raise TypeError(f"a value of the type {value.__class__.__name__} cannot be kept")


def _pack_mapping(value: Mapping[Any, Any], spell: bool) -> dict[str, Any]:
    """One that JSON would change, or that looks like a mark of ours, is kept as its items."""
    names = list(value)
    marked = len(names) == 1 and str(names[0]).startswith("$")
    if not marked and all(isinstance(name, str) for name in names):
        return {name: pack(item, spell=spell) for name, item in value.items()}
    items = [
        [key if isinstance(key, _KEYS) else str(key), pack(item, spell=spell)]
        for key, item in value.items()
    ]
    return {"$items": items}


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
        if mark == "$items":
            return {key: unpack(each) for key, each in item}
    return {key: unpack(item) for key, item in value.items()}


def forget(memo: Memo, path: str) -> None:
    """Take out what was decided below a path: nobody will ask for it again."""
    for below in [key for key in memo if key.startswith(f"{path}/")]:
        del memo[below]
