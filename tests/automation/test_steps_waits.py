"""Steps `wait_template` and `wait_for_trigger`, as Home Assistant documents them."""

from __future__ import annotations

import dataclasses

import pytest

from tests.automation.rules import durable, ran, rule, say, state_of
from tests.automation.town import Pressed

OPEN = "{{ is_state('binary_sensor.door', 'on') }}"
DOOR = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"}
SEEN = say("{{ [wait.completed, wait.remaining] }}")


async def test_a_template_that_is_true_already_is_not_waited_for(town):
    await town.state("binary_sensor.door", True)
    assert await ran(town, {"wait_template": OPEN, "timeout": "10s"}, SEEN) == [[True, 10.0]]


async def test_a_template_is_waited_for_until_it_turns_true(town):
    assert await ran(town, {"wait_template": OPEN}, SEEN) == []
    await town.state("sensor.river", 1)
    await town.state("binary_sensor.door", False)
    assert town.deeds.messages == []
    await town.state("binary_sensor.door", True)
    assert town.deeds.messages == [[True, None]]


async def test_a_template_sees_the_variables_of_the_run(town):
    await ran(
        town,
        {"variables": {"door": "binary_sensor.door"}},
        {"wait_template": "{{ is_state(door, 'on') and trigger.event.plate == 'AA0123BB' }}"},
        SEEN,
    )
    await town.state("binary_sensor.door", True)
    assert town.deeds.messages == [[True, None]]


async def test_a_template_that_reads_the_time_is_looked_at_each_minute(town):
    await ran(town, {"wait_template": "{{ now().minute == 2 }}"}, SEEN)
    await town.advance(119)
    assert town.deeds.messages == []
    await town.advance(1)
    assert town.deeds.messages == [[True, None]]


async def test_what_remains_of_the_time_is_told(town):
    await ran(town, {"wait_template": OPEN, "timeout": {"minutes": 1}}, SEEN)
    await town.advance(20)
    town.clock.jump(3600)  # a clock that is set changes nothing
    await town.state("binary_sensor.door", True)
    assert town.deeds.messages == [[True, 40.0]]


@pytest.mark.parametrize("wait", [{"wait_template": OPEN}, {"wait_for_trigger": DOOR}])
async def test_when_the_time_is_up_the_run_goes_on_unless_told_otherwise(town, wait):
    await ran(town, {**wait, "timeout": "{{ 10 }}s"}, SEEN)
    town.clock.jump(-3600)
    await town.advance(9)
    assert town.deeds.messages == []
    await town.advance(1)
    assert town.deeds.messages == [[False, 0.0]]
    await town.state("binary_sensor.door", True)
    assert len(town.deeds.messages) == 1


@pytest.mark.parametrize("wait", [{"wait_template": OPEN}, {"wait_for_trigger": DOOR}])
async def test_a_wait_that_is_not_to_go_on_ends_the_whole_run_and_no_failure(town, wait):
    """Home Assistant aborts the whole run, from however deep, whatever `continue_on_error` says."""
    step = {**wait, "timeout": "10s", "continue_on_timeout": False, "continue_on_error": True}
    await ran(town, {"if": "{{ true }}", "then": [{"sequence": [step]}]}, say("after"))
    await town.advance(10)
    assert town.deeds.messages == []
    assert state_of(town) == ("finished", "the time to wait was up")


@pytest.mark.parametrize("wait", [{"wait_template": OPEN}, {"wait_for_trigger": DOOR}])
async def test_a_time_of_nothing_is_up_at_once(town, wait):
    assert await ran(town, {**wait, "timeout": "0s"}, SEEN) == [[False, 0.0]]


async def test_a_template_that_fails_fails_the_wait(town):
    await ran(town, {"wait_template": "{{ nobody }}"})
    assert state_of(town) == ("failed", "template: 'nobody' is undefined")


async def test_a_time_that_is_no_duration_fails_the_wait(town):
    await ran(town, {"wait_template": OPEN, "timeout": "{{ '5' }}"})
    assert town.trace().error.startswith("a duration needs a unit")


async def test_a_trigger_must_fire_while_it_is_waited_for(town):
    await town.state("binary_sensor.door", True)
    await ran(town, {"wait_for_trigger": DOOR, "timeout": "1m"}, SEEN)
    assert town.deeds.messages == [], "what was so before does not count"
    await town.state("binary_sensor.door", False)
    await town.advance(15)
    await town.state("binary_sensor.door", True)
    assert town.deeds.messages == [[True, 45.0]]


async def test_any_of_several_triggers_ends_the_wait_and_is_told(town):
    press = {"trigger": "event", "event_type": "button.pressed", "id": "press"}
    wait = {"wait_for_trigger": [DOOR, {**press, "id": "off", "enabled": False}, press]}
    await ran(town, wait, say("{{ [wait.trigger.id, wait.trigger.event.level, trigger.idx] }}"))
    await town.press(level=3)
    assert town.deeds.messages == [["press", 3, "0"]]


async def test_without_a_trigger_in_time_there_is_none(town):
    await ran(town, {"wait_for_trigger": DOOR, "timeout": "1s"}, say("{{ wait.trigger is none }}"))
    await town.advance(1)
    assert town.deeds.messages == [True]


async def test_the_triggers_of_a_wait_see_the_variables_of_the_run(town):
    template = {"trigger": "template", "value_template": "{{ is_state(door, 'on') }}"}
    await ran(
        town,
        {"variables": {"door": "binary_sensor.door"}},
        {"wait_for_trigger": template},
        say("on"),
    )
    await town.state("binary_sensor.door", True)
    assert town.deeds.messages == ["on"]


async def test_a_state_that_must_last_is_waited_for(town):
    await ran(town, {"wait_for_trigger": {**DOOR, "for": "30s"}}, say("on"))
    await town.state("binary_sensor.door", True)
    await town.advance(29)
    await town.state("binary_sensor.door", False)
    await town.state("binary_sensor.door", True)
    await town.advance(29)
    assert town.deeds.messages == []
    await town.advance(1)
    assert town.deeds.messages == ["on"]


async def test_nobody_listens_when_a_wait_has_ended(town):
    await town.configure(rule({"wait_for_trigger": DOOR}, {"wait_template": OPEN}, mode="parallel"))
    await town.passing()
    await town.passing()
    await town.engine.turn_off("a")
    await town.settle()
    assert town.engine.runs == []
    assert not town.bus.wants("state_changed", "entity_id", "binary_sensor.door")


@pytest.mark.parametrize("wait", [{"wait_template": OPEN}, {"wait_for_trigger": DOOR}])
async def test_a_time_to_wait_goes_on_over_a_restart(town, wait):
    await town.configure(durable({**wait, "timeout": "10m"}, SEEN))
    event = await town.press()
    await town.advance(300)
    await town.restart(events=(event,))
    await town.advance(299)
    assert town.deeds.messages == []
    await town.advance(1)
    assert town.deeds.messages == [[False, 0.0]]


@pytest.mark.parametrize("wait", [{"wait_template": OPEN}, {"wait_for_trigger": DOOR}])
async def test_a_time_that_was_up_while_the_hub_was_away_is_up(town, wait):
    await town.configure(durable({**wait, "timeout": "10m"}, SEEN))
    await town.press()
    town.clock.jump(3600)
    await town.restart()
    assert town.deeds.messages == [[False, 0.0]]


@pytest.mark.parametrize("wait", [{"wait_template": OPEN}, {"wait_for_trigger": DOOR}])
async def test_a_wait_listens_again_after_a_restart(town, wait):
    await town.configure(durable({**wait, "timeout": "10m"}, SEEN))
    await town.press()
    await town.advance(60)
    await town.restart()
    await town.advance(60)
    await town.state("binary_sensor.door", True)
    assert town.deeds.messages == [[True, 480.0]]


@pytest.mark.parametrize("wait", [{"wait_template": OPEN}, {"wait_for_trigger": DOOR}])
async def test_what_came_of_a_wait_is_kept_over_a_restart(town, wait):
    await town.configure(durable({**wait, "timeout": "1m"}, {"delay": "1h"}, SEEN))
    await town.press()
    await town.advance(20)
    await town.state("binary_sensor.door", True)
    await town.restart()
    await town.advance(3600)
    assert town.deeds.messages == [[True, 40.0]]


PRESS = {"wait_for_trigger": {"trigger": "event", "event_type": "button.pressed"}}


async def test_the_event_that_started_the_run_does_not_end_its_wait_when_given_again(town):
    await town.configure(durable(PRESS, say("{{ wait.trigger.event.level }}"), mode="single"))
    first = await town.press(level=1)
    await town.restart(events=(first,))
    assert town.deeds.messages == []
    await town.advance(1)
    await town.press(level=2)
    assert town.deeds.messages == [2]


async def test_an_event_that_came_just_before_the_crash_ends_the_wait_when_given_again(town):
    await town.configure(durable(PRESS, say("{{ wait.trigger.event.level }}")))
    await town.press(level=1)
    await town.advance(5)
    late = Pressed(source="event.kiosk", level=2)
    late = late.stamped(area=None, received_at=town.clock.now())  # committed, and then the crash
    await town.advance(5)
    await town.restart(events=(dataclasses.replace(late),))
    assert town.deeds.messages == [2]
