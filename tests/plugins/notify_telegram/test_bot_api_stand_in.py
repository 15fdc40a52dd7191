"""The stand-in for Telegram keeps to what the Bot API's documentation says."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.world.bot_api import TOKEN, BotApi

ROOT = Path(__file__).parents[3]


async def call(api: BotApi | str, method: str, **params: Any) -> dict[str, Any]:
    url = api if isinstance(api, str) else api.url
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/bot{TOKEN}/{method}", json=params) as answer,
    ):
        envelope: dict[str, Any] = await answer.json()
        assert envelope["ok"] == (answer.status == 200)
        return envelope


async def test_updates_stay_until_a_higher_offset_confirms_them(api) -> None:
    for text in "abc":
        api.write(1, text)
    first = (await call(api, "getUpdates"))["result"]
    assert len(first) == 3
    assert (await call(api, "getUpdates"))["result"] == first
    second = first[1]["update_id"]
    assert (await call(api, "getUpdates", offset=second))["result"] == first[1:]
    assert (await call(api, "getUpdates", offset=second, limit=1))["result"] == [first[1]]
    assert (await call(api, "getUpdates", offset=-1))["result"] == first[2:]


async def test_a_poller_that_waits_is_told_of_the_other(api) -> None:
    first = asyncio.create_task(call(api, "getUpdates", timeout=20))
    await api.wait_until(lambda: api.polls)
    second = asyncio.create_task(call(api, "getUpdates", timeout=1))
    assert (await first)["error_code"] == 409
    assert (await second)["result"] == []


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"text": " "}, "message text is empty"),
        ({"text": "x" * 4097}, "too long"),
        ({"text": "a < b", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "<b>a", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "a</b>", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "<p>a</p>", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "a", "reply_parameters": {"message_id": 1}}, "replied not found"),
        ({"text": "a", "chat_id": "olena"}, "chat not found"),
        (
            {
                "text": "a",
                "reply_markup": {"inline_keyboard": [[{"text": "b", "callback_data": "x" * 65}]]},
            },
            "BUTTON_DATA_INVALID",
        ),
    ],
)
async def test_what_telegram_refuses_is_refused(api, params, why) -> None:
    envelope = await call(api, "sendMessage", **{"chat_id": 1} | params)
    assert envelope["error_code"] == 400
    assert why in envelope["description"]
    assert api.received == []


async def test_blocked_and_unknown_chats_are_refused(api) -> None:
    api.chats.blocked.add(1)
    api.chats.unknown.add(2)
    assert (await call(api, "sendMessage", chat_id=1, text="a"))["error_code"] == 403
    assert (await call(api, "sendMessage", chat_id=2, text="a"))["error_code"] == 400
    assert (await call(api, "sendVoice", chat_id=1))["error_code"] == 404


async def test_as_a_process_of_its_own_it_is_controlled_by_http(tmp_path) -> None:
    log = tmp_path / "received.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.world.bot_api", "--log", str(log),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        sent = (await call(url, "sendMessage", chat_id=1, text="так"))["result"]
        async with aiohttp.ClientSession() as session:
            press = {"message_id": sent["message_id"], "data": "a:1", "user": 1}
            async with session.post(f"{url}/control/press", json=press) as answer:
                query = await answer.json()
            async with session.post(f"{url}/control/fail", json={"kind": "limit"}) as answer:
                assert answer.status == 200
            async with session.get(f"{url}/control/received") as answer:
                (received,) = await answer.json()
        assert received["params"]["text"] == "так"
        assert (await call(url, "sendMessage", chat_id=1, text="b"))["error_code"] == 429
        (update,) = (await call(url, "getUpdates"))["result"]
        assert update["callback_query"]["id"] == query
        assert json.loads(log.read_text())["message_id"] == sent["message_id"]
    finally:
        process.kill()
        await process.wait()
