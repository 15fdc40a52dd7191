"""Actions that switch automations and scripts."""

from __future__ import annotations

import pytest

from tests.automation.rules import durable, rule, say


def does(action, target, **data):
    return {"action": action, "target": {"entity_id": target}, "data": data}


async def hand(town, *steps):
    """Let an automation of its own do these steps."""
    press = {"trigger": "event", "event_type": "button.pressed"}
    await town.configure(
        *(c.plain() for c in town.configs), rule(*steps, id="hand", triggers=press)
    )
    await town.press()
    for _ in range(5):
        await town.settle()
    town.configs = town.configs[:-1]
    assert town.trace("hand").error is None


A = rule(say("begin"), {"delay": "10s"}, say("end"))


async def test_an_automation_is_an_entity_that_is_on_while_it_listens(town):
    await town.configure(A, rule({"delay": "1s"}, id="b", enabled=False, alias="Бе"))
    assert town.registry.get("automation.a").text == "on"
    assert town.registry.get("automation.b").text == "off"
    assert town.registry.name_of("automation.b") == "Бе"
    await town.configure(A)
    assert town.registry.entity("automation.b") is None


async def test_when_it_last_ran_and_how_many_runs_there_are_stands_in_this_alone(town):
    seen = say("{{ [this.attributes.last_triggered, this.attributes.current] }}")
    await town.configure(rule(seen, {"delay": "10m"}, mode="parallel"))
    began = town.clock.now()
    await town.passing()
    await town.advance(60)
    await town.passing()
    assert town.deeds.messages == [[None, 0], [began, 1]]
    assert town.registry.get("automation.a").attributes == {}


async def test_turn_off_ends_what_runs_and_turn_on_listens_again(town):
    await town.configure(A)
    await town.passing()
    await hand(town, does("automation.turn_off", "automation.a"))
    assert town.registry.get("automation.a").text == "off"
    await town.passing()
    await town.advance(10)
    assert town.deeds.messages == ["begin"]
    await hand(town, does("automation.turn_on", "automation.a"))
    await town.passing()
    assert town.deeds.messages == ["begin", "begin"]


async def test_turn_off_may_let_what_runs_go_on(town):
    await town.configure(A)
    await town.passing()
    await hand(town, does("automation.turn_off", "automation.a", stop_actions=False))
    await town.advance(10)
    assert town.deeds.messages == ["begin", "end"]


async def test_an_automation_may_switch_itself_off(town):
    await town.configure(rule(does("automation.turn_off", "automation.a"), say("never")))
    await town.passing()
    assert town.deeds.messages == []
    assert town.trace().state == "stopped"


async def test_toggle_turns_it_round(town):
    await town.configure(A)
    await hand(town, does("automation.toggle", "automation.a"))
    assert town.registry.get("automation.a").text == "off"
    await hand(town, does("automation.toggle", "automation.a"))
    assert town.registry.get("automation.a").text == "on"


@pytest.mark.parametrize(("skip", "said"), [({}, ["x"]), ({"skip_condition": False}, [])])
async def test_trigger_runs_the_actions_also_of_one_that_is_off(town, skip, said):
    await town.configure(rule(say("x"), conditions="{{ false }}", enabled=False))
    await hand(town, does("automation.trigger", "automation.a", **skip))
    assert town.deeds.messages == said


async def test_what_a_trigger_by_hand_gives_can_be_seen(town):
    await town.configure(rule(say("{{ trigger.platform is none }}")))
    await hand(town, does("automation.trigger", "automation.a"))
    assert town.deeds.messages == [True]


async def test_an_automation_that_triggers_itself_is_bounded(town):
    again = does("automation.trigger", "automation.a")
    await town.configure(rule(say("x"), again, mode="parallel"))
    await town.passing()
    for _ in range(50):
        await town.settle()
    assert 1 < len(town.deeds.messages) <= 20
    assert town.engine.runs == []


SLOW = {"fields": {"n": {}}, "sequence": [{"delay": "10s"}, say("{{ n }}")]}


async def test_turn_on_starts_a_script_and_does_not_wait(town):
    town.load_scripts(slow=SLOW)
    await hand(town, does("script.turn_on", "script.slow", variables={"n": 5}), say("after"))
    assert town.deeds.messages == ["after"]
    assert town.registry.get("script.slow").text == "on"
    await town.advance(10)
    assert town.deeds.messages == ["after", 5]
    assert town.registry.get("script.slow").text == "off"


async def test_a_script_that_was_started_has_a_trace_of_its_own(town):
    town.load_scripts(slow=SLOW)
    await hand(town, does("script.turn_on", "script.slow", variables={"n": 5}))
    await town.advance(10)
    (trace,) = town.engine.traces.of("script.slow")
    assert (trace.state, len(trace.steps)) == ("finished", 3)


async def test_a_failure_of_a_started_script_is_its_own(town):
    town.load_scripts(bad=[{"action": "broken.fail"}])
    await hand(town, does("script.turn_on", "script.bad"), say("after"))
    assert town.deeds.messages == ["after"]


async def test_turn_off_ends_a_script_and_whoever_waits_for_it_goes_on(town):
    town.load_scripts(slow=SLOW)
    await town.configure(rule({"action": "script.slow"}, say("after")))
    await town.passing()
    await hand(town, does("script.turn_off", "script.slow"))
    assert town.deeds.messages == ["after"]
    assert town.registry.get("script.slow").text == "off"


async def test_toggle_starts_and_ends_a_script(town):
    town.load_scripts(slow=SLOW)
    await hand(town, does("script.toggle", "script.slow"))
    assert town.registry.get("script.slow").text == "on"
    await hand(town, does("script.toggle", "script.slow"))
    assert town.registry.get("script.slow").text == "off"


async def test_a_wait_for_the_end_of_a_started_script(town):
    """The example of Home Assistant's documentation."""
    town.load_scripts(slow=SLOW)
    wait = {"wait_template": "{{ is_state('script.slow', 'off') }}"}
    await town.configure(
        rule(
            does("script.turn_on", "script.slow", variables={"n": 1}), {"delay": "1s"}, wait, say(2)
        )
    )
    await town.passing()
    await town.advance(11)
    assert town.deeds.messages == [1, 2]


async def test_a_script_that_starts_itself_without_end_is_bounded(town):
    again = does("script.turn_on", "script.again")
    town.load_scripts(again={"mode": "parallel", "max": 1000, "sequence": [say("x"), again]})
    await hand(town, does("script.turn_on", "script.again"))
    for _ in range(50):
        await town.settle()
    assert len(town.deeds.messages) == 10
    error = town.engine.traces.of("script.again")[-1].error
    assert error == "script.again: it starts itself: 10 times within 60 s"


async def test_a_script_that_starts_itself_now_and_then_is_not(town):
    again = does("script.turn_on", "script.again")
    town.load_scripts(again={"mode": "restart", "sequence": [say("x"), {"delay": "10s"}, again]})
    await hand(town, does("script.turn_on", "script.again"))
    await town.advance(600)
    assert len(town.deeds.messages) == 61


async def test_started_scripts_end_with_the_hub(town):
    town.load_scripts(slow=SLOW)
    await town.configure(
        durable(does("script.turn_on", "script.slow"), {"delay": "1h"}, say("end"))
    )
    await town.press()
    await town.restart()
    assert town.registry.get("script.slow").text == "off"
    await town.advance(3600)
    assert town.deeds.messages == ["end"]


async def test_what_a_durable_run_starts_and_does_not_wait_for_ends_with_the_hub(town):
    """It has no event of its own; a call of the script would go on."""
    town.load_scripts(slow=[{"delay": "1m"}, say("script")])
    start = {"action": "script.turn_on", "target": {"entity_id": "script.slow"}}
    trigger = {"action": "automation.trigger", "target": {"entity_id": "automation.b"}}
    await town.configure(
        durable(start, trigger, {"delay": "1m"}, say("run")),
        rule({"delay": "1m"}, say("automation"), id="b"),
    )
    await town.press()
    await town.restart()
    await town.advance(120)
    assert town.deeds.messages == ["run"]
