"""Triggers as parts of automations: their variables, groups of them, and which one it was."""

from __future__ import annotations

from tests.automation.town import Town

SAY = {"action": "notify.send", "data": {"message": "{{ trigger.id }} {{ who }} {{ kind }}"}}
GATE = {"trigger": "event", "event_type": "{{ kind }}.passed", "variables": {"who": "gate"}}
PRESS = {
    "trigger": "event",
    "event_type": "button.pressed",
    "id": "press",
    "variables": {"who": "{{ trigger.event.level }}"},
}


def rule(**more):
    return {
        "id": "a",
        "trigger_variables": {"kind": "gate", "other": "{{ kind }}s"},
        "triggers": [{"triggers": [GATE]}, PRESS],
        "actions": [SAY],
        "mode": "queued",
        **more,
    }


async def test_variables_of_the_trigger_and_for_the_triggers_reach_the_actions(town):
    await town.configure(rule())
    await town.passing()
    await town.press(level=3)
    assert town.deeds.messages == ["0 gate gate", "press 3 gate"]


async def test_variables_of_the_automation_come_last(town):
    await town.configure(rule(variables={"who": "{{ who }}, {{ other }}"}))
    await town.passing()
    assert town.deeds.messages == ["0 gate, gates gate"]


async def test_a_condition_tells_the_triggers_apart_those_in_groups_too(town):
    await town.configure(rule(conditions={"condition": "trigger", "id": [0]}))
    await town.press()
    await town.passing()
    assert town.deeds.messages == ["0 gate gate"]
    assert [trace.state for trace in town.engine.automations["a"].traces] == ["false", "finished"]


async def test_a_resumed_run_still_has_the_variables_of_its_trigger(town: Town):
    slow = {"action": "slow.work", "data": {"seconds": 60}}
    await town.configure(rule(actions=[slow, SAY]))
    event = await town.press(level=4)
    await town.restart(events=(event,))
    await town.advance(120)
    assert town.deeds.messages == ["press 4 gate"]


async def test_trigger_variables_that_fail_are_told_and_the_hub_goes_on(town, caplog):
    await town.configure(
        rule(trigger_variables={"kind": "{{ states('a.b') }}"}), {**rule(), "id": "b"}
    )
    await town.passing()
    assert town.deeds.messages == ["0 gate gate"]
    assert "automation 'a': trigger_variables: 'states' is undefined" in caplog.text


async def test_where_trigger_variables_fail_triggers_that_do_not_need_them_listen(town):
    await town.configure(rule(trigger_variables={"kind": "{{ states('sensor.river') }}"}))
    await town.passing()  # its trigger asks for the variable
    await town.press()
    assert [trace.trigger["id"] for trace in town.engine.automations["a"].traces] == ["press"]
