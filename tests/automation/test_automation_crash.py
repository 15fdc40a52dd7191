"""Durable runs over a crash: resumed by what was decided, nothing lost, nothing done twice."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sqlite3
from typing import Any, ClassVar

import pytest
from sqlalchemy import select, update

from hub.automation.tables import runs
from hub.model.action import Call
from hub.model.event import from_plain, to_plain
from hub.store.store import Store
from tests.automation.town import Deed, Pressed


def say(text):
    return {"action": "notify.send", "data": {"message": text}}


PRESS = {"trigger": "event", "event_type": "button.pressed"}
RECORD = {"action": "camera.record", "target": {"area_id": "market"}, "data": {"n": "{{ river }}"}}
STORY = {
    "id": "a",
    "triggers": PRESS,
    "conditions": {"condition": "state", "entity_id": "binary_sensor.door", "state": "on"},
    "variables": {"river": "{{ states('sensor.river') }}"},
    "actions": [
        {"action": "incident.open", "response_variable": "opened"},
        {"variables": {"when": "{{ now() }}", "seen": "{{ states('sensor.river') }}"}},
        {
            "if": {"condition": "state", "entity_id": "binary_sensor.door", "state": "on"},
            "then": [say("open {{ seen }}"), {"delay": "30s"}, RECORD],
            "else": say("shut"),
        },
        {
            "choose": {
                "conditions": "{{ is_state('sensor.river', '5') }}",
                "sequence": say("flood"),
            },
            "default": {"sequence": [say("dry")]},
        },
        say("{{ opened.incident }} {{ when.year }} {{ river }}"),
    ],
}
"""A run that would go another way at each turn if it were decided anew after the crash."""


class MortalStore(Store):
    """A store whose machine loses its power after some commits: what comes later is gone."""

    commits = 1_000_000

    def _commit(self, connection: Any, jobs: Any) -> None:
        if self.commits > 0:
            self.commits -= 1
            super()._commit(connection, jobs)


@pytest.fixture
async def mortal(town, monkeypatch):
    """The town on such a store; `die(n)` gives it n more commits."""
    monkeypatch.setattr("tests.automation.town.Store", MortalStore)
    await town.restart()
    return town


async def flood(town):
    await town.state("binary_sensor.door", True)
    await town.state("sensor.river", 5)


async def last_breath(town):
    """Let the doomed hub do whatever it still does; virtual time stands still."""
    for _ in range(40):
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("commits", range(22))
async def test_a_run_goes_on_from_each_commit_by_what_was_decided(mortal, commits):
    town = mortal
    await town.configure(STORY)
    await flood(town)
    town.store.commits = commits
    event = await give(town)
    await last_breath(town)
    for _ in range(35):
        if town.store.commits > 0:
            await town.clock.advance(1, lambda: asyncio.sleep(0.002))
    await last_breath(town)
    before = town.deeds.messages[:]
    await town.crash()
    memo = memo_on_disk(town)
    await town.up()  # the door's and the river's states are unknown now
    if memo is None:
        assert town.deeds.done == [], "nothing is done before the run is written down"
        await flood(town)
    town.publish(dataclasses.replace(event, redelivered=True))
    await town.settle()
    await town.advance(60)
    (row,) = await town.rows()
    assert (row["state"], row["incident"]) == ("finished", 7)
    told = [message for message in town.deeds.messages if message]
    assert told == expected(memo), "everybody is told once, by what was decided"
    assert told[: len(before)] == before
    names = [name for name, _ in {(name, call.key) for name, _, call in town.deeds.done}]
    assert names.count("incident.open") == 1, "what is repeated is repeated under its key"
    assert town.journal.ends.count(event.id) >= 1


def expected(memo):
    """What is told where `memo` was kept: what it does not hold is decided after the crash, when
    the states of the town are unknown."""
    if memo is None:
        return ["open 5", "flood", "7 2026 5"]
    seen = "open 5" if "1" in memo else "open unknown"
    return [seen if "2" in memo else "shut", "flood" if "3" in memo else "dry", "7 2026 5"]


def memo_on_disk(town):
    """What a run that was killed has left behind."""
    with sqlite3.connect(town.path / "alarms.db") as connection:
        row = connection.execute("SELECT memo FROM runs").fetchone()
    return None if row is None else json.loads(row[0])


async def give(town):
    return town.publish(Pressed(source="event.kiosk", area="market"))


@pytest.mark.parametrize("minute", [0, 10, 29])
async def test_a_delay_ends_when_it_would_have_ended(town, minute):
    await town.configure({**STORY, "conditions": [], "actions": [{"delay": "30m"}, say("late")]})
    await town.press()
    await town.advance(minute * 60)
    await town.restart()
    await town.advance((30 - minute) * 60 - 1)
    assert town.deeds.messages == []
    await town.advance(1)
    assert town.deeds.messages == ["late"]


async def test_a_delay_that_ended_while_the_hub_was_away_is_over(town):
    await town.configure({**STORY, "conditions": [], "actions": [{"delay": "30m"}, say("late")]})
    await town.press()
    town.clock.jump(3600)
    await town.restart()
    assert town.deeds.messages == ["late"]


@pytest.mark.parametrize(
    ("action", "again"), [("incident.open", True), ("camera.record", True), ("notify.send", False)]
)
async def test_an_action_under_way_is_repeated_only_if_that_is_safe(town, action, again):
    step = {"action": action, "data": {"message": "{{ states('sensor.river') }}"}}
    await town.configure({**STORY, "conditions": [], "actions": [step, {"action": "slow.work"}]})
    await town.state("sensor.river", 5)
    town.deeds.held = {action}
    event = await town.press()
    town.deeds.held = set()
    await town.restart(events=(event,))
    done = [(data, call.key) for name, data, call in town.deeds.done if name == action]
    assert len(done) == (2 if again else 1)
    assert len({key for _, key in done}) == 1
    assert all(data == {"message": 5} or data == {"message": "5"} for data, _ in done)
    assert town.deeds.names[-1] == "slow.work", "the run goes on"
    steps = town.trace().steps
    assert ("passed_over" in steps[0].seen) == (not again)
    assert town.trace().resumed


async def test_an_action_that_is_passed_over_once_is_never_done_later(town):
    await town.configure({**STORY, "conditions": [], "actions": [say("x"), {"delay": "1h"}]})
    town.deeds.held = {"notify.send"}
    await town.press()
    town.deeds.held = set()
    await town.restart()
    await town.restart()
    await town.advance(3600)
    assert town.deeds.names == ["notify.send"]
    assert (await town.rows())[0]["state"] == "finished"


async def test_an_event_given_again_after_its_run_ended_starts_no_second_one(town):
    await town.configure({**STORY, "conditions": [], "actions": [say("x")]})
    event = await town.press()
    await town.restart(events=(event,))
    assert town.deeds.messages == ["x"]
    assert len(await town.rows()) == 1


async def test_an_event_given_again_does_not_replace_the_run_that_it_started(town):
    await town.configure(
        {**STORY, "conditions": [], "mode": "restart", "actions": [{"delay": "1m"}, say("x")]}
    )
    event = await town.press()
    await town.restart(events=(event,))
    await town.advance(60)
    assert town.deeds.messages == ["x"]
    assert [row["state"] for row in await town.rows()] == ["finished"]


async def test_an_event_that_never_had_a_run_gets_it_when_given_again(town):
    await town.configure({**STORY, "conditions": [], "actions": [say("x")]})
    event = Pressed(source="event.kiosk").stamped(area="market", received_at=town.clock.now())
    await town.restart(events=(event,))
    assert town.deeds.messages == ["x"]


async def test_a_run_goes_on_by_its_old_steps_when_the_configuration_has_changed(town):
    await town.configure({**STORY, "conditions": [], "actions": [{"delay": "1m"}, say("old")]})
    event = await town.press()
    await town.configure({**STORY, "conditions": [], "actions": [{"delay": "1m"}, say("new")]})
    await town.restart(events=(event,))
    await town.advance(60)
    assert town.deeds.messages == ["old"]


async def test_a_run_goes_on_when_its_automation_is_gone(town):
    await town.configure({**STORY, "conditions": [], "actions": [{"delay": "1m"}, say("old")]})
    await town.press()
    await town.configure()
    await town.restart()
    assert len(town.engine.runs) == 1
    await town.advance(60)
    assert town.deeds.messages == ["old"]
    assert (await town.rows())[0]["state"] == "finished"


async def test_runs_that_wait_in_line_go_on_in_their_order(town):
    steps = [
        say("begin {{ trigger.event.level }}"),
        {"delay": "1m"},
        say("end {{ trigger.event.level }}"),
    ]
    await town.configure({**STORY, "conditions": [], "mode": "queued", "actions": steps})
    for level in (1, 2, 3):
        await town.press(level=level)
        await town.advance(1)
    await town.restart()
    await town.advance(600)
    assert town.deeds.messages == [f"{what} {n}" for n in (1, 2, 3) for what in ("begin", "end")]


async def test_runs_side_by_side_go_on_side_by_side(town):
    await town.configure(
        {**STORY, "conditions": [], "mode": "parallel", "actions": [{"delay": "1m"}, say("x")]}
    )
    for _ in range(5):
        await town.press()
    await town.restart()
    await town.advance(60)
    assert town.deeds.messages == ["x"] * 5


async def test_a_failed_action_fails_the_run_again_after_a_crash_between(mortal):
    town = mortal
    steps = [{"action": "broken.fail", "continue_on_error": True}, {"delay": "1m"}, say("on")]
    await town.configure({**STORY, "conditions": [], "actions": steps})
    await town.press()
    await town.restart()
    await town.advance(60)
    assert town.deeds.names == ["broken.fail", "notify.send"]
    assert town.trace().steps[0].error == "it is broken"


async def test_the_journal_hears_of_the_end_before_the_end_is_written(mortal):
    town = mortal
    await town.configure({**STORY, "conditions": [], "actions": [{"stop": "done"}]})

    async def dies(event_id: str) -> None:
        town.store.commits = 0

    honest, town.journal.unhandled = town.journal.unhandled, dies
    event = await give(town)
    await last_breath(town)
    town.journal.unhandled = honest
    await town.restart()
    assert town.journal.ends == [event.id]
    assert (await town.rows())[0]["state"] == "finished"


async def test_the_end_of_an_event_is_told_when_the_last_of_its_runs_ends(town):
    short = {**STORY, "conditions": [], "actions": [{"stop": "done"}]}
    await town.configure(short, {**short, "id": "b", "actions": [{"delay": "1m"}]})
    event = await town.press()
    assert town.journal.ends == []
    await town.restart(events=(event,))
    assert town.journal.ends == []
    await town.advance(60)
    assert town.journal.ends == [event.id]


async def test_a_row_that_this_version_cannot_read_is_ended_and_told(town):
    await town.configure({**STORY, "conditions": [], "actions": [{"delay": "1m"}]})
    event = await town.press()
    await town.store.write(lambda c: c.execute(update(runs).values(config={"id": "a", "odd": 1})))
    await town.restart()
    assert town.journal.ends == [event.id]
    assert (await town.rows())[0]["state"] == "failed"


async def test_an_event_whose_type_has_changed_is_resumed_all_the_same(town):
    await town.configure(
        {**STORY, "conditions": [], "actions": [{"delay": "1m"}, say("{{ trigger.event.level }}")]}
    )
    event = await town.press(level=3)
    plain = {**to_plain(event), "added": True}
    await town.store.write(lambda c: c.execute(update(runs).values(event=plain)))
    await town.restart()
    await town.advance(60)
    _, data, call = town.deeds.done[0]
    assert data == {"message": 3}
    assert call.event == from_plain(plain, {})


class Peek(Deed):
    """An action that stores something: it looks at what was stored before."""

    name: ClassVar[str] = "store.peek"
    repeat: ClassVar[Any] = "safe"

    async def run(self, hub: Any, call: Call) -> Any:
        query = select(runs.c.memo)
        return await hub.store.write(lambda connection: connection.execute(query).scalar())


async def test_what_an_action_stores_comes_after_what_was_decided_before_it(town):
    town.actions.add(Peek, town, "tests")
    steps = [{"action": "incident.open"}, {"action": "store.peek", "response_variable": "seen"}]
    await town.configure({**STORY, "conditions": [], "actions": steps})
    await town.press()
    seen = town.trace().steps[1].seen["answer"]
    assert seen["0"]["done"] == {"incident": 7}
    assert seen["1"] == {"asked": {"data": {}, "targets": []}}


async def test_a_store_that_fails_does_not_hold_up_an_alarm(town):
    await town.configure({**STORY, "conditions": [], "actions": [say("told")]})
    await town.store.close()
    town.publish((await give(town)).stamped(area=None, received_at=town.clock.now()))
    await last_breath(town)
    assert "told" in town.deeds.messages


async def test_a_store_that_hangs_does_not_hold_up_an_alarm_for_long(mortal):
    town = mortal
    await town.configure({**STORY, "conditions": [], "actions": [say("told")]})
    town.store.commits = 0
    await give(town)
    await town.clock.advance(1.9, lambda: asyncio.sleep(0.01))
    assert town.deeds.messages == []
    await town.clock.advance(3, lambda: asyncio.sleep(0.01))
    assert town.deeds.messages == ["told"]


async def test_a_stop_of_the_hub_leaves_durable_runs_to_the_next_start(town):
    await town.configure({**STORY, "conditions": [], "actions": [{"delay": "1m"}, say("x")]})
    await town.press()
    await town.engine.stop()
    assert town.trace().error == "the hub ended; the run will be resumed"
    await town.settle()
    assert [row["state"] for row in await town.rows()] == ["running"]
    await town.restart()
    await town.advance(60)
    assert town.deeds.messages == ["x"]


async def test_a_run_of_an_ordinary_event_ends_with_the_hub_and_says_so(town):
    await town.configure(
        {
            "id": "a",
            "triggers": {"trigger": "event", "event_type": "gate.passed"},
            "actions": [{"delay": "1m"}, say("x")],
        }
    )
    await town.passing()
    await town.engine.stop()
    assert (town.trace().state, town.trace().error) == ("stopped", "the hub ended")
    await town.restart()
    await town.advance(60)
    assert town.deeds.messages == []
