"""A hub that is killed loses no answer: Telegram gives it again."""

import asyncio
import random
import sys
from pathlib import Path

from tests.world.bot_api import BotApi

ROOT = Path(__file__).parents[3]
ROUNDS = 2


async def start(api: BotApi, file: Path) -> asyncio.subprocess.Process:
    module = "tests.plugins.notify_telegram.answering_hub"
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, api.url, str(file), cwd=ROOT
    )


async def test_every_answer_is_committed_though_the_hub_is_killed_again_and_again(
    api: BotApi, tmp_path: Path
) -> None:
    file = tmp_path / "answers"
    file.touch()
    chat = {"id": 1001, "type": "private"}
    api.chats.messages[1001, 5] = {"message_id": 5, "date": 1, "chat": chat, "text": "?"}
    tokens: list[str] = []
    for _ in range(ROUNDS):
        asked = len(api.polls)
        hub = await start(api, file)
        await api.wait_until(lambda asked=asked: len(api.polls) > asked, timeout=30)
        for _ in range(4):
            tokens.append(f"t{len(tokens)}")
            api.press(5, f"a:{tokens[-1]}", 1001)
        await asyncio.sleep(random.uniform(0.0, 0.3))
        hub.kill()
        await hub.wait()
        kept = {update["callback_query"]["data"][2:] for update in api.updates}
        assert set(tokens) == kept | set(file.read_text().split())
    hub = await start(api, file)
    try:
        await api.wait_until(lambda: not api.updates, timeout=30)
    finally:
        hub.kill()
        await hub.wait()
    assert set(file.read_text().split()) == set(tokens)
