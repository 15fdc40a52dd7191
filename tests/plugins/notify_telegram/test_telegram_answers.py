"""What people press and write: committed before it is confirmed, and nothing from strangers."""

import asyncio
import logging

import pytest

from hub.api import Note
from plugins.notify_telegram import hub_setup
from plugins.notify_telegram.config import Config
from tests.plugins.notify_telegram.parts import note, picture
from tests.world.bot_api import TOKEN, BotApi


@pytest.fixture
def alarm() -> Note:
    return note()


async def test_a_press_is_handed_in_and_the_message_shows_who_answered(
    telegram, api, hub, alarm
) -> None:
    proof = await telegram(alarm)
    api.press(proof["message_id"], "a:f00d", 1001, name="Олена <О>")
    await api.wait_until(lambda: api.sent("editmessagetext"))
    assert hub.answers == [("f00d", "acknowledge", "1001")]
    (thanks,) = api.sent("answercallbackquery")
    assert thanks.text == "Прийнято. Ви відповідаєте за інцидент №12"
    shown = api.chats.messages[1001, proof["message_id"]]
    assert "Прийняв(ла): Олена <О>" in shown["text"]
    assert "Критична тривога: Тривожна кнопка" in shown["text"]
    assert "reply_markup" not in shown
    assert [entity["type"] for entity in shown["entities"]] == ["bold", "text_link"]


async def test_a_false_alarm_is_dismissed_on_its_photo(telegram, api, hub) -> None:
    proof = await telegram(note("photo", photo=picture))
    api.press(proof["message_id"], "d:f00d", 1002)
    await api.wait_until(lambda: api.sent("editmessagecaption"))
    assert hub.answers == [("f00d", "dismiss", "1002")]
    shown = api.chats.messages[1001, proof["message_id"]]
    assert "Хибна тривога: Олена" in shown["caption"]
    assert "reply_markup" not in shown


async def test_an_answer_is_confirmed_only_when_it_is_committed(telegram, api, hub, alarm) -> None:
    proof = await telegram(alarm)
    committed = asyncio.Event()
    hub.before_commit = committed.wait
    api.press(proof["message_id"], "a:f00d", 1001)
    await api.wait_until(lambda: api.polls)
    await asyncio.sleep(0.2)
    assert api.updates
    assert hub.answers == []
    committed.set()
    await api.wait_until(lambda: not api.updates)
    assert hub.answers


async def test_an_update_that_comes_twice_is_handed_in_again_and_ends(telegram, api, hub) -> None:
    proof = await telegram(note())
    api.press(proof["message_id"], "a:f00d", 1001)
    api.updates.append(api.updates[0] | {})
    await api.wait_until(lambda: not api.updates)
    assert hub.answers == [("f00d", "acknowledge", "1001")] * 2


@pytest.mark.parametrize(("data", "user"), [("a:f0r9ed", 1001), ("a:f00d", 666)])
async def test_a_forged_token_or_a_stranger_is_refused_with_an_alert(
    telegram, api, hub, data, user, alarm
) -> None:
    proof = await telegram(alarm)
    api.press(proof["message_id"], data, user)
    await api.wait_until(lambda: api.sent("answercallbackquery"))
    (told,) = api.sent("answercallbackquery")
    assert told.params["show_alert"] == "true"
    assert told.text == "Ви не можете відповідати на цю тривогу"
    assert hub.answers == []
    assert "reply_markup" in api.chats.messages[1001, proof["message_id"]]


@pytest.mark.parametrize("data", ["", "a:", "x:f00d", "a", ":f00d"])
async def test_a_button_that_is_not_the_hubs_does_nothing(telegram, api, hub, data) -> None:
    proof = await telegram(note())
    api.press(proof["message_id"], data, 1001)
    await api.wait_until(lambda: api.sent("answercallbackquery"))
    assert hub.answers == []


async def test_strangers_are_told_once_and_logged_once_a_minute(telegram, api, caplog) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(5):
        api.write(31337, "/start")
    api.write(42, "let me in", language="en")
    await api.wait_until(lambda: not api.updates and len(api.sent("sendmessage")) == 2)
    uk, en = api.sent("sendmessage")
    assert (uk.chat_id, en.chat_id) == (31337, 42)
    assert "Номер цього чату: 31337" in uk.text
    assert "The number of this chat is 42" in en.text
    refused = [record for record in caplog.records if "refused" in record.getMessage()]
    assert len(refused) == 1


async def test_talk_in_a_group_is_not_answered(telegram, api) -> None:
    group = {"id": -5, "type": "group", "title": "Чергові"}
    message = {"message_id": 3, "date": 1, "chat": group, "text": "доброго ранку"}
    api.put(message=message)
    api.put(message=message | {"new_chat_title": "Нова назва", "text": None})
    await api.wait_until(lambda: api.polls and not api.updates)
    assert not api.sent("sendmessage")


async def test_rubbish_among_the_updates_is_passed_over(telegram, api, hub, alarm) -> None:
    proof = await telegram(alarm)
    api.put(callback_query={"id": 5})
    api.put(callback_query="?", message=[])
    api.put(message={"message_id": "many"})
    api.put(something_new={"a": 1})
    api.press(proof["message_id"], "a:f00d", 1001)
    await api.wait_until(lambda: not api.updates)
    assert hub.answers == [("f00d", "acknowledge", "1001")]


async def test_an_update_without_a_number_does_not_make_the_loop_spin(telegram, api, hub) -> None:
    await api.wait_until(lambda: api.polls)
    api.updates.append({"update_id": "x"})
    api._wake()
    await asyncio.sleep(0.2)
    assert len(api.polls) < 20
    api.updates.clear()


async def test_a_press_on_a_message_too_old_to_be_shown_takes_its_buttons(
    telegram, api, hub
) -> None:
    proof = await telegram(note())
    number = proof["message_id"]
    old = {"chat": {"id": 1001, "type": "private"}, "message_id": number, "date": 0}
    who = {"id": 1001, "is_bot": False, "first_name": "Олена"}
    query = {"id": "q", "from": who, "message": old, "chat_instance": "1", "data": "a:f00d"}
    api.put(callback_query=query)
    await api.wait_until(lambda: api.sent("editmessagereplymarkup"))
    assert "reply_markup" not in api.chats.messages[1001, number]
    assert hub.answers


async def test_an_answer_waits_while_the_hub_cannot_store_it(
    telegram, api, hub, alarm, caplog
) -> None:
    proof = await telegram(alarm)
    failures = iter([OSError("disk full"), OSError("disk full")])

    def full() -> None:
        for error in failures:
            raise error

    hub.before_commit = full
    api.press(proof["message_id"], "a:f00d", 1001)
    await api.wait_until(lambda: not api.updates)
    assert hub.answers == [("f00d", "acknowledge", "1001")]
    assert caplog.text.count("could not be stored") == 2


async def test_an_answer_that_cannot_be_stored_is_told_and_others_go_on(
    telegram, api, hub, alarm
) -> None:
    proof = await telegram(alarm)

    def broken() -> None:
        raise OSError("disk gone")

    hub.before_commit = broken
    api.press(proof["message_id"], "a:f00d", 1001)
    await api.wait_until(lambda: api.sent("answercallbackquery"))
    assert "не вдалося записати" in api.sent("answercallbackquery")[0].text
    hub.before_commit = lambda: None
    api.press(proof["message_id"], "a:f00d", 1002)
    await api.wait_until(lambda: hub.answers)


async def test_an_answer_stands_though_telegram_takes_no_thanks(telegram, api, hub, alarm) -> None:
    proof = await telegram(alarm)
    api.fail("error", "answerCallbackQuery")
    api.fail("limit", "editMessageText")
    api.press(proof["message_id"], "a:f00d", 1001)
    await api.wait_until(lambda: not api.updates)
    assert hub.answers


async def test_answers_given_while_telegram_was_away_arrive_when_it_is_back(hub) -> None:
    api = await BotApi().start()
    await hub_setup(hub, Config(token=TOKEN, api_server=api.url))
    await api.wait_until(lambda: api.polls)
    await api.stop()
    api.chats.messages[1001, 5] = {
        "message_id": 5, "date": 1, "chat": {"id": 1001, "type": "private"}, "text": "?",
    }  # fmt: skip
    api.press(5, "a:f00d", 1001)
    await asyncio.sleep(0.1)
    await api.start()
    await api.wait_until(lambda: hub.answers and not api.updates)
    await api.stop()


async def test_a_webhook_left_from_before_is_taken_off(hub, api) -> None:
    api.webhook = "https://elsewhere.example/hook"
    await hub_setup(hub, Config(token=TOKEN, api_server=api.url))
    await api.wait_until(lambda: api.polls)
    assert api.webhook == ""


async def test_without_polling_nobody_asks_for_updates(hub, api) -> None:
    await hub_setup(hub, Config(token=TOKEN, api_server=api.url, polling=False))
    await asyncio.sleep(0.1)
    assert api.polls == []
