"""Types of value that several words of the language share."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, PlainSerializer

from hub.model.config import Duration
from hub.model.entity import spell
from hub.model.references import AreaId, EntityId, IsTemplate, Ref

T = TypeVar("T")


def _as_list(value: Any) -> Any:
    if value is None or isinstance(value, list | tuple):
        return value
    return [value]


def _spelled(value: Any) -> Any:
    return spell(value) if isinstance(value, bool | int | float) else value


def _write(span: timedelta) -> str:
    return f"{span.total_seconds():.3f}s"


OneOrMany = Annotated[list[T], BeforeValidator(_as_list)]
"""A list; where there is only one item the list may be left out, as in Home Assistant."""

EntityIds = OneOrMany[EntityId]
AreaIds = OneOrMany[AreaId]
StateText = Annotated[str, BeforeValidator(_spelled)]
"""A state in words: `on`, `5`; a number or a boolean is spelled as states are."""

Span = Annotated[Duration, PlainSerializer(_write)]
"""A duration that is written the way it is read."""

EntityIdOrTemplate = Annotated[str, Ref("entity"), IsTemplate()]
AreaIdOrTemplate = Annotated[str, Ref("area"), IsTemplate()]

TemplateData = Annotated[dict[str, Any], IsTemplate()]
"""Any data; each text in it, however deep, may be a template."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
