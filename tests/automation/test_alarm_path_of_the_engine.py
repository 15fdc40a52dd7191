"""The job of the hub: a press, and what follows from it."""

from __future__ import annotations

PANIC = {
    "id": "a",
    "alias": "Тривожна кнопка на ринку",
    "triggers": [{"trigger": "event", "event_type": "button.pressed", "area_id": "market"}],
    "actions": [
        {"action": "incident.open", "data": {"kind": "panic", "severity": "critical"}},
        {
            "action": "camera.record",
            "target": {"near": {"entity_id": "{{ trigger.entity_id }}", "within": "200m"}},
            "data": {"before": "30s", "after": "10m"},
        },
        {"action": "notify.send", "data": {"message": "{{ area_name(trigger.area_id) }}!"}},
    ],
    "mode": "parallel",
}


async def test_a_press_opens_an_incident_records_the_cameras_near_and_tells_people(town):
    await town.configure(PANIC)
    event = await town.press()
    assert town.deeds.names == ["incident.open", "camera.record", "notify.send"]
    _, data, call = town.deeds.done[1]
    assert data == {"before": "30s", "after": "10m"}
    assert call.targets == ("camera.market_north", "camera.market_south")
    assert call.incident == 7
    assert call.event == event
    assert call.key == f"{call.run}:1"
    assert town.deeds.messages == ["Ринок!"]
    assert town.trace().state == "finished"
    (row,) = await town.rows()
    assert (row["state"], row["incident"], row["event_id"]) == ("finished", 7, event.id)
    assert town.journal.claims == [(event.id, "a")]
    assert town.journal.ends == [event.id]


async def test_a_press_elsewhere_starts_nothing(town):
    await town.configure(PANIC)
    await town.press(area="school")
    assert town.deeds.done == []
    assert await town.rows() == []
