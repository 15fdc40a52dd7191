"""What is to be told is delivered in order, or shown as failed; never lost."""

from __future__ import annotations

from hub.alarms import tables as t
from hub.model.notify import DeliveryFailed

from .conftest import START, Town


async def texts(town: Town, *messages: str) -> None:
    for number, message in enumerate(messages):
        await town.alarms.message(
            f"k{number}{message}", ["Olena"], message, incident=None, attach=False
        )
    await town.settle()


async def test_notes_to_one_address_keep_their_order_over_failures(town: Town) -> None:
    town.sms.fails = DeliveryFailed("no network")
    await texts(town, "one", "two", "three")
    await town.advance(20)
    town.sms.fails = None
    await town.advance(120)
    assert [note.text for note in town.sms.notes] == ["one", "two", "three"]
    assert [note.text for note in town.radio.notes] == ["one", "two", "three"]


async def test_one_dead_address_holds_up_no_other(town: Town) -> None:
    town.sms.hangs = True
    await texts(town, "one")
    assert [note.text for note in town.radio.notes] == ["one"]


async def test_a_peer_that_asks_for_a_pause_is_given_it(town: Town) -> None:
    town.sms.fails = DeliveryFailed("slow down", retry_after=40)
    await texts(town, "one")
    town.sms.fails = None
    await town.advance(39)
    assert town.sms.attempts == 1
    await town.advance(1)
    assert [note.text for note in town.sms.notes] == ["one"]


async def test_a_final_failure_is_shown_and_lets_the_next_note_go(town: Town) -> None:
    town.sms.fails = DeliveryFailed("the bot was blocked", final=True)
    await texts(town, "one")
    town.sms.fails = None
    await texts(town, "two")
    rows = [(row.state, row.error) for row in await town.outbox() if row.notifier == "sms"]
    assert rows == [("failed", "the bot was blocked"), ("delivered", None)]
    assert "delivery.failed" in [event.type for event in town.published]


async def test_a_note_that_may_have_gone_out_before_a_crash_is_marked_as_a_repeat(
    town: Town,
) -> None:
    town.sms.hangs = True
    await texts(town, "one")
    town.sms.hangs = False
    await town.crash()
    await town.settle()
    assert [(note.text, note.repeat) for note in town.sms.notes] == [("one", True)]
    assert [(note.text, note.repeat) for note in town.radio.notes] == [("one", False)]


async def test_a_note_that_may_have_arrived_all_the_same_is_repeated_as_one(town: Town) -> None:
    town.sms.fails = DeliveryFailed("the answer was lost", unsure=True)
    await texts(town, "one")
    town.sms.fails = None
    await texts(town, "two")
    await town.advance(60)
    assert [(note.text, note.repeat) for note in town.sms.notes] == [("one", True), ("two", False)]


async def test_a_notifier_that_is_gone_delays_its_notes_and_loses_none(town: Town) -> None:
    town.alarms.recipients.remove("sms")
    await town.alarms.open(town.opening())  # resolved by radio alone
    await town.alarms.store.write(
        lambda c: c.execute(t.outbox.update().values(notifier="sms", state="pending"))
    )
    town.alarms.outbox.poke()
    await town.advance(5)
    assert (await town.outbox())[0].error == "no notifier 'sms' is running"
    town.alarms.recipients.add(town.sms, None)
    await town.advance(120)
    assert ("alarm", "Olena") in town.sms.told()


async def test_a_bug_in_a_notifier_is_a_failed_delivery_like_any_other(town: Town) -> None:
    town.sms.fails = RuntimeError("bug")  # type: ignore[assignment]
    await texts(town, "one")
    town.sms.fails = None
    await town.advance(60)
    assert [note.text for note in town.sms.notes] == ["one"]


async def test_each_attempt_leaves_its_proof_or_its_failure(town: Town) -> None:
    town.sms.fails = DeliveryFailed("no network")
    await texts(town, "one")
    town.sms.fails = None
    await town.advance(60)
    rows = [row for row in await town.rows(t.deliveries) if row.note == 1]
    assert [row.result for row in rows] == ["failed", "delivered"]
    assert rows[1].detail == {"message": 1}


async def test_a_snapshot_follows_the_alarm_as_a_reply_to_it(town: Town) -> None:
    opened = await town.alarms.open(town.opening())
    await town.alarms.attach(opened.incident, "camera.a", "snapshot", "snapshots/a.jpg", START)
    await town.alarms.attach(opened.incident, "camera.a", "snapshot", "snapshots/a.jpg", START)
    await town.settle()
    assert town.sms.told() == [("alarm", "Olena"), ("photo", "Olena")]
    photo = town.sms.notes[1]
    assert photo.reply_to == {"message": 1}
    assert photo.photo is not None
    assert await photo.photo() == b"snapshots/a.jpg"


async def test_a_rung_told_later_gets_the_pictures_that_there_are(town: Town) -> None:
    opened = await town.alarms.open(town.opening())
    await town.alarms.attach(opened.incident, "camera.a", "snapshot", "snapshots/a.jpg", START)
    await town.advance(60)
    assert [kind for kind, name in town.radio.told() if name == "Petro"] == ["alarm", "photo"]
