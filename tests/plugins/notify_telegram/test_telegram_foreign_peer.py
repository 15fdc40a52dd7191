"""What we send is taken and stored by a Bot API server that nobody here wrote."""

import time

import pytest

from plugins.notify_telegram import hub_notifiers, hub_setup
from plugins.notify_telegram.config import Config
from tests.plugins.notify_telegram.parts import JPEG, note, picture
from tests.world.bot_api import TOKEN
from tests.world.telemelya import missing, telemelya

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


async def test_message_photo_and_update_are_stored_by_a_foreign_server(hub, tmp_path) -> None:
    began = time.monotonic()
    async with telemelya(tmp_path) as peer:
        print(f"the foreign Bot API server started in {time.monotonic() - began:.1f} s")
        config = Config(token=TOKEN, api_server=peer.url, polling=False)
        await hub_setup(hub, config)
        (notifier,) = hub_notifiers(config)
        alarm = await notifier.send(hub, note())
        await notifier.send(hub, note("photo", photo=picture, reply_to=alarm))
        await notifier.send(hub, note("update", text="Прийняв: Петро", answer_token=None))
        message, photo, update = await peer.calls()
        assert await peer.photo(photo["file_id"]) == JPEG
    assert message["method"] == "sendMessage"
    assert message["chat_id"] == 1001
    assert message["message_id"] == alarm["message_id"]
    assert "Критична тривога: Тривожна кнопка" in message["text"]
    (row,) = message["reply_markup"]["inline_keyboard"]
    assert [button["callback_data"] for button in row] == ["a:f00d", "d:f00d"]
    assert photo["method"] == "sendPhoto"
    assert photo["caption"].startswith("🔴 Ринок")
    assert update["text"] == "Прийняв: Петро"
