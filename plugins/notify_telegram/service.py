"""One running connection: the bot, its deliveries and its answers."""

from __future__ import annotations

import asyncio
from typing import Any

from aiogram import Bot
from aiogram.utils.token import TokenValidationError

from hub.api import AuthFailed, ConfigProblem, PluginHub

from .answers import Answers
from .bot import ERRORS, REFUSED, failure, open_bot
from .config import Config
from .delivery import Deliveries
from .texts import Library

GREETING_S = 5  # of the 10 s that setting up may take


class Service:
    """What the notifier, diagnostics and the end of the plugin need."""

    def __init__(self, bot: Bot, deliveries: Deliveries, answers: Answers) -> None:
        self.deliveries = deliveries
        self._bot = bot
        self._answers = answers

    def facts(self) -> dict[str, Any]:
        return {
            "bot": self._bot.id,
            "reached": self._answers.reached,
            "sent": self.deliveries.sent,
            "failed": self.deliveries.failed,
            "updates": self._answers.taken,
        }

    async def close(self) -> None:
        await self._bot.session.close()


async def open_service(hub: PluginHub, config: Config) -> Service:
    """Connect. A server that is not reached is no failure: deliveries fail until it is, and the
    hub tries them again. Raises ConfigProblem and AuthFailed for a token that cannot work."""
    try:
        bot = await asyncio.to_thread(open_bot, config)
    except TokenValidationError:
        raise ConfigProblem("token", "a bot's token reads like 123456789:AA…") from None
    library = await asyncio.to_thread(Library, hub.language, hub.time_zone)
    try:
        reached = await _greet(hub, bot)
    except BaseException:
        await bot.session.close()
        raise
    answers = Answers(hub, bot, library, reached=reached)
    if config.polling:
        hub.loop(answers.run, name="answers")
    return Service(bot, Deliveries(bot, library), answers)


async def _greet(hub: PluginHub, bot: Bot) -> bool:
    """Whether the server is there. Raises AuthFailed where it does not know the bot."""
    try:
        me = await bot.get_me(request_timeout=GREETING_S)
    except REFUSED:
        why = "Telegram does not know the bot's token; set the right one, or the right api_server"
        raise AuthFailed(why) from None
    except ERRORS as error:
        hub.log.warning("%s; going on without it", failure(error, bot.token))
        return False
    hub.log.info("connected as @%s", me.username)
    return True
