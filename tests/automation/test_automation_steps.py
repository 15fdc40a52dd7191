"""Steps: action, delay, choose, if, sequence, variables, stop, condition."""

from __future__ import annotations

import pytest


def say(text, **more):
    return {"action": "notify.send", "data": {"message": text}, **more}


def rule(*actions, **more):
    return {
        "id": "a",
        "triggers": {"trigger": "event", "event_type": "gate.passed"},
        "actions": list(actions),
        **more,
    }


async def ran(town, *actions, **more):
    await town.configure(rule(*actions, **more))
    await town.passing()
    return town.deeds.messages


async def test_data_is_rendered_and_keeps_its_types(town):
    data = {
        "message": "{{ trigger.event.plate }}",
        "number": "{{ 40 + 2 }}",
        "many": ["{{ [1, 2] }}", {"deep": "a{{ 1 }}"}],
        "plain": 5,
    }
    await ran(town, {"action": "notify.send", "data": data})
    assert town.deeds.done[0][1] == {
        "message": "AA0123BB",
        "number": 42,
        "many": [[1, 2], {"deep": "a1"}],
        "plain": 5,
    }


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"entity_id": "camera.school"}, ["camera.school"]),
        ({"entity_id": "{{ ['camera.school', 'camera.lost'] }}"}, ["camera.school", "camera.lost"]),
        ({"area_id": "market"}, ["camera.market_north", "camera.market_south"]),
        (
            {"area_id": ["school", "market"]},
            ["camera.market_north", "camera.market_south", "camera.school"],
        ),
        ({"area_id": "{{ trigger.area_id }}"}, ["camera.school"]),
        (
            {"near": {"entity_id": "event.kiosk", "within": "200m"}},
            ["camera.market_north", "camera.market_south"],
        ),
        (
            {"near": {"entity_id": "event.kiosk", "within": "15m"}},
            ["camera.market_north"],
        ),
        (
            {"near": {"entity_id": "event.kiosk", "within": "5km"}},
            ["camera.market_north", "camera.market_south", "camera.school"],
        ),
        (
            {"entity_id": "camera.school", "area_id": "school"},
            ["camera.school"],
        ),
    ],
)
async def test_a_target_comes_to_entities(town, target, expected):
    await ran(town, {"action": "camera.record", "target": target})
    assert [list(call.targets) for _, _, call in town.deeds.done] == [expected]


async def test_a_target_without_entities_is_passed_over_and_the_run_goes_on(town):
    said = await ran(
        town,
        {"action": "camera.record", "target": {"area_id": "nowhere"}},
        say("on"),
    )
    assert said == ["on"]
    assert town.deeds.names == ["notify.send"]
    assert town.trace().steps[0].seen["passed_over"] == "there is nothing to act on"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({"entity_id": "camera.gone"}, "there is no entity 'camera.gone'"),
        ({"entity_id": "sensor.gate"}, "'sensor.gate' is no camera"),
        ({"area_id": "forest"}, "there is no area 'forest'"),
        (
            {"near": {"entity_id": "camera.gone", "within": "1m"}},
            "there is no entity 'camera.gone'",
        ),
        (
            {"near": {"entity_id": "event.nowhere", "within": "1m"}},
            "'event.nowhere' has no place, and neither has its area",
        ),
    ],
)
async def test_a_target_that_is_not_there_fails_the_run(town, target, why):
    assert await ran(town, {"action": "camera.record", "target": target}, say("never")) == []
    assert (town.trace().state, town.trace().error) == ("failed", why)


async def test_a_target_is_refused_by_an_action_that_takes_none(town):
    await ran(town, say("x", target={"area_id": "market"}))
    assert town.trace().error == "this action takes no target"


async def test_a_delay_waits(town):
    await town.configure(rule(say("1"), {"delay": "30s"}, say("2"), {"delay": {"minutes": 1}}))
    await town.passing()
    await town.advance(29)
    assert town.deeds.messages == ["1"]
    town.clock.jump(-3600)  # a clock that is set does not lengthen it
    await town.advance(1)
    assert town.deeds.messages == ["1", "2"]
    assert town.trace().state == "running"
    await town.advance(60)
    assert town.trace().state == "finished"
    assert [step.seconds for step in town.trace().steps] == [0, 30, 0, 60]


async def test_a_delay_may_be_a_template(town):
    await town.configure(rule({"delay": "{{ trigger.event.plate|length }}s"}, say("late")))
    await town.passing()
    await town.advance(7)
    assert town.deeds.messages == []
    await town.advance(1)
    assert town.deeds.messages == ["late"]


async def test_a_delay_whose_template_gives_no_duration_fails(town):
    await ran(town, {"delay": "{{ '5' }}"})
    assert town.trace().error.startswith("a duration needs a unit")


@pytest.mark.parametrize(("plate", "said"), [("AA1", "first"), ("BB1", "second"), ("CC1", "none")])
async def test_choose_takes_the_first_option_that_passes(town, plate, said):
    def option(start, text):
        return {
            "conditions": f"{{{{ trigger.event.plate[:2] == '{start}' }}}}",
            "sequence": say(text),
        }

    await town.configure(
        rule(
            {
                "choose": [option("AA", "first"), option("BB", "second"), option("AA", "third")],
                "default": say("none"),
            },
            say("after"),
        )
    )
    await town.passing(plate=plate)
    assert town.deeds.messages == [said, "after"]


async def test_choose_notes_what_the_conditions_of_the_options_saw_and_no_more_than_some(town):
    await town.state("binary_sensor.door", True)
    door = {"condition": "state", "entity_id": "binary_sensor.door", "state": "off"}
    never = {"conditions": door, "sequence": say("no")}
    off = {**never, "enabled": False}
    await ran(town, {"choose": [off, never, {"conditions": "{{ 3 }}", "sequence": say("yes")}]})
    saw = {"condition": "state", "passed": False, "seen": {"binary_sensor.door": "on"}}
    gave = {"condition": "template", "passed": True, "seen": {"gave": "3"}}
    assert town.trace().steps[0].seen == {
        "option": 2,
        "options": [
            {"option": 1, "passed": False, "conditions": [saw]},
            {"option": 2, "passed": True, "conditions": [gave]},
        ],
    }
    await ran(town, {"choose": [never] * 300})
    options = town.trace().steps[0].seen["options"]
    assert [one["option"] for one in options] == list(range(280, 300))


async def test_choose_without_a_default_may_do_nothing(town):
    choose = {"choose": {"conditions": "{{ false }}", "sequence": say("no")}}
    assert await ran(town, choose, say("after")) == ["after"]


@pytest.mark.parametrize(("value", "said"), [("true", ["then"]), ("false", ["else"])])
async def test_if_runs_one_of_two(town, value, said):
    step = {"if": f"{{{{ {value} }}}}", "then": [say("then")], "else": say("else")}
    assert await ran(town, step) == said


async def test_if_without_else_may_do_nothing(town):
    assert await ran(town, {"if": "{{ false }}", "then": say("then")}, say("after")) == ["after"]


async def test_variables_see_those_before_them_and_last_to_the_end_of_the_run(town):
    said = await ran(
        town,
        {"variables": {"one": "{{ top + 1 }}", "two": "{{ one + 1 }}"}},
        {"if": "{{ true }}", "then": [{"variables": {"two": 20, "three": 3}}]},
        say("{{ [one, two, three] }}"),
        variables={"top": 0},
    )
    assert said == [[1, 20, 3]]


async def test_an_answer_is_kept_in_the_response_variable(town):
    said = await ran(
        town,
        {"action": "notify.send", "data": {"answer": {"a": [5]}}, "response_variable": "got"},
        say("{{ got.a[0] }}"),
    )
    assert said[-1] == 5


async def test_an_answer_with_an_incident_names_the_incident_of_the_steps_after_it(town):
    await ran(town, say("before"), {"action": "incident.open"}, say("after"))
    assert [call.incident for _, _, call in town.deeds.done] == [None, None, 7]
    assert town.trace().incident == 7


async def test_stop_ends_the_run(town):
    said = await ran(town, {"sequence": [say("1"), {"stop": "за{{ 'досить' }}"}]}, say("2"))
    assert said == ["1"]
    assert (town.trace().state, town.trace().error) == ("finished", "задосить")


async def test_stop_with_error_fails_the_run(town):
    await ran(town, {"stop": "bad", "error": True})
    assert (town.trace().state, town.trace().error) == ("failed", "bad")


async def test_a_false_condition_among_the_steps_ends_its_list_only(town):
    said = await ran(
        town,
        {"sequence": [say("1"), "{{ false }}", say("2")]},
        say("3"),
        {"condition": "template", "value_template": "{{ false }}"},
        say("4"),
    )
    assert said == ["1", "3"]
    assert town.trace().state == "finished"


@pytest.mark.parametrize("condition", ["{{ nobody }}", {"or": ["{{ false }}", "{{ nobody }}"]}])
async def test_a_condition_among_the_steps_that_cannot_tell_fails_its_step(town, condition):
    assert await ran(town, say("before"), condition, say("never")) == ["before"]
    why = "template: 'nobody' is undefined"
    assert (town.trace().state, town.trace().error) == ("failed", why)
    assert town.trace().steps[1].error == why


async def test_a_step_that_is_not_enabled_is_left_out(town):
    assert await ran(town, say("1", enabled=False), {"stop": "x", "enabled": False}, say("2")) == [
        "2"
    ]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"action": "broken.fail"}, "it is broken"),
        ({"action": "no.such"}, "there is no action 'no.such' now"),
        (say("{{ nobody }}"), "template: 'nobody' is undefined"),
        ({"variables": {"x": "{{ 1 / 0 }}"}}, "template: ZeroDivisionError: division by zero"),
        ({"if": "{{ nobody }}", "then": []}, "template: 'nobody' is undefined"),
        ({"stop": "{{ nobody }}"}, "template: 'nobody' is undefined"),
    ],
)
async def test_a_step_that_fails_ends_the_run_unless_it_may_go_on(town, step, why):
    await town.configure(
        rule(step, say("a")), {**rule({**step, "continue_on_error": True}, say("b")), "id": "b"}
    )
    await town.passing()
    assert town.deeds.messages == ["b"]
    assert (town.trace().state, town.trace().error) == ("failed", why)
    assert town.trace("b").state == "finished"
    assert town.trace("b").steps[0].error == why


async def test_an_action_that_takes_too_long_is_cut_off(town):
    await town.configure(rule({"action": "slow.work", "data": {"seconds": 100}}))
    await town.passing()
    await town.advance(61)
    assert town.trace().error == "slow.work: took longer than 60 s"


async def test_the_trace_of_a_run_can_be_read_and_written_as_json(town):
    import json

    await ran(town, {"variables": {"at": "{{ now() }}"}}, {"if": ["{{ true }}"], "then": say("x")})
    plain = town.trace().plain()
    assert json.loads(json.dumps(plain)) == plain
    assert [(step["path"], step["kind"]) for step in plain["steps"]] == [
        ("0", "variables"),
        ("1", "if"),
        ("1/then/0", "action"),
    ]
    assert plain["steps"][2]["seen"]["data"] == {"message": "x"}


async def test_twenty_traces_are_kept(town):
    await town.configure(rule(say("x"), mode="parallel"))
    for _ in range(25):
        await town.passing()
    assert len(town.engine.automations["a"].traces) == 20
