"""What the town has: areas, devices, entities, and the present state of each entity."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hub.model.frozen import quick

StateValue = bool | int | float | str | None

_OBJECT_ID = re.compile(r"[a-z0-9_]+")
_ENTITY_ID = re.compile(r"[a-z_]+\.[a-z0-9_]+")
EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG


@dataclass(frozen=True, slots=True)
class Location:
    """A place on Earth in degrees, WGS 84."""

    latitude: float
    longitude: float

    def distance(self, other: Location) -> float:
        """Metres along the great circle (haversine formula; within 0.5 % of the ellipsoid)."""
        lat1, lat2 = math.radians(self.latitude), math.radians(other.latitude)
        dlat, dlon = lat2 - lat1, math.radians(other.longitude - self.longitude)
        h = math.sin(dlat / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(dlon / 2) ** 2
        return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


@dataclass(frozen=True, slots=True)
class Area:
    """A named place of the town."""

    id: str
    name: str
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A physical thing with an identity of its own."""

    id: str
    name: str
    area: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One function of a device. `entity_id` is `domain.object_id` and belongs to the town."""

    entity_id: str
    name: str
    area: str | None = None
    location: Location | None = None
    device: str | None = None
    device_class: str | None = None
    unit: str | None = None
    plugin: str = ""

    def __post_init__(self) -> None:
        if not _ENTITY_ID.fullmatch(self.entity_id):
            raise ValueError(
                f"'{self.entity_id}' is no entity id: it reads domain.object_id, "
                "in small Latin letters, digits and '_'"
            )

    @property
    def domain(self) -> str:
        return self.entity_id.partition(".")[0]

    @property
    def object_id(self) -> str:
        return self.entity_id.partition(".")[2]

    def owned_by(self, plugin: str) -> Entity:
        return replace(self, plugin=plugin)


def is_object_id(text: str) -> bool:
    """Whether `text` may stand behind the dot of an entity id."""
    return _OBJECT_ID.fullmatch(text) is not None


@quick
@dataclass(frozen=True, kw_only=True)
class State:
    """The present value of an entity.

    `value` None means *unknown* (reached, but no value yet); `available` False means that the
    entity cannot be reached. The two are not the same.
    """

    entity_id: str
    value: StateValue = None
    available: bool = True
    attributes: Mapping[str, Any] = field(default_factory=dict)
    changed_at: datetime
    updated_at: datetime

    @property
    def text(self) -> str:
        """The value as Home Assistant spells it: on, off, unknown, unavailable, or the text."""
        if not self.available:
            return "unavailable"
        return spell(self.value)


def spell(value: StateValue) -> str:
    """A state's value in words: `on`/`off` for booleans, `unknown` for None, `3` for 3.0."""
    if value is None:
        return "unknown"
    if value is True:
        return "on"
    if value is False:
        return "off"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
