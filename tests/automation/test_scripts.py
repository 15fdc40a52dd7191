"""Scripts: called by automations and each other, by Home Assistant's documentation."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hub.automation.script_model import ScriptConfig
from hub.model.core_events import AutomationRefused
from tests.automation.rules import durable, ran, rule, say, state_of

TELL = {
    "fields": {"text": {"required": True}, "loud": {"default": False}, "whom": None},
    "variables": {"shown": "{{ text | upper }}"},
    "sequence": [say("{{ [shown, loud, whom is defined] }}")],
}


def call(name, response=None, **data):
    step = {"action": f"script.{name}", "data": data}
    return {**step, "response_variable": response} if response else step


async def test_a_script_gets_its_fields_and_nothing_else_of_its_caller(town):
    town.load_scripts(tell=TELL, look=[say("{{ [x is defined, trigger is defined] }}")])
    said = await ran(
        town, {"variables": {"x": 1}}, call("tell", text="hey", loud=True), call("look")
    )
    assert said == [["HEY", True, False], [False, False]]


async def test_a_field_that_is_not_given_has_its_default(town):
    town.load_scripts(tell=TELL)
    assert await ran(town, call("tell", text="{{ trigger.event.plate }}")) == [
        ["AA0123BB", False, False]
    ]


async def test_a_field_that_is_given_wins_over_a_variable(town):
    script = {
        "fields": {"a": {}},
        "variables": {"a": 1, "b": "{{ a + 1 }}"},
        "sequence": say("{{ [a, b] }}"),
    }
    town.load_scripts(s=script)
    assert await ran(town, call("s"), call("s", a=5)) == [[1, 2], [5, 6]]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({}, "script.tell: the field 'text' is missing"),
        (
            {"text": "x", "lod": 1},
            "script.tell: there is no field 'lod': it has text, loud, whom",
        ),
    ],
)
async def test_a_call_that_does_not_fit_the_fields_fails(town, data, why):
    town.load_scripts(tell=TELL)
    await ran(town, call("tell", **data))
    assert state_of(town) == ("failed", why)


async def test_a_script_that_is_not_there_fails_the_caller(town):
    await ran(town, call("nobody"))
    assert state_of(town) == ("failed", "there is no script 'nobody'")


async def test_the_caller_waits_for_the_end_and_a_script_is_on_while_it_runs(town):
    town.load_scripts(slow=[{"delay": "10s"}, say("in")])
    await town.configure(rule(call("slow"), say("after")))
    await town.passing()
    assert town.registry.get("script.slow").text == "on"
    await town.advance(10)
    assert town.deeds.messages == ["in", "after"]
    assert town.registry.get("script.slow").text == "off"


async def test_a_script_may_take_longer_than_an_action(town):
    town.load_scripts(slow=[{"delay": "1h"}, say("in")])
    await ran(town, call("slow"))
    await town.advance(3600)
    assert town.deeds.messages == ["in"]


async def test_stop_ends_the_script_alone_and_gives_its_answer(town):
    answer = [
        {"variables": {"found": {"n": 5}}},
        {"sequence": [{"stop": "found it", "response_variable": "found"}]},
        say("never"),
    ]
    town.load_scripts(answer=answer, silent=[{"stop": None}])
    said = await ran(
        town, call("answer", "got"), say("{{ got.n }}"), call("silent", "got"), say("{{ got }}")
    )
    assert said == [5, None]
    assert state_of(town) == ("finished", None)


async def test_an_answer_that_is_not_set_fails(town):
    town.load_scripts(answer=[{"stop": "x", "response_variable": "nobody"}])
    await ran(town, call("answer", "got"))
    assert state_of(town) == ("failed", "the variable 'nobody' is not set")


async def test_stop_with_an_error_fails_the_caller_unless_it_may_go_on(town):
    town.load_scripts(bad=[{"stop": "no way", "error": True}])
    assert await ran(town, call("bad"), say("after")) == []
    assert state_of(town) == ("failed", "no way")
    step = {**call("bad"), "continue_on_error": True}
    assert await ran(town, step, say("after")) == ["after"]


async def test_a_failure_in_a_script_fails_the_caller(town):
    town.load_scripts(bad=[{"action": "broken.fail"}])
    await ran(town, call("bad"), say("after"))
    assert state_of(town) == ("failed", "it is broken")


async def test_an_incident_that_a_script_opens_is_the_callers(town):
    town.load_scripts(open=[{"action": "incident.open"}])
    await ran(town, call("open"), say("x"))
    assert town.deeds.done[-1][2].incident == 7


async def test_the_steps_of_a_script_stand_in_its_callers_trace(town):
    town.load_scripts(inner=[say("x")], outer=[call("inner")])
    await ran(town, call("outer"))
    assert [step.path for step in town.trace().steps] == [
        "0",
        "0/script.outer/0",
        "0/script.outer/0/script.inner/0",
    ]


SLOW = {"fields": {"n": {}}, "sequence": [say("in {{ n }}"), {"delay": "10s"}, say("out {{ n }}")]}


async def calls(town, mode, most=10):
    """Two automations' calls of one script, a second apart; what was said within a minute."""
    refused = []
    town.bus.subscribe(AutomationRefused.type, refused.append, owner="test")
    town.load_scripts(slow={**SLOW, "mode": mode, "max": most})
    steps = [call("slow", n="{{ trigger.event.plate }}"), say("after {{ trigger.event.plate }}")]
    await town.configure(rule(*steps, mode="parallel"))
    for number in (1, 2):
        await town.passing(plate=str(number))
        await town.advance(1)
    await town.advance(60)
    return town.deeds.messages, [event.why for event in refused]


async def test_single_refuses_a_second_call_and_its_caller_goes_on(town):
    said, refused = await calls(town, "single")
    assert said == ["in 1", "after 2", "out 1", "after 1"]
    assert refused == ["it runs already, and its mode is single"]


async def test_restart_ends_the_first_call_and_its_caller_goes_on(town):
    said, refused = await calls(town, "restart")
    assert (said, refused) == (["in 1", "after 1", "in 2", "out 2", "after 2"], [])


async def test_queued_lets_a_second_call_wait(town):
    said, refused = await calls(town, "queued")
    assert (said, refused) == (["in 1", "out 1", "after 1", "in 2", "out 2", "after 2"], [])


async def test_parallel_lets_calls_go_on_side_by_side_up_to_its_max(town):
    said, refused = await calls(town, "parallel")
    assert said == ["in 1", "in 2", "out 1", "after 1", "out 2", "after 2"]
    said, refused = await calls(town, "parallel", 1)
    assert refused == ["1 runs are under way, and its mode allows 1"]


@pytest.mark.parametrize("mode", ["single", "restart", "queued"])
async def test_a_script_that_calls_itself_would_wait_for_itself_and_fails(town, mode):
    town.load_scripts(a={"sequence": call("b"), "mode": mode}, b=[call("a")])
    await ran(town, call("a"))
    why = "script.a calls script.b calls script.a, which runs already: "
    assert state_of(town) == ("failed", why + "only one of the mode parallel may call itself")


async def test_scripts_call_each_other_ten_deep_and_no_deeper(town):
    deeper = {"if": "{{ n > 1 }}", "then": call("down", n="{{ n - 1 }}"), "else": say("bottom")}
    town.load_scripts(down={"fields": {"n": {}}, "sequence": deeper, "mode": "parallel"})
    assert await ran(town, call("down", n=10)) == ["bottom"]
    await ran(town, call("down", n=11))
    assert town.trace().error.startswith("scripts call each other deeper than 10: script.down → ")


async def test_a_script_goes_on_after_a_crash_as_a_part_of_its_run(town):
    town.load_scripts(
        inner={
            "fields": {"x": {}},
            "sequence": [say("{{ x }}"), {"delay": "10m"}, {"stop": "", "response_variable": "x"}],
        },
        outer=[
            say("outer"),
            call("inner", "got", x="{{ states('sensor.river') }}"),
            say("{{ got }}"),
        ],
    )
    await town.configure(durable(call("outer"), say("after")))
    await town.state("sensor.river", 5)
    await town.press()
    await town.advance(300)
    await town.restart()
    assert town.registry.get("script.inner").text == "on"
    await town.advance(299)
    assert town.deeds.messages == ["outer", "5"]
    await town.advance(1)
    assert town.deeds.messages == ["outer", "5", "5", "after"]
    assert (await town.rows())[0]["state"] == "finished"


async def test_a_script_that_has_changed_or_gone_meanwhile_goes_on_by_its_old_steps(town):
    town.load_scripts(one=[{"delay": "1m"}, say("one")], two=[{"delay": "2m"}, say("two")])
    await town.configure(durable({"parallel": [call("one"), call("two")]}))
    await town.press()
    town.load_scripts(one=[say("new")])
    await town.restart()
    await town.advance(120)
    assert town.deeds.messages == ["one", "two"]


async def test_a_call_that_has_ended_is_not_made_again_after_a_crash(town):
    town.load_scripts(s=[say("in"), {"stop": "", "response_variable": "this"}])
    await town.configure(durable(call("s", "got"), {"delay": "1m"}, say("{{ got.entity_id }}")))
    await town.press()
    memo = (await town.rows())[0]["memo"]
    assert sorted(memo) == ["", "0", "1"], "what a call decided on the way is forgotten"
    await town.restart()
    await town.advance(60)
    assert town.deeds.messages == ["in", "script.s"]


async def test_a_refusal_before_a_crash_is_one_after_it(town):
    town.load_scripts(s={"sequence": [{"delay": "1m"}, say("in")]})
    await town.configure(
        durable(call("s")), {**durable({"delay": "1s"}, call("s"), {"delay": "5m"}), "id": "b"}
    )
    await town.press()
    await town.advance(2)
    await town.restart()
    await town.advance(60)
    assert town.deeds.messages == ["in"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ({"sequence": []}, "List should have at least 1 item"),
        ({}, "Field required"),
        (
            {"sequence": say("x"), "fields": {"a b": {}}},
            "'a b' cannot be a variable: letters, digits and '_' only",
        ),
        (
            {"sequence": say("x"), "fields": {"a": {"default": "{{ 1 }}"}}},
            "a default is no template: set it under 'variables' of the script",
        ),
        (
            {"sequence": say("x"), "fields": {"a": {"selector": {"text": None}}}},
            "'selector' is for Home Assistant's pages, and means nothing here: delete it",
        ),
    ],
)
def test_what_is_wrong_with_a_script_is_said(script, message):
    with pytest.raises(ValidationError) as caught:
        ScriptConfig.model_validate(script)
    assert message in str(caught.value)


def test_a_script_can_be_written_down_and_read():
    script = ScriptConfig.model_validate(TELL)
    assert ScriptConfig.model_validate(script.plain()) == script
