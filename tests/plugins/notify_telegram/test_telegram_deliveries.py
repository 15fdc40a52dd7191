"""Notes become messages, and each way in which Telegram fails is told apart."""

import asyncio
import logging
import subprocess
import sys
from dataclasses import replace

import pytest

from hub.api import AuthFailed, ConfigProblem, DeliveryFailed, Person
from plugins.notify_telegram import hub_diagnostics, hub_notifiers, hub_setup, hub_teardown
from plugins.notify_telegram.config import Config
from tests.plugins.notify_telegram.parts import JPEG, note, picture
from tests.world.bot_api import TOKEN, BotApi


async def test_an_alarm_is_a_message_with_two_buttons(telegram, api) -> None:
    proof = await telegram(note())
    (sent,) = api.sent("sendmessage")
    assert proof["chat"] == "1001"
    assert proof["message_id"] == sent.message_id
    assert proof["date"].endswith("+00:00")
    assert sent.buttons == [("✅ Прийняв", "a:f00d"), ("✖️ Хибна", "d:f00d")]
    assert "Тривожна кнопка" in sent.text


async def test_a_photo_answers_the_message_of_its_alarm(telegram, api) -> None:
    alarm = await telegram(note())
    await telegram(note("photo", photo=picture, reply_to=alarm))
    (sent,) = api.sent("sendphoto")
    assert list(sent.files.values()) == [JPEG]
    assert sent.params["reply_parameters"]["message_id"] == alarm["message_id"]
    assert sent.text == "🔴 Ринок, Кіоск на ринку, 14.03.2026 17:09:26"
    assert [data for _, data in sent.buttons] == ["a:f00d", "d:f00d"]


async def test_a_photo_whose_alarm_was_deleted_is_sent_all_the_same(telegram, api) -> None:
    await telegram(note("photo", photo=picture, reply_to={"chat": "1001", "message_id": 5}))
    assert api.sent("sendphoto")


async def test_a_photo_that_is_gone_is_a_final_failure(telegram, api) -> None:
    async def none() -> None:
        return None

    with pytest.raises(DeliveryFailed) as failed:
        await telegram(note("photo", photo=none))
    assert failed.value.final
    assert not api.sent("sendphoto")


async def test_a_text_of_an_automation_goes_as_it_is(telegram, api) -> None:
    await telegram(note("message", text="Рівень <2 м & падає", answer_token=None, incident=None))
    (sent,) = api.sent("sendmessage")
    assert sent.text == "Рівень <2 м & падає"
    assert "parse_mode" not in sent.params
    assert sent.buttons == []


async def test_an_update_answers_the_message_of_its_alarm(telegram, api) -> None:
    alarm = await telegram(note())
    await telegram(note("update", text="Прийняв: Петро", reply_to=alarm, answer_token=None))
    update = api.sent("sendmessage")[-1]
    assert update.params["reply_parameters"]["message_id"] == alarm["message_id"]


async def test_a_text_that_is_too_long_is_cut(telegram, api) -> None:
    await telegram(note("message", text="Ї" * 5000, answer_token=None))
    await telegram(note(text="🚨" * 5000))
    short, alarm = api.sent("sendmessage")
    assert len(short.text) == 4096
    assert short.text.endswith("…")
    assert alarm.text.count("🚨") == 1249


async def test_notes_to_one_chat_keep_their_order(telegram, api) -> None:
    for number in range(20):
        await telegram(note("message", id=number, text=str(number)))
    assert [sent.text for sent in api.sent("sendmessage")] == [str(n) for n in range(20)]


@pytest.mark.parametrize(
    ("fault", "final", "retry_after"),
    [
        ("limit", False, 3.0),
        ("error", False, None),
        ("blocked", True, None),
        ("no_chat", True, None),
        ("reset", False, None),
        ("garbage", False, None),
    ],
)
async def test_each_failure_says_whether_to_try_again(
    telegram, api, fault, final, retry_after
) -> None:
    api.fail(fault, "sendMessage", seconds=3)
    with pytest.raises(DeliveryFailed) as failed:
        await telegram(note())
    assert (failed.value.final, failed.value.retry_after) == (final, retry_after)
    await telegram(note())
    assert len(api.sent("sendmessage")) == 1


async def test_a_photo_cut_off_in_the_middle_can_be_sent_again(telegram, api) -> None:
    api.fail("reset_upload", "sendPhoto")
    big = replace(note("photo"), photo=lambda: asyncio.sleep(0, JPEG * 40))
    with pytest.raises(DeliveryFailed) as failed:
        await telegram(big)
    assert not failed.value.final
    await telegram(big)
    (sent,) = api.sent("sendphoto")
    assert len(next(iter(sent.files.values()))) == 40 * len(JPEG)


async def test_a_lost_answer_leaves_it_unsure_whether_the_message_arrived(telegram, api) -> None:
    api.fail("lost_answer", "sendMessage")
    with pytest.raises(DeliveryFailed) as failed:
        await telegram(note())
    assert failed.value.unsure


async def test_a_message_that_surely_did_not_go_out_is_said_to(telegram, api) -> None:
    api.fail("limit", "sendMessage")
    with pytest.raises(DeliveryFailed) as refused:
        await telegram(note())
    await api.stop()
    with pytest.raises(DeliveryFailed) as unreached:
        await telegram(note())
    assert (refused.value.unsure, unreached.value.unsure) == (False, False)


async def test_a_repeated_message_is_marked_as_one(telegram, api) -> None:
    await telegram(replace(note(), repeat=True))
    assert "(повторно)" in api.sent("sendmessage")[-1].text


async def test_a_slow_server_is_given_up_after_the_timeout(hub, api) -> None:
    config = Config(token=TOKEN, api_server=api.url, timeout="1s", polling=False)
    await hub_setup(hub, config)
    api.fail("slow", "sendMessage", seconds=30)
    (notifier,) = hub_notifiers(config)
    with pytest.raises(DeliveryFailed, match="not reached: Request timeout"):
        await notifier.send(hub, note())


async def test_an_address_that_is_no_chat_id_is_a_final_failure(telegram) -> None:
    with pytest.raises(DeliveryFailed, match="no chat id") as failed:
        await telegram(note(address="olena"))
    assert failed.value.final


async def test_a_wrong_token_waits_for_a_person(hub, api) -> None:
    with pytest.raises(AuthFailed, match="does not know"):
        await hub_setup(hub, Config(token="123456789:wrong", api_server=api.url))


async def test_a_token_of_wrong_form_is_a_problem_of_its_line(hub, api) -> None:
    with pytest.raises(ConfigProblem) as problem:
        await hub_setup(hub, Config(token="s3cret-nonsense", api_server=api.url))
    assert problem.value.field == "token"
    assert "nonsense" not in str(problem.value)


async def test_without_telegram_the_plugin_runs_and_delivers_when_it_is_back(hub, caplog) -> None:
    caplog.set_level(logging.INFO)
    api = await BotApi().start()
    await api.stop()
    config = Config(token=TOKEN, api_server=api.url)
    await hub_setup(hub, config)
    (notifier,) = hub_notifiers(config)
    with pytest.raises(DeliveryFailed) as failed:
        await notifier.send(hub, note())
    assert not failed.value.final
    await asyncio.sleep(0.2)
    await api.start()
    await api.wait_until(lambda: api.polls)
    await notifier.send(hub, note())
    api.write(1, "wake")
    await api.wait_until(lambda: not api.updates)
    lines = [record.getMessage() for record in caplog.records if record.name == hub.log.name]
    assert len([line for line in lines if "not reached" in line]) == 1
    assert len([line for line in lines if "reached again" in line]) == 1
    await api.stop()


@pytest.mark.parametrize("fault", ["reset", "garbage", "error", "lost_answer", "redirect"])
async def test_the_token_is_in_no_message_and_no_log(telegram, api, caplog, fault) -> None:
    caplog.set_level(logging.DEBUG)
    api.fail(fault, "sendMessage", times=20)
    api.fail(fault, "getUpdates", times=20 if fault == "redirect" else 1)
    with pytest.raises(DeliveryFailed) as failed:
        await telegram(note())
    api.write(1, "hello")
    await api.wait_until(lambda: api.polls and not api.updates)
    everything = f"{failed.value!r} {failed.value} {failed.value.__cause__}" + caplog.text
    assert TOKEN.split(":")[1] not in everything


def test_the_vendor_package_is_imported_only_when_the_plugin_is_set_up() -> None:
    code = "import sys, plugins.notify_telegram; sys.exit('aiogram' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_before_it_is_set_up_deliveries_fail_for_now(hub) -> None:
    (notifier,) = hub_notifiers(Config(token=TOKEN))
    with pytest.raises(DeliveryFailed) as failed:
        await notifier.send(hub, note())
    assert not failed.value.final
    await hub_teardown(hub)
    assert await hub_diagnostics(hub) == {}


async def test_diagnostics_hold_figures_and_no_secret(telegram, hub) -> None:
    await telegram(note())
    facts = await hub_diagnostics(hub)
    assert facts["sent"] == 1
    assert TOKEN not in str(facts)


async def test_a_person_reads_their_own_language(telegram, api) -> None:
    english = Person(name="Helen", language="en")
    await telegram(note(to=english))
    (sent,) = api.sent("sendmessage")
    assert sent.buttons[0][0] == "✅ Accept"
    assert "Critical alarm" in sent.text
