"""An accepted alarm is never lost, and becomes exactly one incident."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert

from hub.alarms import tables as t
from hub.alarms.emergency import NotStored
from hub.model.incident import Status
from hub.model.problem import Refused
from hub.store.store import StoreFull

from .conftest import Town


async def test_an_alarm_that_no_rule_claims_opens_a_default_incident(town: Town) -> None:
    press = town.press()
    await town.alarms.accept(press)
    await town.advance(4.9)
    assert await town.alarms.book.open() == []
    await town.advance(0.2)
    (incident,) = await town.alarms.book.open()
    assert (incident.kind, incident.title, incident.area) == ("button", "Кнопка, Ринок", "market")


async def test_an_alarm_whose_rule_ran_and_told_nobody_opens_a_default_incident(
    town: Town,
) -> None:
    press = town.press()
    await town.alarms.accept(press)
    await town.stores[0].write(lambda c: town.alarms.journal.claim(c, press.id, "rule"))
    await town.advance(60)
    assert await town.alarms.book.open() == []
    await town.alarms.journal.unhandled(press.id)
    assert len(await town.alarms.book.open()) == 1


async def test_an_alarm_that_a_rule_has_handled_opens_nothing_more(town: Town) -> None:
    press = town.press()
    await town.alarms.accept(press)
    await town.alarms.open(town.opening(event=press, automation="rule"))
    await town.alarms.journal.unhandled(press.id)
    await town.advance(60)
    assert len(await town.alarms.book.recent()) == 1


async def test_an_alarm_accepted_before_a_crash_is_given_again_and_told(town: Town) -> None:
    press = town.press()
    await town.alarms.accept(press)
    again = await town.crash()
    assert [event.id for event in again] == [press.id]
    await town.advance(5)
    assert len(await town.alarms.book.open()) == 1
    assert await town.crash() == []


async def test_the_same_opening_twice_is_one_incident_told_once(town: Town) -> None:
    press = town.press()
    await town.alarms.accept(press)
    first = await town.alarms.open(town.opening(event=press))
    await town.crash()
    second = await town.alarms.open(town.opening(event=press))
    await town.settle()
    assert (second.incident, second.new, second.repeated) == (first.incident, False, True)
    assert town.sms.told() == [("alarm", "Olena")]


async def test_presses_of_one_button_within_five_minutes_join_one_incident(town: Town) -> None:
    for number in range(5):
        press = town.press()
        await town.alarms.accept(press)
        await town.alarms.open(town.opening(f"run{number}:0", press))
        await town.advance(200)
    (incident,) = await town.alarms.book.open()
    assert incident.events == 5
    await town.advance(301)
    later = await town.alarms.open(town.opening("run9:0", town.press()))
    assert later.new


async def test_a_press_of_another_button_is_another_incident(town: Town) -> None:
    first = await town.alarms.open(town.opening("a:0"))
    second = await town.alarms.open(town.opening("b:0", source="event.other"))
    assert first.incident != second.incident


async def test_a_condition_that_lasts_joins_its_open_incident_however_old(town: Town) -> None:
    first = await town.alarms.open(town.opening("a", lasting=True, kind="device_silent"))
    await town.advance(7200)
    second = await town.alarms.open(town.opening("b", lasting=True, kind="device_silent"))
    assert (second.incident, second.new) == (first.incident, False)


@pytest.mark.parametrize(
    ("way", "refusal"),
    [
        ((Status.DISPATCHED,), "cannot become dispatched"),
        ((Status.ACKNOWLEDGED, Status.ACKNOWLEDGED), "is acknowledged"),
        ((Status.DISMISSED,), "needs a reason"),
        ((Status.ACKNOWLEDGED, Status.RESOLVED, Status.OPEN), "cannot become open"),
    ],
)
async def test_an_incident_goes_only_the_ways_it_may(
    town: Town, way: tuple[Status, ...], refusal: str
) -> None:
    opened = await town.alarms.open(town.opening())
    actor = town.access.local_administrator("web")
    with pytest.raises(Refused, match=refusal):
        for status in way:
            await town.alarms.change(opened.incident, status, actor)


async def test_of_two_answers_at_once_one_is_taken(town: Town) -> None:
    opened = await town.alarms.open(town.opening())
    actors = [town.access.local_administrator(way) for way in ("web", "api")]
    results = await asyncio.gather(
        *(town.answers.give(opened.incident, "acknowledge", actor) for actor in actors),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Refused) for result in results) == 1


async def test_an_alarm_that_cannot_be_stored_is_told_all_the_same_and_not_accepted(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(work: object) -> None:
        raise StoreFull("disk full")

    monkeypatch.setattr(town.alarms.store, "write", full)
    with pytest.raises(NotStored):
        await town.alarms.accept(town.press())
    assert town.sms.told() == [("alarm", "Olena")]
    incident = town.sms.notes[0].incident
    assert incident is not None
    assert not incident.stored
    assert ("alarm", "Petro") in town.radio.told()  # everybody with a duty


async def test_the_same_event_is_accepted_once(town: Town) -> None:
    press = town.press()
    assert await town.alarms.accept(press)
    assert not await town.alarms.accept(press)


async def test_an_event_belongs_to_one_incident_whatever_opens_a_second(town: Town) -> None:
    press = town.press()
    await town.alarms.accept(press)
    first = await town.alarms.open(town.opening("a:0", press))
    second = await town.alarms.open(town.opening("b:0", press, kind="fire"))
    assert first.incident == second.incident
    with pytest.raises(Exception, match="UNIQUE"):
        await town.stores[0].write(
            lambda c: c.execute(insert(t.incident_events).values(event_id=press.id, incident=1))
        )
