"""The waits of `for:` when the automation around the trigger changes while the hub runs."""

from __future__ import annotations

import pytest

from tests.automation.rules import say

DOOR = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on", "for": "10m"}
RIVER = {"trigger": "numeric_state", "entity_id": "sensor.river", "above": 17, "for": "10m"}
OPEN = {
    "trigger": "template",
    "value_template": "{{ is_state('binary_sensor.door', 'on') }}",
    "for": "10m",
}
OTHER = {"trigger": "event", "event_type": "gate.passed"}


def rule(text, *triggers, **more):
    return {"id": "a", "triggers": list(triggers), "actions": [say(text)], **more}


async def begun(town, *triggers):
    """A wait of ten minutes, two of which have gone."""
    await town.state("sensor.river", 10)
    await town.state("binary_sensor.door", False)
    await town.configure(rule("old", *triggers))
    await town.state("binary_sensor.door", True)
    await town.state("sensor.river", 20)
    await town.advance(120)


@pytest.mark.parametrize("trigger", [DOOR, RIVER, OPEN])
async def test_a_wait_goes_on_when_only_the_action_has_changed(town, trigger):
    await begun(town, trigger)
    await town.configure(rule("new", trigger))
    await town.advance(479)
    assert town.deeds.messages == []
    await town.advance(2)
    assert town.deeds.messages == ["new"]
    await town.advance(3600)
    assert town.deeds.messages == ["new"]


async def test_a_wait_goes_on_over_many_changes_and_when_its_trigger_has_moved(town):
    await begun(town, DOOR)
    for number in range(4):
        await town.configure(rule(f"new {number}", *[OTHER] * number, DOOR))
        await town.advance(60)
    await town.advance(239)
    assert town.deeds.messages == []
    await town.advance(2)
    assert town.deeds.messages == ["new 3"]


async def test_a_wait_that_goes_on_still_ends_with_its_state(town):
    await begun(town, DOOR)
    await town.configure(rule("new", DOOR))
    await town.state("binary_sensor.door", False)
    await town.advance(3600)
    assert town.deeds.messages == []


@pytest.mark.parametrize(
    "then",
    [
        rule("new", {**DOOR, "for": "9m"}),
        rule("new", OTHER),
        rule("new", DOOR, enabled=False),
        {**rule("new", DOOR), "id": "b"},
    ],
)
async def test_a_wait_ends_with_a_trigger_that_says_something_else_or_is_gone(town, then):
    await begun(town, DOOR)
    await town.configure(then)
    await town.advance(3600)
    assert town.deeds.messages == []
    await town.configure(rule("newest", DOOR))
    await town.advance(3600)
    assert town.deeds.messages == []


async def test_switching_off_and_on_begins_a_wait_anew(town):
    await begun(town, DOOR)
    await town.engine.turn_off("a")
    await town.configure(rule("new", DOOR))
    await town.engine.turn_on("a")
    await town.advance(3600)
    assert town.deeds.messages == []
