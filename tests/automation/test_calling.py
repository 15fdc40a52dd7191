"""Calls that would wait for each other for ever. Home Assistant lets them."""

from __future__ import annotations

import pytest

from tests.automation.rules import durable, rule, say


def call(name, *, on=True, **more):
    """`on`: whether the script is to call the next one."""
    return {"action": f"script.{name}", "data": {"on": on}, **more}


def queued(*steps):
    return {"fields": {"on": {}}, "sequence": list(steps), "mode": "queued"}


def then(name):
    """Call another script, where the caller wants it."""
    return {"if": "{{ on }}", "then": call(name, on=False)}


def gate(number, *actions, mark="gate.passed"):
    """A rule of its own for each lane."""
    trigger = {"trigger": "event", "event_type": mark}
    condition = f"{{{{ trigger.event.lanes == [{number}] }}}}"
    return rule(*actions, id=f"r{number}", triggers=trigger, conditions=[condition])


def run_of(town, number):
    return [trace for trace in town.engine.automations[f"r{number}"].traces if trace.began][-1]


def end_of(town, number):
    trace = run_of(town, number)
    return trace.state, trace.error


async def pass_by(town, *lanes):
    for lane in lanes:
        await town.passing(lanes=[lane])
    await town.advance(60)


WAIT = {"delay": "10s"}


async def test_two_scripts_that_call_each_other_from_two_runs_do_not_wait_for_ever(town):
    """A deviation: Home Assistant lets both wait."""
    town.load_scripts(a=queued(WAIT, then("b"), say("a")), b=queued(WAIT, then("a"), say("b")))
    await town.configure(
        gate(1, call("a"), say("one")), gate(2, {"delay": "1s"}, call("b"), say("two"))
    )
    await pass_by(town, 1, 2)
    why = "it would never be its turn: script.a waits for script.b, which waits for script.a"
    assert end_of(town, 2) == ("failed", why)
    assert [step.path for step in run_of(town, 2).steps if step.error == why][-1] == (
        "1/script.b/1/then/0"
    )
    assert end_of(town, 1) == ("finished", None)
    assert town.deeds.messages == ["b", "a", "one"]
    assert town.registry.get("script.a").text == town.registry.get("script.b").text == "off"


async def test_a_circle_of_three_runs_is_seen(town):
    town.load_scripts(
        a=queued(WAIT, then("b"), say("a")),
        b=queued({"delay": "11s"}, then("c"), say("b")),
        c=queued({"delay": "12s"}, then("a"), say("c")),
    )
    await town.configure(*(gate(number + 1, call(name)) for number, name in enumerate("abc")))
    await pass_by(town, 1, 2, 3)
    assert [end_of(town, number)[0] for number in (1, 2, 3)] == ["finished", "finished", "failed"]
    assert run_of(town, 3).error == (
        "it would never be its turn: script.a waits for script.b, which waits for script.c, "
        "which waits for script.a"
    )
    assert town.engine.runs == []


async def test_a_call_in_a_branch_that_ends_by_itself_is_no_circle(town):
    """One branch of the first run holds `a`, another waits for `b`: `a` ends all the same."""
    town.load_scripts(a=queued({"delay": "30s"}), b=queued(WAIT, then("a")))
    both = {"parallel": [call("a"), {"sequence": [{"delay": "1s"}, call("b")]}]}
    await town.configure(gate(1, both, say("one")), gate(2, call("b"), say("two")))
    await town.passing(lanes=[2])
    await town.passing(lanes=[1])
    for _ in range(5):
        await town.advance(60)
    assert end_of(town, 1) == end_of(town, 2) == ("finished", None)


async def test_calls_in_a_line_are_no_circle_and_each_has_its_turn(town):
    town.load_scripts(a=queued(WAIT, then("b"), say("a")), b=queued(WAIT, say("b")))
    rules = [gate(number, call("a" if number % 2 else "b")) for number in range(1, 7)]
    await town.configure(*rules)
    await pass_by(town, *range(1, 7))
    await town.advance(300)
    assert [end_of(town, number) for number in range(1, 7)] == [("finished", None)] * 6
    assert len(town.deeds.messages) == 9


async def test_a_script_of_the_mode_restart_ends_the_call_that_waits_for_its_caller(town):
    restart = {**queued(WAIT, then("b"), say("a")), "mode": "restart"}
    town.load_scripts(a=restart, b=queued({"delay": "12s"}, then("a"), say("b")))
    await town.configure(gate(1, call("a"), say("one")), gate(2, call("b"), say("two")))
    await pass_by(town, 1, 2)
    assert town.deeds.messages == ["one", "a", "b", "two"]


@pytest.mark.parametrize("crash", [False, True])
async def test_a_durable_run_fails_by_the_circle_and_stays_failed(town, crash):
    town.load_scripts(
        a=queued(WAIT, then("b")),
        b=queued({"delay": "11s"}, then("a")),
    )
    may = {"continue_on_error": True}
    first = durable(call("a", **may), say("one"))
    second = durable(call("b", **may), {"delay": "1h"}, say("two"), id="z")
    await town.configure(first, second)
    await town.press()
    await town.advance(20)
    if crash:
        await town.restart()
    errors = [step.error for step in town.trace("z").steps if step.error]
    assert ("never be its turn" in errors[-1]) if not crash else True
    await town.advance(3700)
    assert town.deeds.messages == ["one", "two"]
