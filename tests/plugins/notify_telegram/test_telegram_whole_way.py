"""The plugin in a real hub: from an incident to the phone, and from the phone to the incident."""

import asyncio
from datetime import timedelta

import pytest

from hub.alarms.incidents import Opening
from hub.alarms.ladders import Ladder, Rung
from hub.api import Severity, Status
from hub.testing import TestHub
from tests.world.bot_api import TOKEN, BotApi

LADDER = Ladder(
    "life_safety",
    (Rung(("duty",), timedelta(seconds=60)), Rung(("chief",), timedelta(minutes=2))),
)


@pytest.fixture
async def town(plugin_hub, api) -> TestHub:
    """A town with Олена on duty and Петро as chief, who reads English."""
    hub = await plugin_hub("notify_telegram", token=TOKEN, api_server=api.url)
    await hub.people.add("Олена", duties_held=frozenset({"duty"}), reached_by={"telegram": "1001"})
    await hub.people.add(
        "Петро",
        duties_held=frozenset({"chief"}),
        reached_by={"telegram": "1002"},
        language="en",
    )
    hub.alarms.configure({"life_safety": LADDER})
    return hub


async def open_incident(hub: TestHub, title: str = "Тривожна кнопка") -> int:
    opened = await hub.alarms.open(
        Opening(
            key=title,
            kind="panic",
            severity=Severity.CRITICAL,
            title=title,
            area="market",
            source=title,
            escalation="life_safety",
        )
    )
    return opened.incident


async def test_an_incident_is_told_and_its_answer_stops_the_ladder(town, api: BotApi) -> None:
    number = await open_incident(town)
    await api.wait_until(lambda: api.sent("sendmessage"))
    (sent,) = api.sent("sendmessage")
    assert "📍 Ринок" in sent.text
    api.press(sent.message_id, sent.buttons[0][1], 1001)
    await api.wait_until(lambda: api.sent("editmessagetext"))
    incident = await town.alarms.get(number)
    assert (incident.status, incident.owner) == (Status.ACKNOWLEDGED, "Олена")
    await town.advance(600)
    await asyncio.sleep(0.2)
    assert len(api.sent("sendmessage")) == 1


async def test_without_an_answer_the_next_rung_is_told_in_its_language(town, api: BotApi) -> None:
    number = await open_incident(town)
    await api.wait_until(lambda: api.sent("sendmessage"))
    await town.advance(61)
    await api.wait_until(lambda: len(api.sent("sendmessage")) > 1)
    chief = api.sent("sendmessage")[-1]
    assert chief.chat_id == 1002
    assert "Rung 2" in chief.text
    api.press(chief.message_id, chief.buttons[1][1], 1002, name="Петро")
    await api.wait_until(lambda: len(api.sent("sendmessage")) > 2)
    incident = await town.alarms.get(number)
    assert incident.status is Status.DISMISSED
    officer = api.sent("sendmessage")[-1]
    assert officer.chat_id == 1001
    assert officer.text.startswith("✖️ Хибна тривога: Петро")


async def test_a_stranger_and_a_wrong_person_change_nothing(town, api: BotApi) -> None:
    number = await open_incident(town)
    await api.wait_until(lambda: api.sent("sendmessage"))
    (sent,) = api.sent("sendmessage")
    for user in (666, 1002):
        api.press(sent.message_id, sent.buttons[0][1], user)
    await api.wait_until(lambda: len(api.sent("answercallbackquery")) == 2)
    assert all(call.params["show_alert"] for call in api.sent("answercallbackquery"))
    assert (await town.alarms.get(number)).status is Status.OPEN


async def test_alarms_of_an_outage_come_in_order_when_it_is_over(town, api: BotApi) -> None:
    await api.stop()
    for number in range(5):
        await open_incident(town, f"Тривога {number}")
    await asyncio.sleep(0.2)
    await town.advance(30)
    await api.start()
    async with asyncio.timeout(60):
        while len(api.sent("sendmessage")) < 5:
            await town.advance(10)
            await asyncio.sleep(0.05)
    titles = [f"Тривога {number}" for number in range(5)]
    officer = [sent.text for sent in api.sent("sendmessage") if sent.chat_id == 1001]
    assert [title for text in officer for title in titles if title in text][:5] == titles
