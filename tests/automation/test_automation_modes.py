"""Modes: what happens when an automation is triggered while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.automation.modes import admit
from hub.model.core_events import AutomationRefused
from tests.automation.town import Pressed


def rule(mode, *, event="gate.passed", **more):
    return {
        "id": "a",
        "triggers": {"trigger": "event", "event_type": event},
        "actions": [
            {"action": "notify.send", "data": {"message": "begin {{ trigger.event.n }}"}},
            {"delay": "10s"},
            {"action": "notify.send", "data": {"message": "end {{ trigger.event.n }}"}},
        ],
        "mode": mode,
        **more,
    }


async def thrice(town, **config):
    """Three events, a second apart; what was begun and ended within a minute."""
    refused: list[Any] = []
    town.bus.subscribe(AutomationRefused.type, refused.append, owner="test")
    rule_ = rule(**config)
    rule_["actions"] = [_numbered(step) for step in rule_["actions"]]
    await town.configure(rule_)
    for number in (1, 2, 3):
        await town.passing(plate=str(number))
        await town.advance(1)
    await town.advance(60)
    return town.deeds.messages, refused


def _numbered(step):
    if "data" not in step:
        return step
    message = step["data"]["message"].replace("trigger.event.n", "trigger.event.plate")
    return {**step, "data": {"message": message}}


async def test_single_refuses_while_it_runs(town):
    said, refused = await thrice(town, mode="single")
    assert said == ["begin 1", "end 1"]
    assert [(event.automation, event.why) for event in refused] == [
        ("a", "it runs already, and its mode is single")
    ] * 2
    assert refused[0].received_at is not None
    assert town.trace().state == "refused"


async def test_restart_ends_the_run_and_begins_anew(town):
    said, refused = await thrice(town, mode="restart")
    assert said == ["begin 1", "begin 2", "begin 3", "end 3"]
    assert refused == []
    states = [trace.state for trace in town.engine.automations["a"].traces]
    assert states == ["stopped", "stopped", "finished"]


async def test_queued_runs_one_after_the_other(town):
    said, refused = await thrice(town, mode="queued")
    assert said == ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"]
    assert refused == []


async def test_queued_refuses_beyond_its_max(town):
    said, refused = await thrice(town, mode="queued", max=2)
    assert said == ["begin 1", "end 1", "begin 2", "end 2"]
    assert len(refused) == 1


async def test_parallel_runs_side_by_side_up_to_its_max(town):
    said, refused = await thrice(town, mode="parallel", max=2)
    assert said == ["begin 1", "begin 2", "end 1", "end 2"]
    assert [event.why for event in refused] == ["2 runs are under way, and its mode allows 2"]


@pytest.mark.parametrize(("loud", "level"), [("silent", None), ("error", "ERROR")])
async def test_a_refusal_is_as_loud_as_asked(town, caplog, loud, level):
    await thrice(town, mode="single", max_exceeded=loud)
    levels = {record.levelname for record in caplog.records if "refused" in record.message}
    assert levels == ({level} if level else set())


async def test_a_durable_event_that_the_mode_refuses_is_not_claimed(town):
    await town.configure(rule("single", event="button.pressed", actions=[{"delay": "10s"}]))
    first = await town.press()
    await town.press()
    assert town.journal.claims == [(first.id, "a")]
    assert len(await town.rows()) == 1


async def test_a_durable_event_that_waits_in_line_is_claimed_at_once(town):
    await town.configure(rule("queued", event="button.pressed", actions=[{"delay": "10s"}]))
    first, second = await town.press(), await town.press()
    assert [event_id for event_id, _ in town.journal.claims] == [first.id, second.id]


async def test_a_durable_run_that_is_replaced_ends_as_stopped_and_is_told(town):
    await town.configure(rule("restart", event="button.pressed", actions=[{"delay": "10s"}]))
    first = await town.press()
    second = await town.press()
    assert town.journal.ends == [first.id]
    await town.advance(10)
    assert town.journal.ends == [first.id, second.id]
    assert sorted(row["state"] for row in await town.rows()) == ["finished", "stopped"]


async def test_a_run_that_is_replaced_before_its_first_turn_ends_too(town):
    await town.configure(rule("restart", event="button.pressed", actions=[{"delay": "10s"}]))
    first = town.publish(Pressed(source="event.kiosk"))
    second = town.publish(Pressed(source="event.kiosk"))
    await town.settle()
    assert town.journal.ends == [first.id]
    assert len(town.engine.runs) == 1
    await town.advance(10)
    assert town.journal.ends == [first.id, second.id]
    assert town.engine.runs == []


async def test_two_triggers_of_one_automation_make_one_run_of_a_durable_event(town):
    trigger = {"trigger": "event", "event_type": "button.pressed"}
    await town.configure(
        rule(
            "restart",
            triggers=[trigger, {**trigger, "area_id": "market"}],
            actions=[{"delay": "1s"}],
        )
    )
    await town.press()
    assert len(await town.rows()) == 1
    assert [trace.state for trace in town.engine.automations["a"].traces] == ["running"]


async def test_switching_off_ends_the_runs_and_lasts_over_a_restart(town):
    await town.configure(rule("single", event="button.pressed", actions=[{"delay": "10s"}]))
    event = await town.press()
    await town.engine.turn_off("a")
    await town.settle()
    assert town.journal.ends == [event.id]
    assert (await town.rows())[0]["error"] == "it was switched off"
    await town.restart()
    await town.press()
    assert len(await town.rows()) == 1
    await town.engine.turn_on("a")
    await town.press()
    assert len(await town.rows()) == 2


async def test_switching_an_unknown_automation_is_an_error(town):
    with pytest.raises(KeyError):
        await town.engine.turn_on("nobody")


async def test_an_automation_that_is_not_enabled_waits_for_an_operator(town):
    await town.configure(rule("single", enabled=False, actions=[{"stop": "x"}]))
    await town.passing()
    assert list(town.engine.automations["a"].traces) == []
    await town.engine.turn_on("a")
    await town.passing()
    assert town.trace().state == "finished"


async def test_a_new_configuration_leaves_what_says_the_same_alone(town):
    old = rule("single", actions=[{"delay": "10s"}, {"action": "notify.send", "data": {}}])
    await town.configure(old, {**old, "id": "b"}, {**old, "id": "c"})
    await town.passing()
    changed = {**old, "id": "b", "description": "anew"}
    same = town.engine.automations["a"]
    await town.configure(old, changed)
    assert town.engine.automations["a"] is same
    assert len(town.engine.runs) == 3  # the changed and the removed one go on to their end
    await town.passing()  # refused by a, begun by b, unheard by c
    await town.advance(10)
    assert len(town.deeds.done) == 4
    assert town.engine.runs == []


@given(st.lists(st.sampled_from(["trigger", "end"]), max_size=40), st.integers(1, 5))
def test_no_mode_lets_more_run_than_it_says(story, most):
    for mode in ("single", "restart", "queued", "parallel"):
        for active, going in _live(story, mode, most):
            assert active <= (1 if mode in ("single", "restart") else most)
            assert going <= (most if mode == "parallel" else 1)


def _live(story, mode, most) -> Iterator[tuple[int, int]]:
    active = 0
    for happening in story:
        if happening == "end":
            active = max(0, active - 1)
            continue
        admission = admit(mode, most, active)
        if admission.refused is None:
            active = (0 if admission.replaces else active) + 1
            assert admission.waits == (
                mode in ("restart", "queued") and (active > 1 or admission.replaces)
            )
        yield active, min(active, 1) if mode == "queued" else active


async def test_an_alarm_whose_run_waits_for_its_turn_is_told_all_the_same(town):
    steps = [{"delay": "1m"}, {"action": "incident.open", "data": {}}]
    press = {"trigger": "event", "event_type": "button.pressed"}
    await town.configure({"id": "a", "mode": "queued", "triggers": [press], "actions": steps})
    first = await town.press()
    second = await town.press()
    await town.advance(4)
    assert town.journal.ends == []
    await town.advance(1)
    assert town.journal.ends == [second.id]
    await town.advance(120)
    assert town.deeds.names == ["incident.open", "incident.open"]
    assert town.journal.ends == [second.id, first.id, second.id]
