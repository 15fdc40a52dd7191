"""Frozen dataclasses that are made as quickly as plain ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T", bound=type)

_LEFT_OUT = object()


def quick(cls: T) -> T:
    """Gives a frozen dataclass whose fields are all keyword-only, and that has no
    `__post_init__`, an `__init__` that fills its `__dict__`. The one that dataclasses write sets
    field by field through `object.__setattr__`, which takes three times as long.

    A field of `late` is made when it is read first: most are not.
    """
    fields = [field for field in dataclasses.fields(cls) if field.init]
    known: dict[str, Any] = {"_LEFT_OUT": _LEFT_OUT}
    parameters, lines = [], ["values = self.__dict__"]
    for field in fields:
        name, store = field.name, f"values[{field.name!r}] = {field.name}"
        if field.default is not dataclasses.MISSING:
            known[f"_default_{name}"] = field.default
            parameters.append(f"{name}=_default_{name}")
        elif field.default_factory is not dataclasses.MISSING:
            known[f"_make_{name}"] = field.default_factory
            parameters.append(f"{name}=_LEFT_OUT")
            if _LATE in field.metadata:
                store = f"if {name} is not _LEFT_OUT: {store}"
            else:
                store = f"{store} if {name} is not _LEFT_OUT else _make_{name}()"
        else:
            parameters.append(name)
        lines.append(store)
    source = f"def __init__(self, *, {', '.join(parameters)}):\n " + "\n ".join(lines)
    exec(source, known)  # made of names of fields only, as dataclasses do it
    type.__setattr__(cls, "__init__", known["__init__"])
    for field in fields:
        if _LATE in field.metadata:
            type.__setattr__(cls, field.name, _Late(field.name, field.default_factory))
    return cls


_LATE = "late"


def late(make: Callable[[], Any]) -> Any:
    """A field of a `quick` dataclass that is made when it is read first, whoever reads it."""
    return dataclasses.field(default_factory=make, metadata={_LATE: True})


class _Late:
    """Found on the class as long as the instance has no such value."""

    def __init__(self, name: str, make: Any) -> None:
        self._name = name
        self._make = make

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            raise AttributeError(self._name)  # as any field without a default
        return instance.__dict__.setdefault(self._name, self._make())  # at once, for all threads
