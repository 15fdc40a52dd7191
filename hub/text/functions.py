"""The functions of templates that look at the town: `states('sensor.river')` and its kin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from hub.clock import Clock
from hub.model.entity import Area, Entity, Location, State
from hub.text import limits
from hub.text.filters import as_datetime, is_number
from hub.text.rendering import current

NAMES = frozenset(
    {
        "area_id",
        "area_name",
        "as_local",
        "distance",
        "has_value",
        "is_state",
        "is_state_attr",
        "now",
        "state_attr",
        "states",
        "timestamp_custom",
        "today_at",
        "utcnow",
    }
)

"""What `functions` gives; the check of templates takes these names as known."""


class StateView(Protocol):
    """The town as templates and conditions see it."""

    def get(self, entity_id: str) -> State | None:
        """The present state, None where there is no such entity (or it has none yet)."""
        ...

    def entity(self, entity_id: str) -> Entity | None: ...

    def area(self, area_id: str) -> Area | None: ...

    def location_of(self, entity_id: str) -> Location | None:
        """The entity's own place, else that of its area."""
        ...


def functions(
    view: StateView, clock: Clock, time_zone: ZoneInfo
) -> Mapping[str, Callable[..., Any]]:
    """The functions by name; times are given in `time_zone`."""
    town = _Town(view)
    times = _Times(clock, time_zone)
    found: dict[str, Callable[..., Any]] = {}
    for name in NAMES:
        owner = town if hasattr(town, name) else times
        found[name] = getattr(owner, name)
    return found


class _Town:
    def __init__(self, view: StateView) -> None:
        self._view = view

    def _state(self, entity_id: str) -> State | None:
        current.get().entities.add(entity_id)
        return self._view.get(entity_id)

    def states(self, entity_id: str) -> str:
        """The state as text; `unknown` for an entity that is not there."""
        state = self._state(entity_id)
        return "unknown" if state is None else state.text

    def is_state(self, entity_id: str, wanted: str | list[str]) -> bool:
        """Whether the state is `wanted`, or one of them."""
        state = self._state(entity_id)
        return state is not None and state.text in (
            wanted if isinstance(wanted, list | tuple) else (wanted,)
        )

    def state_attr(self, entity_id: str, name: str) -> Any:
        """An attribute of the state, None where there is none."""
        state = self._state(entity_id)
        return None if state is None else state.attributes.get(name)

    def is_state_attr(self, entity_id: str, name: str, wanted: Any) -> bool:
        """Whether an attribute has this value."""
        value = self.state_attr(entity_id, name)
        return value is not None and bool(value == wanted)

    def has_value(self, entity_id: str) -> bool:
        """Whether the state is neither unknown nor unavailable."""
        return self.states(entity_id) not in ("unknown", "unavailable")

    def area_id(self, name: str) -> str | None:
        """The area of an entity, or the area of this id; None where there is none."""
        entity = self._view.entity(name)
        if entity is not None:
            return entity.area
        return name if self._view.area(name) is not None else None

    def area_name(self, name: str) -> str | None:
        """The name of an area, or of the area of an entity."""
        area_id = self.area_id(name)
        area = None if area_id is None else self._view.area(area_id)
        return None if area is None else area.name

    def distance(self, one: Any, other: Any) -> float:
        """Kilometres between two places, each an entity, an area or [latitude, longitude]."""
        return self._place(one).distance(self._place(other)) / 1000

    def _place(self, thing: Any) -> Location:
        if isinstance(thing, list | tuple) and len(thing) == 2 and all(map(is_number, thing)):
            return Location(float(thing[0]), float(thing[1]))
        area = self._view.area(str(thing))
        place = area.location if area is not None else self._view.location_of(str(thing))
        if place is None:
            raise ValueError(f"'{thing}' has no place")
        return place


class _Times:
    def __init__(self, clock: Clock, time_zone: ZoneInfo) -> None:
        self._clock = clock
        self._zone = time_zone

    def now(self) -> datetime:
        """The present time in the town's time zone."""
        return self.utcnow().astimezone(self._zone)

    def utcnow(self) -> datetime:
        """The present time in UTC."""
        current.get().time = True
        return self._clock.now()

    def today_at(self, at: str = "00:00") -> datetime:
        """Today at a time of day, in the town's time zone."""
        return datetime.combine(self.now().date(), time.fromisoformat(at), tzinfo=self._zone)

    def as_local(self, value: Any) -> datetime:
        """A time in the town's time zone."""
        moment: datetime = as_datetime(value)
        return moment.astimezone(self._zone)

    def timestamp_custom(self, value: float, pattern: str = "%Y-%m-%d %H:%M:%S") -> str:
        """Seconds since 1970 written by a pattern of strftime, in the town's time zone."""
        limits.time_pattern(pattern)
        epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
        return (epoch + timedelta(seconds=value)).astimezone(self._zone).strftime(pattern)
