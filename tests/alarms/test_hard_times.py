"""The alarm path when the disk, the clock or a notifier misbehaves."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from hub.alarms import outbox
from hub.alarms import tables as t
from hub.model.event import Event
from hub.model.incident import Severity, Status
from hub.model.notify import DeliveryFailed, Note

from . import conftest
from .conftest import Town


def disk_full(*args: object) -> Any:
    raise OperationalError("write", {}, Exception("database or disk is full"))


async def test_after_the_clock_was_set_back_the_next_rung_is_told_in_its_time(town: Town) -> None:
    await town.alarms.open(town.opening())
    await town.settle()
    town.clock.jump(-3600)
    await town.advance(75)
    assert ("alarm", "Petro") in town.radio.told()


async def test_a_retry_does_not_hold_up_a_new_alarm_until_a_clock_has_caught_up(
    town: Town,
) -> None:
    town.sms.fails = DeliveryFailed("down")
    await town.alarms.open(town.opening())
    await town.settle()
    town.clock.jump(-3600)
    town.sms.fails = None
    await town.alarms.open(town.opening("other", source="event.other"))
    await town.advance(20)
    assert len(town.sms.told()) == 2


async def test_a_clock_set_back_does_not_delay_the_default_incident(town: Town) -> None:
    await town.alarms.accept(town.press())
    town.clock.jump(-3600)
    await town.advance(6)
    assert len(await town.alarms.book.open()) == 1


async def test_a_clock_set_back_while_the_hub_was_away_delays_no_rung(town: Town) -> None:
    await town.alarms.open(town.opening())
    await town.settle()
    await town.close()
    town.clock.jump(-7200)
    await town.start()
    await town.advance(61)
    assert ("alarm", "Petro") in town.radio.told()


async def test_an_alarm_in_the_journal_is_told_though_whoever_sent_it_has_hung_up(
    town: Town,
) -> None:
    gate = threading.Event()
    busy = asyncio.ensure_future(town.stores[0].write(lambda connection: gate.wait()))
    accepting = asyncio.ensure_future(town.alarms.accept(town.press()))
    await asyncio.sleep(0.05)
    accepting.cancel()
    await asyncio.sleep(0)
    gate.set()
    await busy
    await town.settle()
    await town.advance(6)
    assert len(await town.alarms.book.open()) == 1


async def test_people_are_told_also_while_nothing_can_be_read(town: Town) -> None:
    await town.people.all()
    gate = threading.Event()

    def stall(connection: Connection) -> None:
        gate.wait()

    stalled = [asyncio.ensure_future(store.read(stall)) for store in town.stores for _ in (1, 2)]
    stalled.append(asyncio.ensure_future(town.stores[0].write(stall)))
    accepting = asyncio.ensure_future(town.alarms.accept(town.press()))
    try:
        async with asyncio.timeout(10):
            while not town.sms.notes:
                await asyncio.sleep(0.05)
    finally:
        gate.set()
        await asyncio.gather(*stalled, accepting)
    assert town.sms.told() == [("alarm", "Olena")]


async def test_an_old_event_that_no_longer_fits_its_type_does_not_stop_the_start(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.alarms.accept(town.press())

    class Stricter(Event, type="button.pressed", durable=True):
        way: str

    monkeypatch.setattr(conftest, "Pressed", Stricter)
    (again,) = await town.crash()
    assert again.type == "button.pressed"
    await town.advance(6)
    assert len(await town.alarms.book.open()) == 1


async def test_a_press_after_the_answer_is_told_to_those_who_know_of_it(town: Town) -> None:
    opened = await town.alarms.open(town.opening("a"))
    await town.settle()
    await town.answers.give(opened.incident, "acknowledge", town.access.local_administrator("web"))
    await town.alarms.open(town.opening("b", town.press()))
    await town.settle()
    assert town.sms.notes[-1].text == "again:Panic"


async def test_a_graver_opening_of_the_same_event_brings_its_own_ladder(town: Town) -> None:
    press = town.press()
    await town.alarms.accept(press)
    mild = {"kind": "log", "severity": Severity.LOW, "escalation": None}
    await town.alarms.open(town.opening("a", press, **mild))
    opened = await town.alarms.open(town.opening("b", press))
    incident = await town.alarms.get(opened.incident)
    assert incident is not None
    assert incident.severity is Severity.CRITICAL
    await town.advance(60)
    assert ("alarm", "Petro") in town.radio.told()


async def test_after_a_long_outage_each_person_gets_the_newest_alarm_not_a_flood(
    town: Town,
) -> None:
    town.sms.fails = town.radio.fails = DeliveryFailed("down")
    opened = await town.alarms.open(town.opening())
    await town.alarms.attach(
        opened.incident, "camera.x", "snapshot", "snapshots/a.jpg", town.clock.now()
    )
    await town.advance(3600)
    town.sms.fails = town.radio.fails = None
    await town.advance(61)
    assert 1 <= len(town.radio.notes) <= 8


async def test_an_alarm_under_way_when_somebody_answers_is_not_told_after_it(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SEND_TIMEOUT_S", 0.2)
    town.sms.hangs = True
    opened = await town.alarms.open(town.opening())
    await town.settle()
    await town.answers.give(opened.incident, "acknowledge", town.access.local_administrator("web"))
    town.sms.hangs = False
    await asyncio.sleep(0.3)
    await town.advance(120)
    assert "alarm" not in [kind for kind, _ in town.sms.told()]


async def test_a_message_whose_delivery_could_not_be_written_is_repeated_as_one(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, broken = town.alarms.outbox._delivered, [True]

    def once(*args: Any) -> None:
        if broken.pop() if broken else False:
            disk_full()
        real(*args)

    monkeypatch.setattr(town.alarms.outbox, "_delivered", once)
    await town.alarms.message("k", ["Petro"], "one", incident=None, attach=False)
    await town.advance(10)
    assert [note.repeat for note in town.radio.notes] == [False, True]


async def test_a_notifier_whose_proof_cannot_be_stored_floods_nobody(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    async def send(hub: object, note: Note) -> dict[str, Any]:
        sent.append(note.id)
        return {"date": datetime.now()}  # no JSON

    monkeypatch.setattr(town.sms, "send", send)
    await town.alarms.open(town.opening())
    await town.settle()
    assert len(sent) <= 2  # the first rung, and the next one that its failure called


async def test_a_disk_that_is_full_does_not_make_the_outbox_spin(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def full(*args: object) -> None:
        tries.append(1)
        disk_full()

    await town.alarms.open(town.opening("a"))
    town.sms.fails = DeliveryFailed("down")
    monkeypatch.setattr(town.alarms.outbox, "_take", full)
    await town.alarms.message("k", ["Petro"], "one", incident=None, attach=False)
    await town.settle()
    assert len(tries) < 5
    monkeypatch.undo()
    await town.advance(30)
    assert ("message", "Petro") in town.radio.told()


async def test_one_bad_write_does_not_spoil_a_press_that_shares_its_commit(town: Town) -> None:
    gate = threading.Event()
    busy = asyncio.ensure_future(town.stores[0].write(lambda connection: gate.wait()))
    await asyncio.sleep(0.05)
    broken = text("SELECT * FROM nowhere")
    bad = asyncio.ensure_future(town.stores[0].write(lambda c: c.execute(broken)))
    press = asyncio.ensure_future(town.alarms.accept(town.press()))
    await asyncio.sleep(0.05)
    gate.set()
    await busy
    assert await press
    with pytest.raises(OperationalError):
        await bad


async def test_a_failed_write_does_not_put_answer_tokens_into_the_log(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    await town.alarms.open(town.opening())
    token = (await town.outbox())[0].token
    query = text("INSERT INTO nowhere VALUES (:token)")
    with pytest.raises(OperationalError):
        await town.stores[0].write(lambda c: c.execute(query, {"token": token}))
    assert "the commit failed" in caplog.text
    assert token not in caplog.text


async def test_an_answer_is_taken_while_the_audit_log_cannot_be_written_and_traced_after(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await town.alarms.open(town.opening())
    await town.settle()

    async def full(work: object) -> None:
        disk_full()

    monkeypatch.setattr(town.stores[1], "write", full)
    actor = town.access.local_administrator("web")
    await town.answers.give(opened.incident, "acknowledge", actor)
    incident = await town.alarms.get(opened.incident)
    assert incident is not None
    assert incident.status is Status.ACKNOWLEDGED
    monkeypatch.undo()
    await town.access.look(actor, "incidents.view", "incident:1")
    async with town.access.act(actor, "config", "hub"):
        pass
    trail = [(row.permission, row.result) for row in await town.access.audit.last()]
    assert ("incidents.acknowledge", "done") in trail
    assert await town.rows(t.incidents)
