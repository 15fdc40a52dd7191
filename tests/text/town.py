"""The small town of docs/templates.md, at six in the evening of a Friday in November."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.bus import Bus
from hub.clock import VirtualClock
from hub.model.entity import Area, Device, Entity, Location
from hub.registry import Registry
from hub.text.functions import functions

KYIV = ZoneInfo("Europe/Kyiv")
MARKET = Location(49.7146, 28.8376)
VARIABLES: Mapping[str, Any] = {
    "trigger": {"id": "0", "to_state": {"state": "on", "attributes": {"battery": 40}}},
}


def names() -> Mapping[str, Any]:
    """The functions of templates over the town."""
    clock = VirtualClock(datetime(2026, 11, 20, 15, 30, tzinfo=UTC))
    registry = Registry(Bus(), clock)
    registry.configure(
        {
            "market": Area("market", "Ринок", MARKET),
            "quay": Area("quay", "Набережна", Location(49.7121, 28.8443)),
            "school": Area("school", "Школа"),
        }
    )
    registry.add_device(
        Device(id="gauge", name="Рівнемір", area="quay", manufacturer="Vega", model="V1")
    )
    registry.add(
        [
            (_entity("binary_sensor.kiosk_door", "market"), False),
            (_entity("binary_sensor.school_door", "school"), False),
            (_entity("camera.market_square", "market"), "idle"),
            (_entity("mode.night", None), False),
            (_entity("sensor.rain", "quay"), None),
            (_entity("sensor.river", "quay", device="gauge", unit="m"), 5.126),
        ]
    )
    registry.set_state("binary_sensor.school_door", True, {"battery": 40})
    clock.jump(1800)
    return functions(registry, clock, KYIV, MARKET)


def _entity(entity_id: str, area: str | None, **more: Any) -> Entity:
    name = entity_id.partition(".")[2].replace("_", " ").capitalize()
    return Entity(entity_id=entity_id, name=name, area=area, **more)
