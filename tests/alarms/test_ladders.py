"""An alarm is told until a named person answers, across restarts too."""

from __future__ import annotations

from hub.alarms import tables as t
from hub.model.incident import Status
from hub.model.notify import DeliveryFailed

from .conftest import Town


async def test_the_first_rung_is_told_when_the_incident_opens(town: Town) -> None:
    await town.alarms.open(town.opening())
    await town.settle()
    assert town.sms.told() == [("alarm", "Olena")]
    assert town.radio.told() == [("alarm", "Olena")]
    note = town.sms.notes[0]
    assert (note.area_name, note.source_name, note.address) == ("Ринок", "Кнопка", "1")
    assert note.location is not None
    assert not note.repeat


async def test_without_an_answer_the_next_rung_is_told_when_its_time_comes(town: Town) -> None:
    await town.alarms.open(town.opening())
    await town.advance(59)
    assert len(town.radio.notes) == 1
    await town.advance(1)
    assert sorted(town.radio.told()[1:]) == [("alarm", "Olena"), ("alarm", "Petro")]


async def test_the_last_rung_is_told_again_until_somebody_answers(town: Town) -> None:
    opened = await town.alarms.open(town.opening())
    await town.advance(60 + 3 * 120)
    assert [note.to.name for note in town.radio.notes].count("Petro") == 4
    await town.answers.give(opened.incident, "acknowledge", town.access.local_administrator("web"))
    await town.advance(3600)
    told = [note for note in town.radio.notes if note.kind == "alarm" and note.to.name == "Petro"]
    assert len(told) == 4


async def test_an_answer_stops_the_ladder_and_the_others_hear_of_it(town: Town) -> None:
    await town.alarms.open(town.opening())
    await town.settle()
    token = town.sms.notes[0].answer_token
    assert token is not None
    thanks = await town.answers.from_contact(token, "acknowledge", contact="phone", address="1")
    assert thanks == "Acknowledged. Thank you."
    await town.advance(600)
    assert not [note for note in town.radio.notes if note.to.name == "Petro"]
    incident = (await town.alarms.book.recent())[0]
    assert (incident.status, incident.owner) == (Status.ACKNOWLEDGED, "Olena")


async def test_a_ladder_goes_on_after_a_crash_where_it_stood(town: Town) -> None:
    await town.alarms.open(town.opening())
    await town.advance(30)
    await town.crash()
    await town.advance(29)
    assert len(town.radio.notes) == 1
    await town.advance(1)
    assert sorted(town.radio.told()[1:]) == [("alarm", "Olena"), ("alarm", "Petro")]


async def test_a_rung_that_was_due_while_the_hub_was_away_is_told_at_once_and_said_late(
    town: Town,
) -> None:
    opened = await town.alarms.open(town.opening())
    await town.settle()
    await town.close()
    town.clock.jump(3600)
    await town.start()
    await town.settle()
    assert ("alarm", "Petro") in town.radio.told()
    lines = [(row.what, row.detail) for row in await town.alarms.book.journal(opened.incident)]
    assert ("rung 2 told", "3540 s late") in lines


async def test_a_failed_delivery_lets_the_next_rung_be_told_at_once_but_only_once(
    town: Town,
) -> None:
    town.sms.fails = DeliveryFailed("no network")
    await town.alarms.open(town.opening())
    await town.settle()
    assert ("alarm", "Petro") in town.radio.told()
    await town.advance(30)
    assert [note.to.name for note in town.radio.notes].count("Petro") == 1


async def test_a_failure_on_the_last_rung_does_not_hurry_its_repetition(town: Town) -> None:
    await town.alarms.open(town.opening())
    await town.advance(60)
    town.sms.fails = DeliveryFailed("no network")
    await town.advance(119)
    assert [note.to.name for note in town.radio.notes].count("Petro") == 1


async def test_what_was_not_delivered_when_somebody_answered_is_told_no_more(town: Town) -> None:
    town.sms.fails = DeliveryFailed("no network")
    opened = await town.alarms.open(town.opening())
    await town.settle()
    await town.answers.give(opened.incident, "acknowledge", town.access.local_administrator("web"))
    town.sms.fails = None
    await town.advance(600)
    assert "alarm" not in [note.kind for note in town.sms.notes]
    assert {row.state for row in await town.outbox() if row.notifier == "sms"} == {"superseded"}


async def test_a_rung_whose_duty_nobody_holds_is_told_on_the_page(town: Town) -> None:
    await town.people.remove("Olena")
    await town.alarms.open(town.opening())
    await town.settle()
    row = (await town.outbox())[0]
    assert (row.notifier, row.person, row.state) == ("page", "duty", "delivered")


async def test_a_ladder_is_kept_as_it_was_when_the_incident_opened(town: Town) -> None:
    await town.alarms.open(town.opening())
    town.alarms.configure({})
    await town.advance(60)
    assert ("alarm", "Petro") in town.radio.told()
    assert (await town.rows(t.ladders))[0].name == "life_safety"
