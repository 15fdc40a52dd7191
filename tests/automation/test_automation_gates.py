"""Cooldown, interlock, rate limit and loops: what holds a run back, and how it is told."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hub.automation.model import AutomationConfig
from hub.model.core_events import AutomationLimited, AutomationRefused, AutomationTriggered
from hub.model.event import Event
from tests.automation.town import Town

PASSED = {"trigger": "event", "event_type": "gate.passed"}
SEND = {"action": "notify.send", "data": {"message": "{{ trigger.event.plate }}"}}


def heard(town: Town, kind: type[Event]) -> list[Event]:
    found: list[Event] = []
    town.bus.subscribe(kind.type, found.append, owner="test")
    return found


def rule(**more: object) -> dict[str, object]:
    return {"id": "a", "triggers": [PASSED], "actions": [SEND], "mode": "parallel", **more}


async def test_a_run_that_begins_is_told_on_the_bus_with_what_caused_it(town: Town) -> None:
    await town.configure(rule())
    told = heard(town, AutomationTriggered)
    passing = await town.passing()
    assert [(event.automation, event.cause) for event in told] == [("a", passing.id)]
    assert told[0].run == town.trace().run


# cooldown


async def test_an_automation_keeps_still_for_its_cooldown_and_says_so(town: Town) -> None:
    await town.configure(rule(cooldown="5m"))
    refused = heard(town, AutomationRefused)
    await town.passing(plate="one")
    await town.advance(299)
    await town.passing(plate="two")
    assert town.deeds.messages == ["one"]
    assert town.trace().state == "refused"
    assert town.trace().error == "its cooldown lasts 1 s more"
    assert [event.why for event in refused] == ["its cooldown lasts 1 s more"]
    await town.advance(1)
    await town.passing(plate="three")
    assert town.deeds.messages == ["one", "three"]


async def test_a_cooldown_by_plate_keeps_each_plate_apart(town: Town) -> None:
    await town.configure(rule(cooldown={"for": "5m", "by": "{{ trigger.event.plate }}"}))
    for plate in ("one", "two", "one", "two", "three"):
        await town.passing(plate=plate)
    assert town.deeds.messages == ["one", "two", "three"]


async def test_a_clock_that_is_set_does_not_change_a_cooldown(town: Town) -> None:
    await town.configure(rule(cooldown="5m"))
    await town.passing(plate="one")
    town.clock.jump(3600)
    await town.passing(plate="two")
    assert town.deeds.messages == ["one"]


async def test_a_run_that_the_mode_refused_starts_no_cooldown(town: Town) -> None:
    await town.configure(rule(cooldown="5s", mode="single", actions=[{"delay": "10s"}, SEND]))
    await town.passing(plate="one")
    await town.advance(6)
    await town.passing(plate="refused by the mode")
    await town.advance(4)
    await town.passing(plate="two")
    await town.advance(10)
    assert town.deeds.messages == ["one", "two"]


async def test_a_cooldown_whose_template_fails_refuses_with_the_reason(town: Town) -> None:
    await town.configure(rule(cooldown={"for": "5m", "by": "{{ trigger.event.nothing }}"}))
    await town.passing()
    assert town.deeds.messages == []
    assert town.trace().state == "failed"
    assert "nothing" in (town.trace().error or "")


# interlock

TWO = {
    "requires": {"signals": 2, "within": "30s"},
    "triggers": [{"trigger": "state", "entity_id": ["binary_sensor.door", "sensor.gate"]}, PASSED],
    "actions": [{"action": "notify.send", "data": {"message": "both"}}],
}


async def test_one_weak_signal_is_not_enough_and_two_different_ones_are(town: Town) -> None:
    await town.configure(rule(**TWO))
    refused = heard(town, AutomationRefused)
    await town.state("binary_sensor.door", True)
    assert town.deeds.messages == []
    assert town.trace().error == "it waits for another signal: 1 of 2 so far"
    await town.state("sensor.gate", 5)
    assert town.deeds.messages == ["both"]
    assert refused == []  # waiting for another signal is no refusal


async def test_the_same_signal_twice_counts_once(town: Town) -> None:
    await town.configure(rule(**TWO))
    await town.state("binary_sensor.door", True)
    await town.state("binary_sensor.door", False)
    await town.state("binary_sensor.door", True)
    assert town.deeds.messages == []


async def test_signals_that_are_too_far_apart_do_not_count_together(town: Town) -> None:
    await town.configure(rule(**TWO))
    await town.state("binary_sensor.door", True)
    await town.advance(31)
    await town.state("sensor.gate", 5)
    assert town.deeds.messages == []
    await town.advance(29)
    await town.state("binary_sensor.door", False)
    assert town.deeds.messages == ["both"]


async def test_signals_that_did_their_work_do_not_count_again(town: Town) -> None:
    await town.configure(rule(**TWO))
    await town.state("binary_sensor.door", True)
    await town.state("sensor.gate", 5)
    await town.state("sensor.gate", 6)
    assert town.deeds.messages == ["both"]


# rate and loops


async def test_an_automation_runs_no_more_often_than_its_limit_and_that_is_told_once(
    town: Town,
) -> None:
    await town.configure(rule(rate_limit={"runs": 3, "per": "1m"}))
    limited = heard(town, AutomationLimited)
    for number in range(10):
        await town.passing(plate=str(number))
    assert town.deeds.messages == ["0", "1", "2"]
    assert [event.why for event in limited] == ["it ran 3 times within 60 s"]
    assert [trace.state for trace in town.engine.automations["a"].traces].count("refused") == 7
    await town.advance(61)
    await town.passing(plate="later")
    assert town.deeds.messages[-1] == "later"


async def test_an_automation_that_triggers_itself_is_stopped_and_the_others_go_on(
    town: Town,
) -> None:
    loop = rule(id="loop", actions=[{"event": "gate.passed", "event_data": {"plate": "again"}}])
    await town.configure(loop, rule())
    limited = heard(town, AutomationLimited)
    await town.passing(plate="first")
    assert [event.why for event in limited] == ["it triggers itself: 10 times within 60 s"]
    assert limited[0].automation == "loop"
    assert town.deeds.messages == ["first", *["again"] * 10]
    await town.advance(120)
    await town.passing(plate="later")
    assert "later" in town.deeds.messages


async def test_two_automations_that_trigger_each_other_are_stopped_too(town: Town) -> None:
    event = {"trigger": "event", "event_type": "ping"}
    other = {"trigger": "event", "event_type": "pong"}
    await town.configure(
        {"id": "a", "mode": "parallel", "triggers": [event], "actions": [{"event": "pong"}]},
        {
            "id": "b",
            "mode": "parallel",
            "triggers": [other, PASSED],
            "actions": [{"event": "ping"}],
        },
    )
    limited = heard(town, AutomationLimited)
    await town.passing()
    assert len(limited) == 1


async def test_an_automation_that_repeats_itself_slowly_is_no_loop(town: Town) -> None:
    slow = rule(actions=[{"delay": "10s"}, SEND, {"event": "gate.passed", "event_data": {}}])
    slow["actions"][1] = {"action": "notify.send", "data": {"message": "tick"}}  # type: ignore[index]
    await town.configure(slow)
    limited = heard(town, AutomationLimited)
    await town.passing()
    await town.advance(600)
    assert limited == []
    assert len(town.deeds.messages) == 60


@pytest.mark.parametrize("mode", ["single", "parallel"])
async def test_automations_that_listen_to_refusals_and_triggers_do_not_go_round(
    town: Town, mode: str
) -> None:
    kinds = ["automation.refused", "automation.triggered", "automation.limited"]
    any_of_them = {"trigger": "event", "event_type": kinds}
    work = [{"delay": "1s"}]
    both = [
        {"id": name, "mode": mode, "triggers": [any_of_them, PASSED], "actions": work}
        for name in ("a", "b")
    ]
    await town.configure(*both)
    refused = heard(town, AutomationRefused)
    await town.passing()
    await town.advance(5)
    assert len(refused) < 60
    assert town.engine.runs == []


def test_a_limit_of_a_thousand_runs_a_minute_holds_where_nothing_is_said() -> None:
    config = AutomationConfig.model_validate(rule())
    assert (config.rate_limit.runs, config.rate_limit.per.total_seconds()) == (1_000, 60)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cooldown": 5},
        {"cooldown": {"by": "{{ 1 }}"}},
        {"requires": {"signals": 1, "within": "30s"}},
        {"requires": {"signals": 2}},
        {"rate_limit": {"runs": 0}},
    ],
)
def test_a_gate_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AutomationConfig.model_validate(rule(**wrong))
