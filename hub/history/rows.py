"""How a value becomes columns, and comes back: exactly as it was, type included.

`kind` of a state is one of the five kinds of value, plus UNAVAILABLE where the entity could not be
reached, plus BASE where the row is no change: it tells what an entity was when the history met it
(at the start of the hub, or after rows were shed), so that the next change has its `old`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.model.entity import State, StateValue

UNKNOWN, ON_OFF, INTEGER, REAL, TEXT = range(5)
UNAVAILABLE = 8
BASE = 16
_VALUE = 7

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime | None) -> int:
    """An instant as microseconds since 1970. Raises ValueError without it, or its time zone."""
    if at is None or at.tzinfo is None:
        raise ValueError("an instant without time zone cannot be stored")
    return round(at.timestamp() * 1_000_000)


def instant(at: int) -> datetime:
    """The inverse of `micros`, in UTC."""
    return EPOCH + timedelta(microseconds=at)


def span(length: timedelta) -> int:
    """A length of time in microseconds."""
    return length // _MICROSECOND


def encode(value: StateValue) -> tuple[int, float | None, str | None]:
    """Kind, number and text of a value."""
    if value is None:
        return UNKNOWN, None, None
    if isinstance(value, bool):
        return ON_OFF, float(value), None
    if isinstance(value, int):
        return _encode_int(value)
    if isinstance(value, float):
        return REAL, value, None
    return TEXT, None, value


def _encode_int(value: int) -> tuple[int, float | None, str | None]:
    """Whole numbers that a float does not hold exactly are kept as text beside it."""
    number = float(value) if abs(value) < 2**1000 else math.inf if value > 0 else -math.inf
    exact = math.isfinite(number) and int(number) == value
    return INTEGER, number, None if exact else str(value)


def decode(kind: int, number: float | None, text: str | None) -> StateValue:
    """The inverse of `encode`; a number that SQLite has no form for (NaN) comes back as NaN."""
    match kind & _VALUE:
        case 0:
            return None
        case 1:
            return bool(number)
        case 2:
            return int(text) if text is not None else int(number or 0)
        case 3:
            return math.nan if number is None else number
        case _:
            return text or ""


def real(value: StateValue) -> float | None:
    """The value as a finite number; None where it is none, or too large to be reckoned with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row of the states, as read."""

    id: int
    at: int
    entity_id: str
    area: str
    kind: int
    number: float | None
    text: str | None
    attributes: str | None
    cause: str | None

    @property
    def value(self) -> StateValue:
        return decode(self.kind, self.number, self.text)

    @property
    def available(self) -> bool:
        return not self.kind & UNAVAILABLE

    @property
    def is_base(self) -> bool:
        return bool(self.kind & BASE)

    def state(self, before: State | None) -> State:
        """The state that this row tells of; `before` is the entity's state before it."""
        value, available, at = self.value, self.available, instant(self.at)
        same = before is not None and (before.value, before.available) == (value, available)
        return State(
            entity_id=self.entity_id,
            value=value,
            available=available,
            attributes=json.loads(self.attributes) if self.attributes else {},
            changed_at=before.changed_at if same and before is not None else at,
            updated_at=at,
        )


def attributes_json(attributes: Mapping[str, Any]) -> str | None:
    """Attributes as JSON that is equal for equal attributes; None where there are none."""
    if not attributes:
        return None
    return json.dumps(
        dict(attributes), sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str
    )
