"""What plugins, clocks and reloads may do to the engine: nothing stops it, no alarm is lost."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, ClassVar

import pytest
from sqlalchemy import update

from hub.automation.gates import chain
from hub.automation.tables import runs
from hub.model.action import Call
from hub.model.core_events import AutomationRefused
from hub.model.event import Event, OtherEvent, cause
from tests.automation.rules import durable, rule, say, state_of
from tests.automation.town import Deed, Pressed, Town


def a_press() -> Event:
    return Pressed(source="event.kiosk", area="market")


class Odd(Deed):
    """A plugin's action that ends in an odd way."""

    name: ClassVar[str] = "odd.end"
    repeat: ClassVar[Any] = "safe"

    async def run(self, hub: Any, call: Call) -> Any:
        if hub.late:
            await asyncio.sleep(0)
        raise hub.error


class OddWay:
    late = False
    error: BaseException = ValueError("odd")


class NoCoroutine(Deed):
    """A plugin's action whose author forgot `async`."""

    name: ClassVar[str] = "odd.plain"

    def run(self, hub: Any, call: Call) -> Any:  # type: ignore[override]
        return {"n": 1}


class Deaf(Deed):
    """A plugin's action that does not heed its cancellation."""

    name: ClassVar[str] = "odd.deaf"

    async def run(self, hub: Any, call: Call) -> Any:
        hub["begun"] += 1
        while not hub["end"].is_set():
            try:
                await hub["end"].wait()
            except asyncio.CancelledError:
                continue


class Thing:
    """Something that no memo can keep."""

    def __str__(self) -> str:
        return "a thing"


class Answer(Deed):
    """A plugin's action that answers something of its own."""

    name: ClassVar[str] = "odd.answer"

    async def run(self, hub: Any, call: Call) -> Any:
        return {"number": 3, "thing": Thing()}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    "error",
    [
        SystemExit(3), GeneratorExit(), StopIteration(1), StopAsyncIteration(),
        asyncio.CancelledError(), asyncio.InvalidStateError(), BaseException("odd"),
        RecursionError(), MemoryError(), TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
async def test_an_action_that_ends_in_an_odd_way_fails_its_step_and_nothing_else(
    town: Town, error: BaseException, late: bool
) -> None:
    way = OddWay()
    way.late, way.error = late, error
    town.actions.add(Odd, way, "tests")
    await town.configure(durable({"action": "odd.end", "continue_on_error": True}, say("on")))
    event = await town.press()
    assert town.deeds.messages == ["on"]
    assert state_of(town) == ("finished", None)
    assert town.trace().steps[0].error is not None
    assert town.journal.ends == [event.id]
    assert [row["state"] for row in await town.rows()] == ["finished"]


async def test_an_action_that_is_no_coroutine_fails_its_step_and_says_so(town: Town) -> None:
    town.actions.add(NoCoroutine, None, "tests")
    await town.configure(rule({"action": "odd.plain", "continue_on_error": True}, say("on")))
    await town.passing()
    assert town.deeds.messages == ["on"]
    assert "TypeError" in str(town.trace().steps[0].error)


async def test_an_action_that_does_not_heed_its_cancellation_is_not_begun_without_end(
    town: Town,
) -> None:
    hub = {"begun": 0, "end": asyncio.Event()}
    town.actions.add(Deaf, hub, "tests")
    await town.configure(rule({"action": "odd.deaf"}, mode="restart"))
    for _ in range(150):
        await town.passing()
    await town.advance(61)
    assert hub["begun"] == 100
    assert state_of(town)[0] == "failed"
    assert "have not ended" in str(state_of(town)[1])
    hub["end"].set()
    await town.settle()
    await town.passing()
    assert hub["begun"] == 101
    assert state_of(town) == ("finished", None)


async def test_an_answer_that_cannot_be_kept_costs_a_durable_run_nothing(town: Town) -> None:
    town.actions.add(Answer, None, "tests")
    answer = {"action": "odd.answer", "response_variable": "answer"}
    await town.configure(
        durable(answer, {"delay": "10s"}, say("{{ answer.number }} {{ answer.thing }}"))
    )
    await town.press()
    await town.restart()
    await town.advance(10)
    assert town.deeds.messages == ["3 a thing"]


@pytest.mark.parametrize(
    "odd",
    [{"$datetime": "no time"}, {"$seconds": "many"}, {"$items": 1}, {1: "one", "1": "text"}, {}],
    ids=str,
)
async def test_values_that_look_like_the_memos_own_marks_survive_a_crash(
    town: Town, odd: Any
) -> None:
    steps = [{"variables": {"odd": odd}}, {"delay": "10s"}, say("{{ odd }}")]
    await town.configure(durable(*steps))
    event = await town.press()
    await town.restart(events=(event,))
    await town.advance(10)
    assert town.deeds.messages == [odd]


async def test_a_row_that_cannot_be_taken_up_is_told_and_holds_up_no_other(town: Town) -> None:
    await town.configure(
        durable({"delay": "10s"}, say("{{ trigger.event.level }}"), mode="parallel")
    )
    wrong = await town.press(level=1)
    await town.press(level=2)
    broken = {"$datetime": "never"}
    query = update(runs).where(runs.c.event_id == wrong.id).values(trigger=broken)
    await town.store.write(lambda connection: connection.execute(query))
    await town.restart()
    await town.advance(10)
    assert town.deeds.messages == [2]
    assert wrong.id in town.journal.ends
    assert [row["state"] for row in await town.rows()] == ["failed", "finished"]


async def test_a_delay_is_never_longer_than_asked_where_the_clock_is_wrong_after_a_restart(
    town: Town,
) -> None:
    wait = {"wait_template": "{{ false }}", "timeout": "40s"}
    await town.configure(durable({"delay": "30s"}, say("told"), wait, say("late")))
    await town.press()
    await town.crash()
    town.clock.jump(-50 * 365 * 86_400)  # a machine without a battery for its clock
    await town.up()
    await town.advance(31)
    assert town.deeds.messages == ["told"]
    await town.crash()
    town.clock.jump(-86_400)
    await town.up()
    await town.advance(41)
    assert town.deeds.messages == ["told", "late"]


async def test_a_condition_whose_for_is_no_duration_says_so(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    condition = {
        "condition": "state", "entity_id": "binary_sensor.door", "state": "on",
        "for": "{{ states('sensor.river') }}",
    }  # fmt: skip
    await town.state("binary_sensor.door", True)
    await town.configure(rule(say("x"), conditions=condition))
    with caplog.at_level(logging.WARNING):
        await town.passing()
    state, error = state_of(town)
    assert (state, "not a duration" in str(error)) == ("failed", True)
    assert "Traceback" not in caplog.text


async def test_a_run_that_restarts_itself_by_its_last_step_is_ended_for_the_journal(
    town: Town,
) -> None:
    triggers = [
        {"trigger": "event", "event_type": "button.pressed", "id": "press"},
        {"trigger": "event", "event_type": "again"},
    ]
    last = {"if": "{{ trigger.id == 'press' }}", "then": {"event": "again"}}
    await town.configure({**durable(last, mode="restart"), "triggers": triggers})
    event = await town.press()
    assert town.journal.ends == [event.id]
    assert [row["state"] for row in await town.rows()] == ["stopped"]
    assert town.engine.runs == []


async def test_a_run_that_was_about_to_begin_when_the_hub_stops_goes_on_after_its_start(
    town: Town,
) -> None:
    await town.configure(durable(say("told")))
    town.publish(a_press())
    await town.engine.stop()
    town.actions.remove("tests")
    await town.settle()
    assert town.deeds.messages == []
    await town.restart()
    assert town.deeds.messages == ["told"]


async def test_a_switch_in_the_middle_of_a_reload_switches_the_automation_of_now(
    town: Town,
) -> None:
    await town.configure(rule(say("old"), enabled=False))
    switching = asyncio.ensure_future(town.engine.turn_on("a"))
    await asyncio.sleep(0)
    await town.configure(rule(say("new"), enabled=False))
    await switching
    await town.passing()
    assert town.deeds.messages == ["new"]


async def test_switching_off_ends_runs_of_the_steps_before_a_reload_too(town: Town) -> None:
    await town.configure(rule({"delay": "10s"}, say("old")))
    await town.passing()
    await town.configure(rule(say("new")))
    await town.engine.turn_off("a")
    await town.advance(10)
    assert town.deeds.messages == []
    assert town.engine.runs == []


async def test_an_automation_that_switches_itself_off_with_others_switches_all_of_them_off(
    town: Town,
) -> None:
    off = {
        "action": "automation.turn_off",
        "target": {"entity_id": ["automation.a", "automation.b", "automation.c"]},
    }
    others = [{**rule(say(name)), "id": name, "triggers": RANG} for name in ("b", "c")]
    await town.configure(rule(off, say("never")), *others)
    await town.passing()
    for _ in range(4):
        await town.settle()
    town.publish(OtherEvent(type="bell.rang", source="event.bell"))
    await town.settle()
    assert town.deeds.messages == []
    assert [town.engine.is_on(name) for name in "abc"] == [False, False, False]
    await town.restart()
    assert [town.engine.is_on(name) for name in "abc"] == [False, False, False]


RANG = {"trigger": "event", "event_type": "bell.rang"}
REFUSED = {"trigger": "event", "event_type": "automation.refused"}
TRIGGERED = {"trigger": "event", "event_type": "automation.triggered"}


async def test_many_automations_that_hear_of_refusals_do_not_multiply_them(town: Town) -> None:
    busy = [
        {**rule({"delay": "1h"}, max_exceeded="silent"), "id": f"a{n}", "triggers": [RANG, REFUSED]}
        for n in range(8)
    ]
    await town.configure(*busy)
    told: list[Event] = []
    town.bus.subscribe(AutomationRefused.type, told.append, owner="test")
    for _ in range(2):
        town.publish(OtherEvent(type="bell.rang", source="event.bell"))
        await town.settle()
    assert 8 <= len(told) <= 8 * 8


async def test_many_automations_that_hear_of_each_others_runs_stay_within_the_stack(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    many = [
        {
            **rule({"delay": "1s"}, mode="parallel", max=100, max_exceeded="silent"),
            "id": f"a{n}",
            "triggers": [TRIGGERED],
        }
        for n in range(30)
    ]
    first = rule(say("x"))
    await town.configure(first, *many)
    await town.passing()
    for _ in range(30):
        await town.settle()
        await town.advance(1)
    await town.advance(5)
    assert "RecursionError" not in caplog.text
    assert town.engine.runs == []


async def test_what_listens_for_long_is_led_to_by_nobody(town: Town) -> None:
    """An automation that a run switched on, or whose time a run set, has no cause in that run."""
    seen: list[Any] = []
    town.bus.subscribe("tick", lambda event: seen.append((event.cause, chain.get())), owner="test")
    ticking = {
        **rule({"delay": "1h"}, enabled=False), "id": "b",
        "triggers": [{"trigger": "time_pattern", "seconds": "/10"}],
    }  # fmt: skip
    on = {"action": "automation.turn_on", "target": {"entity_id": "automation.b"}}
    await town.configure(rule(on), ticking)
    refused: list[Event] = []
    town.bus.subscribe(AutomationRefused.type, refused.append, owner="test")
    await town.passing()
    await town.advance(25)
    assert [event.cause for event in refused] == [None]


async def test_the_minutes_of_a_template_are_led_to_by_nobody(town: Town) -> None:
    template = "{{ is_state('binary_sensor.door', 'on') and now().minute is odd }}"
    slow = {
        **rule({"delay": "1h"}), "id": "b",
        "triggers": [{"trigger": "template", "value_template": template}],
    }  # fmt: skip
    await town.configure(slow)
    refused: list[Event] = []
    town.bus.subscribe(AutomationRefused.type, refused.append, owner="test")
    token = cause.set("a run")
    town.registry.set_state("binary_sensor.door", True)
    cause.reset(token)
    await town.settle()
    await town.advance(240)
    assert [event.cause for event in refused] == [None]


async def test_the_row_of_a_run_in_a_quick_loop_is_written_less_often_than_it_turns(
    town: Town,
) -> None:
    loop = {"repeat": {"count": 2000, "sequence": [{"variables": {"n": "{{ repeat.index }}"}}]}}
    await town.configure(durable(loop, {"delay": "10s"}, say("{{ n }}")))
    asked = 0
    write = town.store.write

    async def counting(work: Any) -> Any:
        nonlocal asked
        asked += 1
        return await write(work)

    town.store.write = counting  # type: ignore[method-assign]
    most = 0
    town.publish(a_press())
    for _ in range(4000):
        await asyncio.sleep(0)
        most = max(most, town.store._queue.qsize())
    while len(town.trace().steps) < 500 or town.trace().steps_left_out < 1501:
        await asyncio.sleep(0.01)
    assert most < 20
    town.store.write = write  # type: ignore[method-assign]
    await town.settle()
    await town.restart()
    await town.advance(10)
    assert town.deeds.messages == [2000]


async def test_a_cooldown_is_counted_by_the_key_that_it_was_asked_by(town: Town) -> None:
    """The key is rendered once: a template that reads the time gives another a moment later."""
    cooldown = {"for": "1h", "by": "{{ states('sensor.river') }}"}
    await town.configure(rule(say("{{ trigger.event.plate }}"), cooldown=cooldown))
    rendered: list[str] = []
    automation = town.engine.automations["a"]
    key = automation._gates._key
    automation._gates._key = lambda *given: rendered.append(key(*given)) or rendered[-1]  # type: ignore
    await town.passing()
    assert rendered == ["unknown"]


async def test_a_durable_run_that_is_stopped_while_its_row_is_written_is_ended_and_told(
    town: Town,
) -> None:
    await town.configure(durable(say("never")))
    for turns in range(4):
        event = a_press()
        town.publish(event)
        for _ in range(turns):
            await asyncio.sleep(0)
        town.engine.automations["a"].stop_runs("enough")
        await town.settle()
        assert town.journal.ends[-1:] == [event.id] or town.deeds.messages
        rows = {row["event_id"]: row["state"] for row in await town.rows()}
        assert rows[event.id] in ("stopped", "finished")
    assert town.engine.runs == []
