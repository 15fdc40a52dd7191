"""Frozen dataclasses that are made as quickly as plain ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T", bound=type)


def quick(cls: T) -> T:
    """Gives a frozen dataclass whose fields are all keyword-only an `__init__` that fills its
    `__dict__` at once. The one that dataclasses write sets field by field through
    `object.__setattr__`, which takes four times as long; it is kept for what is wrong: it says
    which field is missing or unknown."""
    fields = [field for field in dataclasses.fields(cls) if field.init]
    defaults = {
        field.name: field.default for field in fields if field.default is not dataclasses.MISSING
    }
    factories: tuple[tuple[str, Callable[[], Any]], ...] = tuple(
        (field.name, field.default_factory)
        for field in fields
        if field.default_factory is not dataclasses.MISSING
    )
    names = frozenset(field.name for field in fields)
    number = len(names)
    careful: Callable[..., None] = cls.__dict__["__init__"]

    def __init__(self: Any, **given: Any) -> None:
        values = self.__dict__
        values.update(defaults)
        for name, make in factories:
            if name not in given:
                values[name] = make()
        values.update(given)
        if len(values) != number or not names.issuperset(given):
            values.clear()
            careful(self, **given)

    type.__setattr__(cls, "__init__", __init__)
    return cls
