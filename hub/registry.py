"""The registry: which areas, devices and entities the town has, and the state of each."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from hub.bus import Bus
from hub.clock import Clock
from hub.model.core_events import StateChanged
from hub.model.entity import Area, Device, Entity, Location, State, StateValue


class UnknownEntity(LookupError):
    """There is no entity of that name; the message has a close one."""


class Registry:
    """Knows entities and their states; a change of state is an event on the bus."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._areas: dict[str, Area] = {}
        self._devices: dict[str, Device] = {}
        self._entities: dict[str, Entity] = {}
        self._states: dict[str, State] = {}
        self.on_entities: Callable[[], None] = lambda: None

    def configure(self, areas: Mapping[str, Area]) -> None:
        self._areas = dict(areas)

    # what there is

    def areas(self) -> Iterable[Area]:
        return self._areas.values()

    def area(self, area_id: str) -> Area | None:
        return self._areas.get(area_id)

    def entities(self) -> Iterable[Entity]:
        return self._entities.values()

    def entity(self, entity_id: str) -> Entity | None:
        return self._entities.get(entity_id)

    def devices(self) -> Iterable[Device]:
        return self._devices.values()

    def add_device(self, device: Device) -> None:
        self._devices[device.id] = device

    def add(self, entities: Iterable[tuple[Entity, StateValue]]) -> None:
        """Let entities appear with their first value. Raises ValueError where a name is taken."""
        pairs = list(entities)
        for entity, _ in pairs:
            taken = self._entities.get(entity.entity_id)
            if taken is not None and taken.plugin != entity.plugin:
                raise ValueError(f"'{entity.entity_id}' is already brought by '{taken.plugin}'")
        now = self._clock.now()
        for entity, value in pairs:
            self._entities[entity.entity_id] = entity
            self._states[entity.entity_id] = State(
                entity_id=entity.entity_id, value=value, changed_at=now, updated_at=now
            )
        if pairs:
            self.on_entities()

    def replace_of(self, plugin: str, entities: Iterable[tuple[Entity, StateValue]]) -> None:
        """Let these be all that a plugin brings. One that it brought before keeps its state where
        no first value comes with it: that a plugin is set up anew changes nothing in the town.

        Raises ValueError where a name is taken by another; then nothing has changed.
        """
        pairs = list(entities)
        before = {
            name: self._states[name]
            for name, entity in self._entities.items()
            if entity.plugin == plugin
        }
        staying = {entity.entity_id for entity, _ in pairs}
        self.add((e, value) for e, value in pairs if e.entity_id not in before)
        for entity, value in pairs:
            old = before.get(entity.entity_id)
            if old is not None:
                self._entities[entity.entity_id] = entity
                if value is not None and value != old.value:
                    self.set_state(entity.entity_id, value)
        for name in before.keys() - staying:
            del self._entities[name]
            del self._states[name]
        if before:
            self.on_entities()

    def remove_of(self, plugin: str, *, but: Collection[str] = ()) -> None:
        """Take back what a plugin brought, `but` for these entities."""
        gone = [
            name
            for name, entity in self._entities.items()
            if entity.plugin == plugin and name not in but
        ]
        for name in gone:
            del self._entities[name]
            del self._states[name]
        if gone:
            self.on_entities()

    # states

    def present(self) -> list[tuple[State, str | None]]:
        """The state of each entity that there is, with the id of its area."""
        return [(state, self._entities[name].area) for name, state in self._states.items()]

    def get(self, entity_id: str) -> State | None:
        return self._states.get(entity_id)

    def set_state(
        self,
        entity_id: str,
        value: StateValue,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """Latest wins; an equal value is no change. Raises UnknownEntity."""
        old = self._known(entity_id)
        kept = old.attributes if attributes is None else dict(attributes)
        self._put(old, value, True, kept)

    def set_available(self, entity_id: str, available: bool) -> None:
        """Whether the entity can be reached. Raises UnknownEntity."""
        old = self._known(entity_id)
        self._put(old, old.value, available, old.attributes)

    def _known(self, entity_id: str) -> State:
        state = self._states.get(entity_id)
        if state is None:
            close = difflib.get_close_matches(entity_id, self._entities, 1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise UnknownEntity(f"there is no entity '{entity_id}'{hint}")
        return state

    def _put(
        self, old: State, value: StateValue, available: bool, attributes: Mapping[str, Any]
    ) -> None:
        now = self._clock.now()
        changed = old.value != value or old.available != available
        entity_id = old.entity_id
        new = self._states[entity_id] = State(
            entity_id=entity_id,
            value=value,
            available=available,
            attributes=attributes,
            changed_at=now if changed else old.changed_at,
            updated_at=now,
        )
        if not changed and old.attributes == attributes:
            return
        if self._bus.wants(StateChanged.type, "entity_id", entity_id):
            area = self._entities[entity_id].area
            self._bus.publish(
                StateChanged(
                    source=entity_id,
                    area=area,
                    received_at=now,
                    entity_id=entity_id,
                    old=old,
                    new=new,
                )
            )

    # places

    def name_of(self, entity_id: str) -> str:
        """An entity's name for people; its id where it has gone."""
        entity = self._entities.get(entity_id)
        return entity.name if entity is not None else entity_id

    def area_of(self, entity_id: str) -> Area | None:
        entity = self._entities.get(entity_id)
        return None if entity is None or entity.area is None else self._areas.get(entity.area)

    def location_of(self, entity_id: str) -> Location | None:
        """The entity's own place, else its area's."""
        entity = self._entities.get(entity_id)
        if entity is not None and entity.location is not None:
            return entity.location
        area = self.area_of(entity_id)
        return None if area is None else area.location
