"""What templates see of states and events, in Home Assistant's words."""

from __future__ import annotations

from typing import Any

from hub.model.entity import Entity, State
from hub.model.event import Event, OtherEvent, to_plain


def state_data(state: State | None, entity: Entity | None = None) -> dict[str, Any] | None:
    """What templates see of a state."""
    if state is None:
        return None
    return {
        "entity_id": state.entity_id,
        "name": entity.name if entity is not None else state.entity_id,
        "state": state.text,
        "attributes": dict(state.attributes),
        "last_changed": state.changed_at,
        "last_updated": state.updated_at,
    }


def event_data(event: Event) -> dict[str, Any]:
    """What templates see of an event. `trigger.event` holds the envelope and the payload side by
    side, and, as in Home Assistant, `event_type` and `data`."""
    plain = to_plain(event)
    other = isinstance(event, OtherEvent)
    payload = plain["data"] if other else {name: plain[name] for name in event.payload}
    seen = {**payload, **plain, "event_type": event.type, "data": payload}
    entity_id = event.source if "." in event.source else None
    return {"event": seen, "entity_id": entity_id, "area_id": event.area}
