"""Step `parallel`, as Home Assistant documents it, and over a crash."""

from __future__ import annotations

import asyncio

import pytest

from tests.automation.rules import durable, ran, rule, say, state_of


def row(*steps):
    return {"sequence": list(steps)}


def slow(text, seconds):
    return row({"delay": f"{seconds}s"}, say(text))


async def test_branches_go_on_beside_each_other_and_the_run_waits_for_all(town):
    await town.configure(rule({"parallel": [slow("b", 20), slow("a", 10)]}, say("after")))
    await town.passing()
    await town.advance(10)
    assert town.deeds.messages == ["a"]
    await town.advance(10)
    assert town.deeds.messages == ["a", "b", "after"]


async def test_a_branch_may_be_a_step_a_sequence_or_a_list(town):
    said = await ran(town, {"parallel": [say("1"), row(say("2")), [say("3"), say("4")]]})
    assert sorted(said) == ["1", "2", "3", "4"]
    assert await ran(town, {"parallel": say("alone")}) == [*said, "alone"]


async def test_a_failure_ends_its_branch_alone_and_fails_the_run_when_all_have_ended(town):
    broken = row({"action": "broken.fail"}, say("never"))
    await town.configure(rule({"parallel": [slow("on", 10), broken]}, say("after")))
    await town.passing()
    assert state_of(town) == ("running", None)
    await town.advance(10)
    assert town.deeds.messages == ["on"]
    assert state_of(town) == ("failed", "it is broken")


async def test_of_several_failures_the_first_in_the_list_counts(town):
    late = row({"delay": "10s"}, {"action": "no.such"})
    await town.configure(rule({"parallel": [late, {"action": "broken.fail"}]}))
    await town.passing()
    await town.advance(10)
    assert state_of(town) == ("failed", "there is no action 'no.such' now")


async def test_the_run_goes_on_after_a_failure_where_it_may(town):
    step = {"parallel": [{"action": "broken.fail"}, say("on")], "continue_on_error": True}
    assert await ran(town, step, say("after")) == ["on", "after"]


async def test_a_false_condition_ends_its_branch_alone(town):
    said = await ran(town, {"parallel": [row("{{ false }}", say("no")), say("on")]}, say("after"))
    assert said == ["on", "after"]
    assert await ran(town, {"parallel": ["{{ false }}", say("on")]}, say("after")) == said * 2


async def test_stop_in_a_branch_ends_the_run_when_the_others_have_ended(town):
    await town.configure(rule({"parallel": [{"stop": "done"}, slow("on", 10)]}, say("after")))
    await town.passing()
    await town.advance(10)
    assert town.deeds.messages == ["on"]
    assert state_of(town) == ("finished", "done")


async def test_branches_see_what_was_set_before_and_the_steps_after_see_what_they_set(town):
    """Branches do not see each other's variables while they run, unlike in Home Assistant."""
    branches = [
        row({"variables": {"x": "{{ x + 1 }}", "a": 1}}, {"delay": "5s"}, say("{{ [x, a] }}")),
        row({"delay": "1s"}, say("{{ [x, a is defined] }}"), {"variables": {"y": 5}}),
        say("{{ y }}"),
    ]
    step = {"variables": {"x": 0, "y": 0}}
    await town.configure(rule(step, {"parallel": branches}, say("{{ [x, y, a] }}")))
    await town.passing()
    await town.advance(5)
    assert town.deeds.messages == [0, [0, False], [1, 1], [1, 5, 1]]


async def test_the_later_branch_wins_where_two_set_the_same(town):
    branches = [row({"delay": "5s"}, {"variables": {"x": 1}}), {"variables": {"x": 2}}]
    await town.configure(rule({"parallel": branches}, say("{{ x }}")))
    await town.passing()
    await town.advance(5)
    assert town.deeds.messages == [2]


async def test_each_branch_has_a_wait_of_its_own(town):
    wait = {"wait_template": "{{ false }}"}
    branches = [
        row({**wait, "timeout": "5s"}, {"delay": "10s"}, say("{{ wait.completed }}")),
        row({"wait_template": "{{ true }}"}, {"delay": "9s"}, say("{{ wait.completed }}")),
    ]
    await town.configure(rule({"parallel": branches}, say("{{ wait is defined }}")))
    await town.passing()
    await town.advance(20)
    assert town.deeds.messages == [True, False, False]


async def test_each_branch_has_an_incident_of_its_own(town):
    branches = [row({"action": "incident.open"}, {"delay": "1s"}, say("a")), slow("b", 2)]
    await town.configure(rule({"parallel": branches}, say("after")))
    await town.passing()
    await town.advance(2)
    calls = {data["message"]: call.incident for _, data, call in town.deeds.done if data}
    assert calls == {"a": 7, "b": None, "after": 7}


async def test_each_step_stands_in_the_trace_with_what_it_did(town):
    await town.configure(rule({"parallel": [slow("b", 2), say("x"), slow("a", 1)]}))
    await town.passing()
    await town.advance(2)
    steps = {step.path: step for step in town.trace().steps}
    assert set(steps) == {
        "0",
        "0/parallel/0",
        "0/parallel/0/sequence/0",
        "0/parallel/0/sequence/1",
        "0/parallel/1",
        "0/parallel/2",
        "0/parallel/2/sequence/0",
        "0/parallel/2/sequence/1",
    }
    for path, text in (("0/sequence/1", "b"), ("1", "x"), ("2/sequence/1", "a")):
        assert steps[f"0/parallel/{path}"].seen["data"] == {"message": text}
    assert [steps[f"0/parallel/{n}"].seconds for n in range(3)] == [2, 0, 1]


@pytest.mark.parametrize("seconds", [0, 15, 25])
async def test_each_branch_goes_on_where_it_stood_after_a_crash(town, seconds):
    branches = [
        row(say("a"), {"delay": "10s"}, {"variables": {"x": "{{ states('sensor.river') }}"}}),
        row(say("b"), {"delay": "20s"}, say("c"), {"delay": "10s"}, {"action": "broken.fail"}),
    ]
    step = {"parallel": branches, "continue_on_error": True}
    await town.configure(durable(step, say("{{ x }}")))
    await town.state("sensor.river", 5)
    await town.press()
    await town.advance(seconds)
    await town.restart()
    await town.advance(31)
    seen = "unknown" if seconds < 10 else "5"
    assert town.deeds.messages == ["a", "b", "c", seen]
    assert town.deeds.names.count("broken.fail") == 1
    assert state_of(town) == ("finished", None)


async def test_a_run_that_is_stopped_ends_all_its_branches(town):
    await town.configure(durable({"parallel": [slow("a", 5), slow("b", 6)]}))
    await town.press()
    await town.engine.turn_off("a")
    await town.settle()
    assert state_of(town) == ("stopped", "it was switched off")
    await town.advance(10)
    assert town.deeds.messages == []
    names = [getattr(task.get_coro(), "__name__", "") for task in asyncio.all_tasks()]
    assert "_branch" not in names
