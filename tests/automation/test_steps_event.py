"""Step `event`, and what hears it."""

from __future__ import annotations

import pytest

from hub.model.event import Event, OtherEvent
from tests.automation.rules import durable, ran, rule, say, state_of
from tests.automation.town import Passed

HEARD = {"trigger": "event", "event_type": "town.told"}


async def heard(town, *kinds: str) -> list[Event]:
    events: list[Event] = []
    for kind in kinds:
        town.bus.subscribe(kind, events.append, owner="test")
    return events


async def test_an_event_is_told_with_its_payload_and_its_cause(town):
    events = await heard(town, "town.told")
    tell = {"event": "town.told", "event_data": {"n": "{{ 1 + 1 }}", "of": ["{{ 'x' }}"]}}
    await ran(town, tell)
    (event,) = events
    assert isinstance(event, OtherEvent)
    assert event.data == {"n": 2, "of": ["x"]}
    assert (event.source, event.cause) == ("automation.a", town.trace().run)
    assert event.received_at == town.clock.now()


async def test_another_automation_hears_it(town):
    hears = {**HEARD, "event_data": {"n": 2}}
    await town.configure(
        rule({"event": "town.told", "event_data": {"n": 1}}, {"event": "town.told"}),
        {**rule(say("{{ trigger.event.data }}")), "id": "b", "triggers": hears},
    )
    await town.passing()
    assert town.deeds.messages == []
    await ran(town, {"event": "town.told", "event_data": {"n": 2}})
    await town.configure(
        rule({"event": "town.told", "event_data": {"n": 2}}),
        {**rule(say("{{ trigger.event.data.n }}")), "id": "b", "triggers": hears},
    )
    await town.passing()
    assert town.deeds.messages == [2]


async def test_an_event_of_a_declared_type_has_its_payload_checked(town):
    events = await heard(town, "gate.opened", "gate.passed")
    await ran(town, {"event": "gate.passed", "event_data": {"plate": "BB1", "lanes": [1]}})
    assert isinstance(events[-1], Passed)
    assert (events[-1].plate, events[-1].lanes) == ("BB1", [1])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"lanes": "x"}, "'gate.passed': lanes: Input should be a valid list"),
        ({"plat": "x"}, "'gate.passed': plat: Unexpected keyword argument"),
        ({"source": "x"}, "'gate.passed' has no field 'source' in its payload"),
    ],
)
async def test_a_payload_that_does_not_fit_its_type_fails_the_step(town, data, why):
    await ran(town, {"event": "gate.passed", "event_data": data})
    assert state_of(town) == ("failed", why)


async def test_an_event_that_must_not_be_lost_is_not_told_by_a_rule(town):
    await ran(town, {"event": "button.pressed"})
    why = "'button.pressed' is told by devices only: open an incident instead"
    assert state_of(town) == ("failed", why)


async def test_an_event_is_told_once_over_a_crash(town):
    events = await heard(town, "town.told")
    await town.configure(durable({"event": "town.told"}, {"delay": "1m"}, say("end")))
    await town.press()
    await town.restart()
    again = await heard(town, "town.told")
    await town.advance(60)
    assert (len(events), again) == (1, [])
    assert town.deeds.messages == ["end"]
