"""States in templates: `states('sensor.river')`, `states.sensor.river.state`, `states.sensor`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from hub.model.entity import Area, Device, Entity, Location, State
from hub.text import limits
from hub.text.calls import Function
from hub.text.numbers import is_number
from hub.text.rendering import current


class StateView(Protocol):
    """The town as templates and conditions see it."""

    def get(self, entity_id: str) -> State | None:
        """The present state, None where there is no such entity (or it has none yet)."""
        ...

    def entity(self, entity_id: str) -> Entity | None: ...

    def entities(self) -> Iterable[Entity]:
        """All entities of the town."""
        ...

    def area(self, area_id: str) -> Area | None: ...

    def areas(self) -> Iterable[Area]:
        """All areas of the town."""
        ...

    def devices(self) -> Iterable[Device]:
        """All devices of the town."""
        ...

    def location_of(self, entity_id: str) -> Location | None:
        """The entity's own place, else that of its area."""
        ...


def state_of(view: StateView, entity_id: Any) -> State | None:
    """The present state of an entity, noted as read."""
    if isinstance(entity_id, Seen):
        entity_id = entity_id.entity_id
    elif not isinstance(entity_id, str):
        raise TypeError(f"'{limits.shortened(entity_id)}' is no entity's name")
    current.get().entities.add(entity_id)
    return view.get(entity_id)


class Seen:
    """A state as templates see it. `state`, `attributes`, `last_changed`, `last_updated`,
    `entity_id`, `domain`, `object_id`, `name`, `area_id`, `state_with_unit`."""

    __slots__ = ("_entity", "_state")

    def __init__(self, state: State, entity: Entity) -> None:
        self._state = state
        self._entity = entity

    @property
    def state(self) -> str:
        """The state as text."""
        return self._state.text

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What is known besides the state."""
        return self._state.attributes

    @property
    def last_changed(self) -> datetime:
        """When the state changed."""
        return self._state.changed_at

    @property
    def last_updated(self) -> datetime:
        """When it was heard of."""
        return self._state.updated_at

    @property
    def entity_id(self) -> str:
        """`domain.object_id`."""
        return self._entity.entity_id

    @property
    def domain(self) -> str:
        """What kind of entity it is."""
        return self._entity.domain

    @property
    def object_id(self) -> str:
        """The name behind the dot."""
        return self._entity.object_id

    @property
    def name(self) -> str:
        """The name for people."""
        return self._entity.name

    @property
    def area_id(self) -> str | None:
        """The area that it is in."""
        return self._entity.area

    @property
    def state_with_unit(self) -> str:
        """The state with the entity's unit."""
        return add_unit(self.state, self._entity)

    def plain(self) -> dict[str, Any]:
        """The same as data, as `trigger.to_state` has it."""
        return {
            "entity_id": self.entity_id,
            "state": self.state,
            "attributes": dict(self.attributes),
            "last_changed": self.last_changed,
            "last_updated": self.last_updated,
            "name": self.name,
            "area_id": self.area_id,
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seen) and self._state == other._state

    def __hash__(self) -> int:
        return hash(self.entity_id)

    def __repr__(self) -> str:
        return f"<state {self.entity_id}={self.state}>"


def add_unit(text: str, entity: Entity | None) -> str:
    """A state and its unit, where it is a number and has one."""
    if entity is None or not entity.unit or not is_number(text):
        return text
    return f"{text} {entity.unit}"


class Domain:
    """All states of one domain, sorted by name: `states.sensor`."""

    __slots__ = ("_domain", "_view")

    def __init__(self, view: StateView, domain: str) -> None:
        self._view = view
        self._domain = domain

    def __getattr__(self, object_id: str) -> Seen | None:
        if object_id.startswith("_"):
            raise AttributeError(object_id)
        return seen(self._view, f"{self._domain}.{object_id}")

    def __getitem__(self, object_id: str) -> Seen | None:
        if object_id.startswith("_"):
            raise KeyError(object_id)
        return seen(self._view, f"{self._domain}.{object_id}")

    def _entities(self) -> list[Entity]:
        current.get().domains.add(self._domain)
        head = f"{self._domain}."
        found = [each for each in self._view.entities() if each.entity_id.startswith(head)]
        limits.spend(len(found))
        return sorted(found, key=lambda each: each.entity_id)

    def __iter__(self) -> Iterator[Seen]:
        return _all_seen(self._view, self._entities())

    def __len__(self) -> int:
        return len(self._entities())

    def __repr__(self) -> str:
        return f"<states of {self._domain}>"


class States(Function):
    """`states`: called, it gives one state's text; gone through, all states."""

    __slots__ = ("_view",)

    def __init__(self, view: StateView) -> None:
        super().__init__(self.text_of)
        self._view = view

    def text_of(self, entity_id: Any, rounded: bool | None = None, with_unit: bool = False) -> str:
        """The state as text; `unknown` for an entity that is not there. `rounded`: to two
        decimals, which is so with a unit where it is not said."""
        state = state_of(self._view, entity_id)
        if state is None:
            return "unknown"
        text = state.text
        if rounded is None and not with_unit:
            return text
        if rounded is not False and is_number(text):
            text = spell_rounded(float(text))
        return add_unit(text, self._view.entity(state.entity_id)) if with_unit else text

    def __getattr__(self, domain: str) -> Domain:
        if domain.startswith("_"):
            raise AttributeError(domain)
        return Domain(self._view, domain)

    def __getitem__(self, name: str) -> Domain | Seen | None:
        if name.startswith("_"):
            raise KeyError(name)
        return seen(self._view, name) if "." in name else Domain(self._view, name)

    def _entities(self) -> list[Entity]:
        current.get().everything = True
        found = sorted(self._view.entities(), key=lambda each: each.entity_id)
        limits.spend(len(found))
        return found

    def __iter__(self) -> Iterator[Seen]:
        return _all_seen(self._view, self._entities())

    def __len__(self) -> int:
        return len(self._entities())


def seen(view: StateView, entity_id: str) -> Seen | None:
    """The state of an entity by its name, noted as read; None where it is not there."""
    state = state_of(view, entity_id)
    entity = view.entity(entity_id)
    return None if state is None or entity is None else Seen(state, entity)


def _all_seen(view: StateView, entities: list[Entity]) -> Iterator[Seen]:
    """The reads of a whole domain are noted as such, not one by one."""
    for entity in entities:
        state = view.get(entity.entity_id)
        if state is not None:
            yield Seen(state, entity)


def spell_rounded(number: float) -> str:
    """A number with at most two decimals."""
    return f"{number:.2f}".rstrip("0").rstrip(".") if abs(number) < 1e15 else str(number)
