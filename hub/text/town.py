"""The functions of templates that look at the town: states, areas, devices and places."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hub.model.entity import Area, Device, Entity, Location
from hub.text import limits
from hub.text.numbers import is_number
from hub.text.states import Domain, Seen, States, StateView, seen, state_of

_OF_DEVICE = frozenset({"id", "name", "area", "manufacturer", "model", "serial"})


class TownFunctions:
    """What depends on the town. `home` is where distances are measured from if nothing is said."""

    def __init__(self, view: StateView, home: Location | None) -> None:
        self._view = view
        self._home = home

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The functions by name."""
        return {name: getattr(self, name) for name in TOWN_NAMES}

    # states

    def is_state(self, entity_id: Any, state: Any) -> bool:
        """Whether the state is this one, or one of them."""
        found = state_of(self._view, entity_id)
        if found is None:
            return False
        wanted = state if isinstance(state, list | tuple | set) else (state,)
        return found.text in wanted

    def state_attr(self, entity_id: Any, name: str) -> Any:
        """An attribute of the state, None where there is none."""
        state = state_of(self._view, entity_id)
        return None if state is None else state.attributes.get(name)

    def is_state_attr(self, entity_id: Any, name: str, value: Any) -> bool:
        """Whether an attribute has this value."""
        found = self.state_attr(entity_id, name)
        return found is not None and bool(found == value)

    def has_value(self, entity_id: Any) -> bool:
        """Whether the state is neither unknown nor unavailable."""
        state = state_of(self._view, entity_id)
        return state is not None and state.text not in ("unknown", "unavailable")

    def expand(self, *entities: Any) -> list[Seen]:
        """The states of entities, named or given as states, sorted and each once."""
        found: dict[str, Seen] = {}
        for each in self._expanded(entities):
            found[each.entity_id] = each
        return [found[entity_id] for entity_id in sorted(found)]

    def _expanded(self, things: Iterable[Any]) -> Iterable[Seen]:
        for thing in things:
            limits.spend()
            if isinstance(thing, Seen):
                yield thing
            elif isinstance(thing, str):
                state = seen(self._view, thing)
                if state is not None:
                    yield state
            elif isinstance(thing, Domain | States):
                yield from limits.counted(thing)
            else:
                yield from self._expanded(thing)

    # areas and devices

    def areas(self) -> list[str]:
        """The ids of all areas."""
        return sorted(area.id for area in self._view.areas())

    def area_id(self, lookup_value: Any) -> str | None:
        """The area of an entity, of a device, or of this id or name; None where there is none."""
        name = _name(lookup_value)
        entity = self._view.entity(name)
        if entity is not None:
            return entity.area
        area = self._area(name)
        if area is not None:
            return area.id
        device = self._device(name)
        return None if device is None else device.area

    def area_name(self, lookup_value: Any) -> str | None:
        """The name of an area, or of the area of an entity or device."""
        area_id = self.area_id(lookup_value)
        area = None if area_id is None else self._view.area(area_id)
        return None if area is None else area.name

    def area_entities(self, area_name_or_id: Any) -> list[str]:
        """The entities of an area."""
        area = self._area(_name(area_name_or_id))
        if area is None:
            return []
        return sorted(each.entity_id for each in self._entities() if each.area == area.id)

    def area_devices(self, area_name_or_id: Any) -> list[str]:
        """The devices of an area."""
        area = self._area(_name(area_name_or_id))
        if area is None:
            return []
        return sorted(each.id for each in self._view.devices() if each.area == area.id)

    def device_id(self, entity_id: Any) -> str | None:
        """The device of an entity, or of this name."""
        name = _name(entity_id)
        entity = self._view.entity(name)
        if entity is not None:
            return entity.device
        device = self._device(name)
        return None if device is None else device.id

    def device_name(self, lookup_value: Any) -> str | None:
        """The name of a device, or of the device of an entity."""
        device = self._device_of(lookup_value)
        return None if device is None else device.name

    def device_entities(self, device_id: str) -> list[str]:
        """The entities of a device."""
        return sorted(each.entity_id for each in self._entities() if each.device == device_id)

    def device_attr(self, device_or_entity_id: Any, attr_name: str) -> Any:
        """An attribute of a device: id, name, area, manufacturer, model or serial."""
        if attr_name not in _OF_DEVICE:
            raise ValueError(f"a device has {', '.join(sorted(_OF_DEVICE))}, not '{attr_name}'")
        device = self._device_of(device_or_entity_id)
        return None if device is None else getattr(device, attr_name)

    def is_device_attr(self, device_or_entity_id: Any, attr_name: str, attr_value: Any) -> bool:
        """Whether an attribute of a device has this value."""
        return bool(self.device_attr(device_or_entity_id, attr_name) == attr_value)

    def _entities(self) -> list[Entity]:
        found = list(self._view.entities())
        limits.spend(len(found) // 8)
        return found

    def _area(self, name: str) -> Area | None:
        area = self._view.area(name)
        if area is not None:
            return area
        return next((each for each in self._view.areas() if each.name == name), None)

    def _device(self, name: str) -> Device | None:
        return next((each for each in self._view.devices() if name in (each.id, each.name)), None)

    def _device_of(self, thing: Any) -> Device | None:
        device_id = self.device_id(thing)
        return None if device_id is None else self._device(device_id)

    # places

    def distance(self, *places: Any) -> float:
        """Kilometres between two places, or from home to one. A place is an entity, an area, a
        state, a list of latitude and longitude, or these two one after the other."""
        found = list(self._places(places))
        if not 1 <= len(found) <= 2:
            raise TypeError("distance takes one place or two")
        one = found[0] if len(found) == 2 else self._from_home()
        return one.distance(found[-1]) / 1000

    def closest(self, *things: Any) -> Seen | None:
        """The entity that is closest to home, or to the place that stands before the entities."""
        if not things:
            raise TypeError("closest needs entities")
        before = list(self._places(things[:-1]))
        if len(before) > 1:
            raise TypeError("closest takes one place and the entities")
        middle = before[0] if before else self._from_home()
        found: list[tuple[float, str, Seen]] = []
        for each in self.expand(things[-1]):
            place = self._view.location_of(each.entity_id)
            if place is not None:
                found.append((middle.distance(place), each.entity_id, each))
        return min(found)[2] if found else None

    def _places(self, things: tuple[Any, ...]) -> Iterable[Location]:
        rest = list(things)
        while rest:
            thing = rest.pop(0)
            if is_number(thing) and rest and is_number(rest[0]):
                thing = [thing, rest.pop(0)]
            yield self._place(thing)

    def _place(self, thing: Any) -> Location:
        if isinstance(thing, list | tuple) and len(thing) == 2 and all(map(is_number, thing)):
            return Location(float(thing[0]), float(thing[1]))
        name = _name(thing)
        area = self._view.area(name)
        place = area.location if area is not None else self._view.location_of(name)
        if place is None:
            raise ValueError(f"'{limits.shortened(name)}' has no place")
        return place

    def _from_home(self) -> Location:
        if self._home is None:
            raise ValueError("the town has no place itself; set 'location' of the hub")
        return self._home


def _name(thing: Any) -> str:
    if isinstance(thing, Seen):
        return thing.entity_id
    if not isinstance(thing, str):
        raise TypeError(f"'{limits.shortened(thing)}' is no name")
    return thing


TOWN_NAMES = (
    "area_devices",
    "area_entities",
    "area_id",
    "area_name",
    "areas",
    "closest",
    "device_attr",
    "device_entities",
    "device_id",
    "device_name",
    "distance",
    "expand",
    "has_value",
    "is_device_attr",
    "is_state",
    "is_state_attr",
    "state_attr",
)
