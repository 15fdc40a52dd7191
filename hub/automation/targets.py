"""`target:` and how it comes to entities."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from hub.automation.errors import StepFailed
from hub.automation.fields import AreaIdOrTemplate, EntityIdOrTemplate, OneOrMany
from hub.automation.scope import Scope
from hub.automation.words import wrong
from hub.model.config import PluginConfig
from hub.model.said import said

INSTEAD = {
    "device_id": said("name its entities with 'entity_id'"),
    "floor_id": said("name the areas with 'area_id'"),
    "label_id": said("name the entities with 'entity_id', or their areas with 'area_id'"),
}
"""Keys of Home Assistant's targets that are not there, and what to write."""

_METRES = {"m": 1.0, "km": 1000.0}


def parse_metres(value: Any) -> float:
    """`200m` or `1.5km` in metres. Raises ValueError for a number without unit."""
    text = str(value).strip().replace(" ", "")
    unit = "km" if text.endswith("km") else "m"
    number = text.removesuffix(unit)
    if number == text or not number.replace(".", "", 1).isdigit():
        raise ValueError(said("a distance needs a unit: write for example '200m' or '1.5km'"))
    return float(number) * _METRES[unit]


Metres = Annotated[
    float,
    BeforeValidator(parse_metres),
    PlainSerializer(lambda metres: f"{metres:.3f}m"),
    WithJsonSchema({"type": "string", "examples": ["200m", "1.5km"]}),
]


class Near(PluginConfig):
    """All things of the action's kind within some distance of an entity."""

    entity_id: EntityIdOrTemplate
    """The entity in the middle; its own place counts, else that of its area."""
    within: Metres
    """How far: `200m`, `1.5km`; as the crow flies."""


class Target(PluginConfig):
    """What an action is done to. Several keys add up."""

    entity_id: OneOrMany[EntityIdOrTemplate] = Field(default_factory=list)
    """Entities by name."""
    area_id: OneOrMany[AreaIdOrTemplate] = Field(default_factory=list)
    """All entities of the action's kind in these areas."""
    near: Near | None = None
    """All entities of the action's kind near another."""

    @model_validator(mode="before")
    @classmethod
    def _foreign(cls, value: Any) -> Any:
        for word, what in INSTEAD.items():
            if isinstance(value, dict) and word in value:
                raise wrong(
                    "target",
                    said("a target has no '%(name)s' here: %(instead)s", name=word, instead=what),
                )
        return value


def resolve(target: Target, domain: str | None, scope: Scope) -> tuple[str, ...]:
    """The entities that a target comes to, each once: those named, those of areas by name, those
    near by distance. Raises StepFailed where a name or a place is missing."""
    if domain is None:
        raise StepFailed("this action takes no target")
    named = _named(scope.render(target.entity_id), domain, scope)
    areas = _names(scope.render(target.area_id))
    found = [*named, *_in_areas(areas, domain, scope)]
    if target.near is not None:
        centre = scope.text(target.near.entity_id)
        found += _near(centre, target.near.within, domain, scope)
    return tuple(dict.fromkeys(found))


def _names(rendered: list[Any]) -> list[str]:
    """A template may give one name or a list of them."""
    names: list[str] = []
    for item in rendered:
        names += [str(part) for part in item] if isinstance(item, list | tuple) else [str(item)]
    return names


def _named(rendered: list[Any], domain: str, scope: Scope) -> list[str]:
    names = _names(rendered)
    for name in names:
        if scope.world.town.entity(name) is None:
            raise StepFailed(f"there is no entity '{name}'")
        if name.partition(".")[0] != domain:
            raise StepFailed(f"'{name}' is no {domain}")
    return names


def _in_areas(areas: list[str], domain: str, scope: Scope) -> list[str]:
    for area in areas:
        if scope.world.town.area(area) is None:
            raise StepFailed(f"there is no area '{area}'")
    return sorted(
        entity.entity_id
        for entity in scope.world.town.entities()
        if entity.domain == domain and entity.area in areas
    )


def _near(centre: str, within: float, domain: str, scope: Scope) -> list[str]:
    town = scope.world.town
    if town.entity(centre) is None:
        raise StepFailed(f"there is no entity '{centre}'")
    middle = town.location_of(centre)
    if middle is None:
        raise StepFailed(f"'{centre}' has no place, and neither has its area")
    found: list[tuple[float, str]] = []
    for entity in town.entities():
        place = town.location_of(entity.entity_id) if entity.domain == domain else None
        if place is not None and (distance := middle.distance(place)) <= within:
            found.append((distance, entity.entity_id))
    return [entity_id for _, entity_id in sorted(found)]
